"""Reading a file as an import does, without a table."""

from collections.abc import Mapping
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from chalicelib.domain.account import Account
from chalicelib.domain.imports import ImportRow, ReadingOptions
from chalicelib.domain.rows import Rejected
from chalicelib.importing.files import Source, open_source
from chalicelib.importing.plan import RowOutcome

ACCOUNT = Account(
    id="0123456789abcdef",
    name="Acme",
    default_region="EE",
    retention_days=30,
    cursor_key="00",
    created_on=datetime(2026, 1, 31, tzinfo=UTC),
)


def opened(content: bytes | str, **options) -> Source:
    if isinstance(content, str):
        content = content.encode()
    return open_source(BytesIO(content), ACCOUNT, ReadingOptions(**options))


def rows_of(content: bytes | str, **options) -> dict[int, Any]:
    """Return what each row says by its line, or why it is rejected."""
    return {
        line: RowOutcome.rejected(line, said.reason).reason if isinstance(said, Rejected) else said
        for line, said in opened(content, **options).rows()
    }


def only_row_of(content: bytes | str, **options) -> ImportRow:
    (row,) = rows_of(content, **options).values()
    assert isinstance(row, ImportRow), row
    return row


def said_by(row: ImportRow) -> Mapping[str, object]:
    """Return what a row says, without what it does not."""
    return {
        "number": row.phone_number.e164,
        **{name: value for name, value in row.details.items() if value is not None},
        **({"attributes": dict(row.attributes)} if row.attributes else {}),
        **({"groups": row.groups} if row.groups else {}),
        **({"stop": row.stop.value} if row.stop else {}),
    }
