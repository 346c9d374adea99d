"""What each use case costs, held against ``docs/access-patterns.md``.

DynamoDB Local 3.3.0 charges a transaction half of what AWS does, so units of transactions
are ministack's word; units of reads are worked out from the answers (see ``meter``), and
are DynamoDB Local's word too where it is the engine, but that it charges nothing for a
query which finds nothing.
"""

from collections.abc import Callable

import pytest

from chalicelib.domain.account import Account
from chalicelib.domain.credential import PresentedCredential
from chalicelib.domain.group import GroupKind
from chalicelib.services import accounts, blacklist, contacts, groups
from chalicelib.services.authentication import Authenticator
from chalicelib.services.memberships import add_all_to_group
from chalicelib.services.uploading import upload_contacts
from tests.account import caller_of, stamp_of
from tests.documented import USE_CASES
from tests.storage.conftest import NOW
from tests.storage.meter import Meter
from tests.storage.steps import (
    change,
    create,
    create_group,
    create_or_join,
    data,
    join,
    leave,
    move,
    number,
)

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
    credential, secret = accounts.issue_credential(account.id, stamp_of(NOW))
    presented = PresentedCredential(credential.username, secret)
    return lambda: Authenticator().authenticate(presented)


@costs("authenticate, warm")
def _(account):
    credential, secret = accounts.issue_credential(account.id, stamp_of(NOW))
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
    return lambda: contacts.update_contact(
        caller_of(account), number(), {"title": None, "email": "a"}, NOW
    )


@costs("update a contact in groups")
def _(account):
    create_in_groups(account, 2)
    return lambda: contacts.update_contact(caller_of(account), number(), {"email": "a"}, NOW)


@costs("retrieve a contact by its id")
def _(account):
    created = create(account)
    return lambda: contacts.retrieve_contact(account, created.id)


@costs("update a contact by its id")
def _(account):
    created = create(account)
    return lambda: change(account, created.id, details={"title": "a"})


@costs("change an extra field")
def _(account):
    create(account)
    return lambda: change(account, number(), extra={"city": "a"})


@costs("change a number")
def _(account):
    create(account)
    return lambda: change(account, number(), phone_number=number(1))


@costs("change a number in one group")
def _(account):
    create_in_groups(account, 1)
    return lambda: change(account, number(), phone_number=number(1))


@costs("delete a contact in no group")
def _(account):
    create(account)
    return lambda: contacts.delete_contact(caller_of(account), number(), NOW)


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


@costs("list a page of 3 contacts of a group")
def _(account):
    group = create_group(account)
    for index in range(5):
        create_or_join(account, group, index)
    return lambda: contacts.page_of_group(account, group.id, offset=1, limit=3)


@costs("count all contacts")
def _(account):
    return lambda: contacts.count_contacts(account)


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
    return lambda: groups.rename_group(caller_of(account), group.id, "b", NOW)


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
    return lambda: groups.delete_group(caller_of(account), group.id, NOW)


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


@costs("add 2 contacts to a group")
def _(account):
    ids = [create(account, index).id for index in range(2)]
    group = create_group(account)
    return lambda: add_all_to_group(caller_of(account), group.id, ids, NOW)


@costs("leave one of several groups")
def _(account):
    group, _ = create_in_groups(account, 2)
    return lambda: leave(account, group)


@costs("leave the last group")
def _(account):
    (group,) = create_in_groups(account, 1)
    return lambda: leave(account, group)


@costs("join a stoplist")
def _(account):
    create(account)
    group = create_group(account, kind=GroupKind.STOPLIST)
    return lambda: join(account, group)


@costs("leave a stoplist")
def _(account):
    group = create_group(account, kind=GroupKind.STOPLIST)
    create_or_join(account, group)
    return lambda: leave(account, group)


@costs("create a contact in a group")
def _(account):
    group = create_group(account)
    return lambda: create_or_join(account, group, title="a")


@costs("join with changes")
def _(account):
    create(account)
    group = create_group(account)
    return lambda: create_or_join(account, group, title="a")


@costs("move to another group")
def _(account):
    create_in_groups(account, 1)
    group = create_group(account)
    return lambda: move(account, group, number())


@costs("upload 3 contacts")
def _(account):
    group = create_group(account)
    rows = [data(index) for index in range(3)]
    return lambda: upload_contacts(caller_of(account), group.id, rows, NOW, refuse_members=True)


@costs("blacklist a number")
def _(account):
    return lambda: blacklist.blacklist_number(caller_of(account), number(), NOW)


@costs("check a blacklisted number")
def _(account):
    blacklist.blacklist_number(caller_of(account), number(), NOW)
    return lambda: blacklist.check_blacklisted(account, number())


@costs("check 3 numbers of which one is blacklisted")
def _(account):
    blacklist.blacklist_number(caller_of(account), number(), NOW)
    return lambda: blacklist.blacklisted_since(account, map(number, range(3)))


@costs("take a number off the blacklist")
def _(account):
    blacklist.blacklist_number(caller_of(account), number(), NOW)
    return lambda: blacklist.unblacklist_number(caller_of(account), number())


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
