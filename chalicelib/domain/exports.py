"""Exports: what of an account, and in which form."""

from dataclasses import dataclass
from enum import Enum

from chalicelib.domain.errors import InvalidDataError, ProblemCollector


class What(Enum):
    """What is exported."""

    CONTACTS = "contacts"
    BLACKLIST = "blacklist"
    EVERYTHING = "everything"


class ExportFormat(Enum):
    """The formats of exports."""

    CSV = "csv"
    NDJSON = "ndjson"
    VCARD = "vcard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """What is exported, in which format, and of which group, if of one."""

    what: What = What.CONTACTS
    format: ExportFormat = ExportFormat.CSV
    group_id: int | None = None


def check_export(what: What, export_format: ExportFormat, *, has_group: bool) -> None:
    """Check that an export is one that we can write.

    Raises:
        InvalidDataError: It is not.

    """
    problems = ProblemCollector()
    with problems:
        if has_group and what is not What.CONTACTS:
            raise InvalidDataError.of("group", "goes only with contacts")
    with problems:
        if what is What.EVERYTHING and export_format is not ExportFormat.NDJSON:
            raise InvalidDataError.of("format", "must be ndjson for everything")
        if what is What.BLACKLIST and export_format is ExportFormat.VCARD:
            raise InvalidDataError.of("format", "must be csv or ndjson for the blacklist")
    problems.raise_if_any()
