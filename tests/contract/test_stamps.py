"""Whatever an operation writes says by whose credential, and through which operation."""

import json
from datetime import UTC, datetime

import pytest

from app import app
from chalicelib.dialects.registry import DIALECTS
from chalicelib.dialects.v2 import V2
from chalicelib.entrypoints import http
from chalicelib.services import accounts
from chalicelib.settings import TABLE_VARIABLE
from tests.account import stamp_of
from tests.infra.operations import OPERATIONS
from tests.issued import issue_used_credential
from tests.paths import PROJECT
from tests.written import stamps_of, written

EVENT = json.loads((PROJECT / "tests" / "events" / "api_gateway_request.json").read_text())

LEFT_BEHIND = {
    "messente": {
        "create_group", "update_group", "create_contact", "update_contact", "add_contact_to_group",
        "remove_contact_from_group", "delete_group", "add_to_blacklist", "delete_from_blacklist",
        "delete_contact",
    },
    "messagebird": {
        "create_group", "update_group", "create_contact", "update_contact",
        "add_contacts_to_group", "remove_contact_from_group", "delete_group", "delete_contact",
    },
    "atom": {
        "new_address_book", "edit_address_book", "new_contact", "edit_contact",
        "delete_address_book", "delete_contact",
    },
    "devino": {"create_list", "upload_contacts", "delete_lists"},
    "v2": {
        "create_group", "update_group", "create_contact", "update_contact", "put_contact",
        "set_groups_of_contact", "delete_contact", "delete_group", "stop_number", "allow_number",
        "upsert_contacts", "change_members", "stop_numbers", "erase_contact", "start_import",
        "cancel_import", "start_export", "cancel_export", "create_webhook", "update_webhook",
        "rotate_webhook_secret", "test_webhook", "delete_webhook",
    },
}  # fmt: skip
"""The operations that leave something, under the names that are kept with it for good."""


@pytest.fixture
def credential(ministack, monkeypatch):
    monkeypatch.setattr(http, "connect", lambda _table: None)
    monkeypatch.setenv(TABLE_VARIABLE, "any")
    for name, value in ministack.create_places().items():
        monkeypatch.setenv(name, value)
    http._authenticator.cache_clear()
    with ministack, ministack.environment():
        account = accounts.open_account("Test", "EE", 30, stamp_of(datetime.now(UTC)))
        yield issue_used_credential(account.id)
    http._authenticator.cache_clear()


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_all_that_an_operation_writes_says_who_called_it(credential, dialect):
    issued, secret = credential
    remembered: dict[str, str] = {}
    leaving = set()

    for operation in OPERATIONS[dialect.name]:
        with written() as keys:
            answer = app(operation.event(EVENT, issued.username, secret, remembered), None)
        assert answer["statusCode"] < 300, answer
        vendors_do_not_show = () if dialect is V2 else (issued.username,)
        for word in ("changedBy", "changedVia", *vendors_do_not_show):
            assert word not in answer["body"]
        operation.remember(answer, remembered)
        name = dialect.endpoints[operation.route][operation.method].name
        for key, stamp in stamps_of(keys).items():
            assert stamp == (issued.username, f"{dialect.name}.{name}"), key
            leaving.add(name)

    assert leaving == LEFT_BEHIND[dialect.name]
