"""An account that is nowhere kept, for tests that need none that is."""

from datetime import UTC, datetime

from chalicelib.domain.account import Account
from chalicelib.domain.phone import Notation


def account_in(region: str, notation: Notation | None = None) -> Account:
    """Return an account whose national numbers are those of *region*."""
    return Account(
        id="a",
        name="Test",
        default_region=region,
        notation=notation,
        retention_days=30,
        cursor_key="key",
        created_on=datetime(2026, 1, 1, tzinfo=UTC),
    )
