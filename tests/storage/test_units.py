"""What each use case costs, held against ``docs/access-patterns.md``.

DynamoDB Local 3.3.0 charges a transaction half of what AWS does, so units of transactions
are ministack's word; units of reads are worked out from the answers (see ``meter``), and
are DynamoDB Local's word too where it is the engine, but that it charges nothing for a
query which finds nothing.
"""

import pytest

from benchmarks.use_cases.carried_out import PREPARATIONS
from benchmarks.use_cases.documented import documented
from benchmarks.use_cases.meter import Meter
from chalicelib.services import contacts
from tests.account import caller_of
from tests.storage.steps import create

pytestmark = pytest.mark.real_engine

TRANSACTIONS_CHARGED_AS_ON_AWS = "ministack"
READS_CHARGED_AS_ON_AWS = "dynamodb-local"
ENTRIES_READ_WHOLE = {"search 3 contacts by a word that 150 have": 3}
"""Units that are charged for what is read and not answered."""


@pytest.mark.parametrize("name", documented())
def test_use_case_costs_what_is_documented(account, engine_name, name):
    said = documented()[name]
    use_case = PREPARATIONS[name](caller_of(account))

    with Meter() as meter:
        use_case()

    assert meter.calls == said.calls
    assert meter.reads == said.reads
    if engine_name == READS_CHARGED_AS_ON_AWS:
        # Units are worked out from answers, and these have the keys of many entries alone.
        more = ENTRIES_READ_WHOLE.get(name, 0)
        assert meter.charged_reads == said.reads - meter.empty_queries + more
    if engine_name == TRANSACTIONS_CHARGED_AS_ON_AWS or "TransactWriteItems" not in meter.calls:
        assert meter.writes == said.writes


def test_every_use_case_carried_out_is_documented():
    assert set(PREPARATIONS) == set(documented())


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
        page = contacts.list_contacts(account, expected=5)
        for _ in range(5):
            next(page)

    assert meter.calls == ["Query", "Query"]
    assert meter.reads <= 1 + 2
