"""Who calls, and what is kept of it."""

from datetime import UTC, datetime

from chalicelib.domain.caller import Caller, Stamp
from chalicelib.domain.credential import Credential, Scope
from tests.account import account_in

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
ACCOUNT = account_in("EE")


def test_caller_is_known_by_the_credential_and_what_it_changes_by_its_username():
    credential = Credential(
        username="0123456789abcdef",
        secret_hash="0" * 64,
        account=ACCOUNT,
        scope=Scope.READ,
        revoked_on=None,
        created_on=NOW,
    )

    caller = Caller.of(credential, request_id="r", via="messente.create_contact")

    assert caller == Caller(
        account=ACCOUNT,
        username="0123456789abcdef",
        scope=Scope.READ,
        request_id="r",
        via="messente.create_contact",
    )
    assert caller.stamp(NOW) == Stamp(NOW, "0123456789abcdef", "messente.create_contact")


def test_operator_has_no_credential_and_is_called_so():
    caller = Caller.operator(ACCOUNT, via="cli.contacts.create")

    assert caller == Caller(
        account=ACCOUNT,
        username="operator",
        scope=Scope.FULL,
        request_id="",
        via="cli.contacts.create",
    )
    assert caller.stamp(NOW) == Stamp.operator(NOW, via="cli.contacts.create")
    assert Stamp.operator(NOW, via="a") == Stamp(NOW, "operator", "a")
