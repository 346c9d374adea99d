"""What each use case costs, held against ``docs/access-patterns.md``.

DynamoDB Local 3.3.0 charges a transaction half of what AWS does, so units of transactions
are ministack's word; units of reads are worked out from the answers (see ``meter``), and
are DynamoDB Local's word too where it is the engine, but that it charges nothing for a
query which finds nothing.
"""

from collections.abc import Callable

import pytest

from chalicelib.auth import Authenticator, PresentedCredential
from chalicelib.domain.account import Account
from chalicelib.services import accounts, blacklist, contacts, groups
from tests.documented import USE_CASES
from tests.storage.conftest import NOW
from tests.storage.meter import Meter
from tests.storage.steps import create, create_group, join, leave, number

pytestmark = pytest.mark.real_engine

TRANSACTIONS_CHARGED_AS_ON_AWS = "ministack"
READS_CHARGED_AS_ON_AWS = "dynamodb-local"

COSTS: dict[str, Callable[[Account], Callable[[], object]]] = {}


def costs(use_case):
    """Register the steps that lead to *use_case*, and that return it, ready to be called."""

    def register(prepare):
        COSTS[use_case] = prepare
        return prepare

    return register


@costs("authenticate, cold")
def _(account):
    credential, secret = accounts.issue_credential(account.id, NOW)
    presented = PresentedCredential(credential.username, secret)
    return lambda: Authenticator().authenticate(presented)


@costs("authenticate, warm")
def _(account):
    credential, secret = accounts.issue_credential(account.id, NOW)
    presented = PresentedCredential(credential.username, secret)
    authenticator = Authenticator()
    authenticator.authenticate(presented)
    return lambda: authenticator.authenticate(presented)


@costs("create a contact")
def _(account):
    return lambda: create(account, title="Sir")


@costs("retrieve a contact in no group")
def _(account):
    create(account)
    return lambda: contacts.retrieve_contact(account, number())


@costs("retrieve a contact in groups")
def _(account):
    create_in_groups(account, 2)
    return lambda: contacts.retrieve_contact(account, number())


@costs("update a contact in no group")
def _(account):
    create(account, title="Sir")
    return lambda: contacts.update_contact(account, number(), {"title": None, "email": "a"}, NOW)


@costs("update a contact in groups")
def _(account):
    create_in_groups(account, 2)
    return lambda: contacts.update_contact(account, number(), {"email": "a"}, NOW)


@costs("delete a contact in no group")
def _(account):
    create(account)
    return lambda: contacts.delete_contact(account, number(), NOW)


@costs("list 3 contacts")
def _(account):
    for index in range(3):
        create(account, index)
    return lambda: list(contacts.list_contacts(account))


@costs("list 3 contacts of a group")
def _(account):
    group = create_group(account)
    for index in range(3):
        create(account, index)
        join(account, group, index)
    return lambda: list(contacts.list_contacts_of_groups(account, [group.id]))


@costs("create a group")
def _(account):
    return lambda: create_group(account)


@costs("retrieve a group")
def _(account):
    group = create_group(account)
    return lambda: groups.retrieve_group(account, group.id)


@costs("rename a group")
def _(account):
    group = create_group(account)
    return lambda: groups.rename_group(account, group.id, "b")


@costs("list groups")
def _(account):
    create_group(account)
    return lambda: groups.list_groups(account)


@costs("list the groups of a contact in one")
def _(account):
    create_in_groups(account, 1)
    return lambda: groups.list_groups_of_contact(account, number())


@costs("delete a group")
def _(account):
    group = create_group(account)
    return lambda: groups.delete_group(account, group.id, NOW)


@costs("join the first group")
def _(account):
    create(account)
    group = create_group(account)
    return lambda: join(account, group)


@costs("join another group")
def _(account):
    create_in_groups(account, 1)
    group = create_group(account)
    return lambda: join(account, group)


@costs("leave one of several groups")
def _(account):
    group, _ = create_in_groups(account, 2)
    return lambda: leave(account, group)


@costs("leave the last group")
def _(account):
    (group,) = create_in_groups(account, 1)
    return lambda: leave(account, group)


@costs("blacklist a number")
def _(account):
    return lambda: blacklist.blacklist_number(account, number(), NOW)


@costs("check a blacklisted number")
def _(account):
    blacklist.blacklist_number(account, number(), NOW)
    return lambda: blacklist.check_blacklisted(account, number())


@costs("take a number off the blacklist")
def _(account):
    blacklist.blacklist_number(account, number(), NOW)
    return lambda: blacklist.unblacklist_number(account, number())


def create_in_groups(account, count):
    create(account)
    many = [create_group(account) for _ in range(count)]
    for group in many:
        join(account, group)
    return many


@pytest.mark.parametrize("use_case", USE_CASES)
def test_use_case_costs_what_is_documented(account, engine_name, use_case):
    documented = USE_CASES[use_case]
    act = COSTS[use_case](account)

    with Meter() as meter:
        act()

    assert meter.inconsistent_reads == []
    assert meter.calls == documented.calls
    assert meter.reads == documented.reads
    if engine_name == READS_CHARGED_AS_ON_AWS:
        assert meter.charged_reads == documented.reads - meter.empty_queries
    if engine_name == TRANSACTIONS_CHARGED_AS_ON_AWS or "TransactWriteItems" not in meter.calls:
        assert meter.writes == documented.writes


def test_every_cost_measured_is_documented():
    assert set(COSTS) == set(USE_CASES)


def test_listing_costs_the_bytes_and_nothing_for_each_contact(account):
    for index in range(100):
        create(account, index, title="Sir")

    with Meter() as meter:
        list(contacts.list_contacts(account))

    assert meter.calls == ["Query", "Query"]
    assert meter.reads < 100 / 10


def test_listing_a_page_reads_no_more_than_the_page(account):
    for index in range(50):
        create(account, index, custom="x" * 1_000)

    with Meter() as meter:
        page = contacts.list_contacts(account, page_size=5)
        for _ in range(5):
            next(page)

    assert meter.calls == ["Query", "Query"]
    assert meter.reads <= 1 + 2
