"""Any history of use, with any delivery of its stream, ends with all counts and copies right."""

from datetime import timedelta

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from chalicelib.domain.errors import PhonebookError
from chalicelib.domain.ledger import Reason, State
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.search import tokens_of
from chalicelib.entrypoints.change_stream import follow_changes
from chalicelib.services import accounts, blacklist, changes, contacts, groups
from chalicelib.services.cleanup import clean_up
from chalicelib.services.erasing import erase
from chalicelib.services.verifying import verify
from chalicelib.storage import keys
from chalicelib.storage.counters import Counter, read_counter
from chalicelib.storage.items import ContactItem, MembershipItem
from chalicelib.storage.sweeping import TOMBSTONE_LIFETIME
from infra.local.connected import Connected
from tests.account import caller_of, stamp_of
from tests.events.conftest import NOW
from tests.events.delivery import Delivery, tokens_in_index
from tests.faulty_engine import FaultyEngine, break_down, faulty_engine, lose_answer
from tests.feed import AT_ONCE, read_on
from tests.replica import Replica
from tests.sizes import FULL, HISTORIES, STEPS_OF_A_HISTORY
from tests.storage.steps import (
    change,
    create_group,
    create_or_join,
    join,
    leave,
    move,
    number,
)

CONTACTS = 4
MAX_GROUPS = 4

contact_indexes = st.integers(0, CONTACTS - 1)
group_indexes = st.integers(0, MAX_GROUPS - 1)
sizes = st.integers(1, 30)

WRITES = {"counting": "TransactWriteItems", "following": "BatchWriteItem"}
"""The readers of the stream, and how each writes."""

deliveries = st.sampled_from(sorted(WRITES))


class History(RuleBasedStateMachine):
    """A phonebook in use. What is refused is refused; what must hold, holds all the same."""

    table: Connected
    engine: FaultyEngine

    @initialize()
    def open_account(self):
        self.now = NOW
        self.account = accounts.open_account("History", "EE", 1, stamp_of(NOW))
        self.counting = Delivery(self.table, self.account.id)
        self.following = Delivery(self.table, self.account.id, follow_changes)
        self.replica, self.place = Replica(self.account), None
        self.groups = [create_group(self.account) for _ in range(2)]
        self.all_groups = list(self.groups)
        for index in range(CONTACTS):
            contacts.create_contact(caller_of(self.account), number(index), {}, NOW)

    @rule(index=contact_indexes)
    def create_contact(self, index):
        self.attempt(
            lambda: contacts.create_contact(caller_of(self.account), number(index), {}, self.now)
        )

    @rule(index=contact_indexes)
    def delete_contact(self, index):
        self.attempt(
            lambda: contacts.delete_contact(caller_of(self.account), number(index), self.now)
        )

    @rule()
    def create_group(self):
        if len(self.groups) < MAX_GROUPS:
            group = create_group(self.account)
            self.groups.append(group)
            self.all_groups.append(group)

    @rule(group=group_indexes)
    def delete_group(self, group):
        if self.groups:
            group %= len(self.groups)
            groups.delete_group(caller_of(self.account), self.groups.pop(group).id, self.now)

    @rule(index=contact_indexes, group=group_indexes)
    def join(self, index, group):
        if self.groups:
            group %= len(self.groups)
            self.attempt(lambda: join(self.account, self.groups[group], index, self.now))

    @rule(index=contact_indexes, group=group_indexes)
    def leave(self, index, group):
        if self.groups:
            group %= len(self.groups)
            self.attempt(lambda: leave(self.account, self.groups[group], index, self.now))

    @rule(index=contact_indexes, other=contact_indexes)
    def change_number(self, index, other):
        self.attempt(
            lambda: change(self.account, number(index), self.now, phone_number=number(other))
        )

    @rule(index=contact_indexes, group=group_indexes)
    def create_or_join(self, index, group):
        if self.groups:
            group %= len(self.groups)
            create_or_join(self.account, self.groups[group], index, now=self.now)

    @rule(index=contact_indexes, group=group_indexes)
    def move(self, index, group):
        if self.groups:
            group %= len(self.groups)
            self.attempt(lambda: move(self.account, self.groups[group], number(index), self.now))

    @rule(hours=st.integers(0, 30))
    def clean_up(self, hours):
        self.now += timedelta(hours=hours)
        clean_up(stamp_of(self.now), lambda: 3600.0)

    @rule(size=sizes, delivery=deliveries)
    def deliver(self, size, delivery):
        self.to(delivery).deliver_and_go_on(size)

    @rule(size=sizes, delivery=deliveries)
    def deliver_twice(self, size, delivery):
        to = self.to(delivery)
        to.deliver(to.collect()[:size])
        to.deliver_and_go_on(size)

    @rule(size=sizes, delivery=deliveries)
    def deliver_and_crash_before_saying_so(self, size, delivery):
        to = self.to(delivery)
        to.deliver(to.collect()[:size])

    @rule(size=sizes, delivery=deliveries, fault=st.sampled_from([break_down, lose_answer]))
    def deliver_while_the_engine_fails(self, size, delivery, fault):
        self.engine.fail(WRITES[delivery], fault)
        self.to(delivery).deliver_and_go_on(size)
        self.engine.faults.clear()

    @rule(size=sizes, delivery=deliveries)
    def deliver_in_halves_and_the_second_first(self, size, delivery):
        to = self.to(delivery)
        half = len(to.collect()[:size]) // 2
        to.deliver(to.records[half:size])
        to.deliver_and_go_on(half)

    @rule(size=sizes, delivery=deliveries)
    def deliver_what_was_delivered_long_ago(self, size, delivery):
        to = self.to(delivery)
        to.deliver(to.delivered[-size:])

    @rule(index=contact_indexes, name=st.sampled_from(["Mari", "Jüri Tamm", "Mart", ""]))
    def name(self, index, name):
        self.attempt(
            lambda: change(
                self.account, number(index), self.now, details={"first_name": name or None}
            )
        )

    @rule(group=group_indexes, name=st.sampled_from(["Friends", "Others"]))
    def rename_group(self, group, name):
        if self.groups:
            group %= len(self.groups)
            groups.rename_group(caller_of(self.account), self.groups[group].id, name, self.now)

    @rule(index=contact_indexes)
    def stop(self, index):
        blacklist.stop_number(
            caller_of(self.account), number(index), self.now, reason=Reason.REQUEST
        )

    @rule(index=contact_indexes)
    def allow(self, index):
        self.attempt(
            lambda: blacklist.allow_number(caller_of(self.account), number(index), self.now)
        )

    @rule(index=contact_indexes)
    def erase(self, index):
        self.attempt(lambda: erase(caller_of(self.account), number(index), self.now))

    @invariant()
    def follow_the_feed(self):
        told, self.place = read_on(self.account, self.place)
        for each in told:
            self.replica.hear(each)

    @invariant()
    def every_contact_has_a_date_if_and_only_if_it_is_in_no_group(self):
        for contact in contacts.list_contacts(self.account):
            assert bool(contact.group_ids) != bool(contact.scheduled_deletion_date)

    def teardown(self):
        for _ in range(3):
            self.now += TOMBSTONE_LIFETIME
            clean_up(stamp_of(self.now), lambda: 3600.0)
        self.counting.deliver_all()
        self.following.deliver_all()
        kept = list(ContactItem.query(keys.contacts(self.account.id), consistent_read=True))
        named = {item.sk: item.group_ids or set() for item in kept}
        assert read_counter(Counter(self.account.id, None)) == len(kept)
        for group in self.all_groups:
            members = MembershipItem.query(
                keys.members(self.account.id, group.id), consistent_read=True
            )
            numbers = {item.sk for item in members}
            assert numbers == {e164 for e164, ids in named.items() if group.id in ids}
            if group in self.groups:
                count = groups.retrieve_group(self.account, group.id).contacts_count
                assert count == len(numbers)
            else:
                assert numbers == set()
        for item in kept:
            assert bool(item.group_ids) != bool(item.scheduled_deletion_date)
        assert not list(ContactItem.query(keys.tombstones(self.account.id), consistent_read=True))
        tokens = {
            (token, item.sk)
            for item in kept
            for token in tokens_of(contacts.retrieve_contact(self.account, PhoneNumber(item.sk)))
        }
        assert tokens_in_index(self.table, self.account.id) == tokens
        self.follow_the_feed()
        assert self.replica.contacts == {
            each.id: each for each in contacts.list_contacts(self.account)
        }
        assert self.replica.groups == {
            each.id: each.name for each in groups.list_groups(self.account)
        }
        assert {
            e164 for e164, state in self.replica.opt_outs.values() if state is State.STOPPED
        } == {entry.phone_number for entry in blacklist.list_blacklist(self.account)}
        with self.table.environment():
            assert list(verify(self.account.id, stamp_of(self.now), fix=False)) == []

    def attempt(self, act):
        try:
            act()
        except PhonebookError:
            return

    def to(self, delivery):
        return getattr(self, delivery)


@pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")
def test_every_history_ends_with_every_count_and_copy_right(table, monkeypatch):
    monkeypatch.setattr(changes, "SETTLES_AFTER", AT_ONCE)
    with faulty_engine(table.endpoint) as (engine, endpoint), Connected(endpoint, table.table):
        History.table, History.engine = table, engine
        run_state_machine_as_test(
            History,
            settings=settings(
                max_examples=HISTORIES,
                stateful_step_count=STEPS_OF_A_HISTORY,
                deadline=None,
                phases=tuple(Phase) if FULL else (Phase.generate,),  # shrinking takes minutes
            ),
        )
