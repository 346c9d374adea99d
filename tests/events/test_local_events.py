"""What runs unattended here goes on when the engine fails it."""

import time
from datetime import UTC, datetime, timedelta

from chalicelib.services import accounts, changes, contacts
from infra.local import engine
from infra.local.connected import Connected
from tests.account import caller_of, stamp_of
from tests.conftest import unattended
from tests.faulty_engine import break_down, faulty_engine
from tests.patience import await_true
from tests.storage.steps import number


def test_counting_and_cleaning_up_go_on_behind_a_failure(logs, tmp_path):
    with (
        engine.ministack(logs / "unattended-ministack") as endpoint,
        faulty_engine(endpoint) as (faulty, faulty_endpoint),
        Connected(faulty_endpoint) as table,
        unattended(table, logs / "unattended", tmp_path / "dead-letters", purge_seconds=1),
    ):
        now = datetime.now(UTC)
        account = accounts.open_account("Test", "EE", 30, stamp_of(now))
        await_true(lambda: "GetRecords" in faulty.calls)
        for operation in ("GetRecords", "DescribeStream", "Query"):
            faulty.fail(operation, break_down)
        await_true(lambda: not faulty.faults)

        for index, created in enumerate((now, now - timedelta(days=40))):
            contacts.create_contact(caller_of(account), number(index), {}, created)

        await_true(lambda: list(contacts_of(account)) == [number()])
        await_true(lambda: contacts.count_contacts(account) == 1)


def test_changes_are_not_told_again_after_a_clean_end(logs, tmp_path):
    with (
        engine.ministack(logs / "told-ministack") as endpoint,
        Connected(endpoint) as table,
    ):
        account = accounts.open_account("Test", "EE", 30, stamp_of(datetime.now(UTC)))
        for index in (0, 1):
            with unattended(table, logs / "told", tmp_path / "dead-letters", purge_seconds=60):
                contacts.create_contact(caller_of(account), number(index), {}, datetime.now(UTC))
                await_true(lambda: len(told(account)) > index)  # noqa: B023 - called at once
                # The stream says when a change was made to the second.
                time.sleep(1.1)

        with unattended(table, logs / "told", tmp_path / "dead-letters", purge_seconds=60):
            pass
        assert len(told(account)) == 2


def told(account):
    return changes.list_latest(account, limit=10, now=datetime.now(UTC))


def contacts_of(account):
    return (contact.phone_number for contact in contacts.list_contacts(account))
