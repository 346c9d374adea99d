"""What each use case costs, as ``docs/access-patterns.md`` has it.

DynamoDB Local 3.3.0 charges a transaction half of what AWS does, so units of transactions
are ministack's word; units of reads are worked out from the answers (see ``meter``), and
are DynamoDB Local's word too where it is the engine, but that it charges nothing for a
query which finds nothing.
"""

import pytest

from chalicelib.services import blacklist, contacts, groups
from tests.storage.conftest import NOW
from tests.storage.meter import Meter
from tests.storage.steps import create, create_group, join, leave, number

pytestmark = pytest.mark.real_engine

TRANSACTIONS_CHARGED_AS_ON_AWS = "ministack"
READS_CHARGED_AS_ON_AWS = "dynamodb-local"


@pytest.fixture
def cost(table, engine_name):
    def cost(use_case, *, calls, reads=0, writes=0):
        with Meter() as meter:
            use_case()
        assert meter.calls == calls
        assert meter.reads == reads
        if engine_name == READS_CHARGED_AS_ON_AWS:
            assert meter.charged_reads == reads - meter.empty_queries
        if engine_name == TRANSACTIONS_CHARGED_AS_ON_AWS or "TransactWriteItems" not in calls:
            assert meter.writes == writes

    return cost


def test_creating_a_contact(account, cost):
    cost(lambda: create(account, title="Sir"), calls=["PutItem"] * 2, writes=3)


def test_retrieving_a_contact(account, cost):
    create(account)
    cost(lambda: contacts.retrieve_contact(account, number()), calls=["GetItem"], reads=1)


def test_retrieving_a_contact_that_is_in_a_group(account, cost):
    create(account)
    join(account, create_group(account))
    cost(lambda: contacts.retrieve_contact(account, number()), calls=["GetItem", "Query"], reads=2)


def test_updating_a_contact(account, cost):
    create(account, title="Sir")
    cost(
        lambda: contacts.update_contact(account, number(), {"title": None, "email": "a"}, NOW),
        calls=["UpdateItem"],
        writes=1,
    )


def test_deleting_a_contact(account, cost):
    create(account)
    cost(
        lambda: contacts.delete_contact(account, number(), NOW),
        calls=["GetItem", "TransactWriteItems"],
        reads=1,
        writes=5,
    )


def test_joining_a_group(account, cost):
    create(account)
    first, second = create_group(account), create_group(account)
    calls = ["GetItem", "TransactWriteItems"]

    cost(lambda: join(account, first), calls=calls, reads=1, writes=5)
    cost(lambda: join(account, second), calls=calls, reads=1, writes=4)


def test_leaving_a_group(account, cost):
    create(account)
    first, second = create_group(account), create_group(account)
    join(account, first)
    join(account, second)
    calls = ["GetItem", "Query", "TransactWriteItems"]

    cost(lambda: leave(account, first), calls=calls, reads=2, writes=4)
    cost(lambda: leave(account, second), calls=calls, reads=2, writes=5)


def test_groups(account, cost):
    cost(lambda: groups.create_group(account, "a", NOW), calls=["PutItem"], writes=1)
    group = create_group(account)
    cost(lambda: groups.retrieve_group(account, group.id), calls=["GetItem"], reads=1)
    cost(lambda: groups.rename_group(account, group.id, "b"), calls=["UpdateItem"], writes=1)
    cost(lambda: groups.list_groups(account), calls=["Query"], reads=1)
    cost(
        lambda: groups.delete_group(account, group.id, NOW),
        calls=["TransactWriteItems"],
        writes=5,
    )


def test_blacklist(account, cost):
    cost(lambda: blacklist.blacklist_number(account, number(), NOW), calls=["PutItem"], writes=1)
    cost(lambda: blacklist.check_blacklisted(account, number()), calls=["GetItem"], reads=1)
    cost(lambda: blacklist.unblacklist_number(account, number()), calls=["DeleteItem"], writes=1)


def test_listing_costs_the_bytes_and_nothing_for_each_contact(account, meter):
    for index in range(100):
        create(account, index, title="Sir")

    list(contacts.list_contacts(account))

    assert meter.calls[-2:] == ["Query", "Query"]
    with Meter() as listing:
        list(contacts.list_contacts(account))
    assert listing.calls == ["Query", "Query"]
    assert listing.reads < 100 / 10


def test_listing_a_page_reads_no_more_than_the_page(account):
    for index in range(50):
        create(account, index, custom="x" * 1_000)

    with Meter() as meter:
        page = contacts.list_contacts(account, page_size=5)
        for _ in range(5):
            next(page)

    assert meter.calls == ["Query", "Query"]
    assert meter.reads <= 1 + 2


def test_listing_the_contacts_of_groups(account, cost):
    group = create_group(account)
    for index in range(3):
        create(account, index)
        join(account, group, index)

    cost(
        lambda: list(contacts.list_contacts_of_groups(account, [group.id])),
        calls=["BatchGetItem", "Query", "Query", "BatchGetItem"],
        reads=1 + 1 + 1 + 3,
    )
