"""What the roles may do, beside what the Lambdas really ask of DynamoDB: no less and no more."""

import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from app import app
from chalicelib.dialects.registry import DIALECTS
from chalicelib.domain.ids import new_id
from chalicelib.domain.phone import PhoneNumber
from chalicelib.entrypoints import http
from chalicelib.services import accounts, cleanup, contacts, counting, groups, memberships
from chalicelib.services.erasing import erase
from chalicelib.services.indexing import index_contacts
from chalicelib.storage import keys, tombstones
from chalicelib.storage.dynamodb.clock import time_of_table
from chalicelib.storage.dynamodb.connection import table
from chalicelib.storage.dynamodb.transactions import MAX_ACTIONS
from infra.resources import properties_of
from tests.account import caller_of, stamp_of
from tests.infra.conditions import when_all_is_on
from tests.infra.operations import OPERATIONS
from tests.paths import PROJECT

EVENT = json.loads((PROJECT / "tests" / "events" / "api_gateway_request.json").read_text())

IN_A_TRANSACTION = {
    "ConditionCheck": "ConditionCheckItem",
    "Delete": "DeleteItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
}


def allowed(role):
    """Return what a role's policy allows on the table and on its index."""
    (policy,) = properties_of(role)["Policies"]
    found = set()
    for statement in map(when_all_is_on, policy["PolicyDocument"]["Statement"]):
        if statement["Effect"] == "Deny":
            continue
        resource = json.dumps(statement["Resource"])
        actions = statement["Action"]
        for action in [actions] if isinstance(actions, str) else actions:
            service, _, name = action.partition(":")
            if service == "dynamodb" and "tream" not in resource and statement["Resource"] != "*":
                found.add((name, "index" if "index/GSI1" in resource else "table"))
    return found


@contextmanager
def recorded():
    """Collect what is asked of DynamoDB inside, in the terms in which IAM decides on it."""
    asked = set()

    def look(params, model, **_):
        if model.name == "TransactWriteItems":
            for action in params["TransactItems"]:
                (kind,) = action
                asked.add((IN_A_TRANSACTION[kind], "table"))
        else:
            asked.add((model.name, "index" if "IndexName" in params else "table"))

    events = table().connection.client.meta.events
    events.register("before-parameter-build.dynamodb", look)
    try:
        yield asked
    finally:
        events.unregister("before-parameter-build.dynamodb", look)


@pytest.fixture
def account(ministack):
    with ministack:
        yield accounts.open_account("Test", "EE", 0, stamp_of(datetime.now(UTC)))


def test_role_of_the_api_allows_what_all_operations_ask(account, ministack, monkeypatch):
    """Every operation of every dialect, done with success, from authenticating on."""
    monkeypatch.setattr(http, "connect", lambda _table: None)
    monkeypatch.setenv("PHONEBOOK_TABLE", "any")
    for name, value in ministack.create_places().items():
        monkeypatch.setenv(name, value)
    http._authenticator.cache_clear()
    credential, secret = accounts.issue_credential(account.id, stamp_of(datetime.now(UTC)))
    done = set()
    found_by_searches = _contact_found_by_searches(account)

    with ministack.environment(), recorded() as asked:
        for dialect, operations in OPERATIONS.items():
            remembered: dict[str, str] = {}
            for operation in operations:
                event = operation.event(EVENT, credential.username, secret, remembered)
                answer = app(event, None)
                assert answer["statusCode"] < 300, (operation, answer)
                operation.remember(answer, remembered)
                done.add((dialect, operation.route, operation.method))
        _delete_contact_in_more_groups_than_a_transaction_holds(account)
        erase(caller_of(account), found_by_searches, datetime.now(UTC))
    http._authenticator.cache_clear()

    assert done >= {
        (dialect.name, route, method)
        for dialect in DIALECTS
        for route, by_method in dialect.endpoints.items()
        for method in by_method
    }
    assert asked == allowed("ApiHandlerRole")


def _contact_found_by_searches(account):
    number = PhoneNumber("+37251000008")
    contacts.create_contact(caller_of(account), number, {}, datetime.now(UTC))
    index_contacts(account.id, [number.e164])
    return number


def _delete_contact_in_more_groups_than_a_transaction_holds(account):
    now, number = datetime.now(UTC), PhoneNumber("+37251000009")
    contacts.create_contact(caller_of(account), number, {}, now)
    for _ in range(MAX_ACTIONS):
        group = groups.create_group(caller_of(account), "One of many", now)
        memberships.add_to_group(caller_of(account), group.id, number, now)
    contacts.delete_contact(caller_of(account), number, now)


def test_role_of_counting_allows_what_counting_asks(account):
    """A change that is counted, and one that never can be and is put aside, twice each."""
    group = groups.create_group(caller_of(account), "Friends", datetime.now(UTC))
    partitions = (keys.members(account.id, group.id), f"{keys.members(account.id, group.id)}?")
    records = [
        {
            "eventID": f"{group.id} {partition}",
            "eventName": "INSERT",
            "dynamodb": {"Keys": {"PK": {"S": partition}, "SK": {"S": "+37251000000"}}},
        }
        for partition in partitions
    ]

    with recorded() as asked:
        for _ in range(2):
            assert list(counting.count(records, datetime.now(UTC)))

    assert asked == allowed("CounterStreamRole")


def test_role_of_purging_allows_what_cleaning_up_asks(account):
    """What day it is, contacts that are due, and what is left of groups: members in others, and
    in none.
    """
    now = datetime.now(UTC)
    one, other = (PhoneNumber(f"+3725100000{last}") for last in range(2))
    kept = groups.create_group(caller_of(account), "Kept", now)
    gone = groups.create_group(caller_of(account), "Gone", now)
    for number in (one, other):
        contacts.create_contact(caller_of(account), number, {}, now)
        memberships.add_to_group(caller_of(account), gone.id, number, now)
    memberships.add_to_group(caller_of(account), kept.id, one, now)
    groups.delete_group(caller_of(account), gone.id, now)
    # Of a contact in very many groups, the request that deleted it left the rest to the sweep.
    tombstones.deleted_contact_item(
        account.id, new_id(), "+37251000002", {kept.id}, stamp_of(now)
    ).save()

    with recorded() as asked:
        time_of_table()
        first, last = (
            cleanup.clean_up(stamp_of(now + later), lambda: 60.0)
            for later in (timedelta(minutes=1), timedelta(days=2))
        )

    # Other tests leave something to purge in the same table.
    assert first.memberships_swept >= 3
    assert first.contacts_purged >= 1
    assert last.memberships_swept == 0
    assert asked == allowed("PurgeScheduleRole")
