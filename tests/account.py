"""An account that is nowhere kept, for tests that need none that is; and who calls for one."""

from datetime import UTC, datetime

from chalicelib.domain.account import Account
from chalicelib.domain.caller import Caller, Stamp
from chalicelib.domain.credential import Scope
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


def caller_of(account: Account, via: str = "tests.test") -> Caller:
    """Return who calls for an account, by a credential that is nowhere kept."""
    return Caller(
        account=account,
        username="0123456789abcdef",
        scope=Scope.FULL,
        request_id="request",
        via=via,
    )


def stamp_of(moment: datetime) -> Stamp:
    """Return what is kept of a change that a test makes."""
    return Stamp(moment, by="0123456789abcdef", via="tests.test")
