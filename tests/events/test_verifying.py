"""Whatever must hold in the table is verified, and mended where it is safe, while traffic runs."""

import random
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from pynamodb.expressions.operand import Path

from chalicelib.domain.account import Account
from chalicelib.domain.caller import Stamp
from chalicelib.domain.errors import OperatorError, PhonebookError, UnavailableError
from chalicelib.domain.exports import Selected
from chalicelib.domain.group import Group, GroupKind
from chalicelib.domain.jobs import ExportJob, JobState
from chalicelib.domain.limits import MAX_DELIVERIES_KEPT
from chalicelib.services import accounts, blacklist, contacts, groups, verifying, webhooks
from chalicelib.services.delivering import Sender
from chalicelib.services.indexing import index_contacts
from chalicelib.storage import jobs, keys, mending, search_index
from chalicelib.storage import recount as fences
from chalicelib.storage.aside import put_aside
from chalicelib.storage.counters import Counter
from chalicelib.storage.dynamodb.connection import table as connection
from chalicelib.storage.dynamodb.model import Item
from chalicelib.storage.dynamodb.transactions import TransactionRefusedError
from chalicelib.storage.dynamodb.tries import SEND_TRIES
from chalicelib.storage.inspection import Inspector, Key
from chalicelib.storage.invariants import Kind
from chalicelib.storage.items import AppliedItem, ContactIdItem, MembershipItem
from chalicelib.storage.search_index import Indexed
from chalicelib.storage.tombstones import deleted_contact_item, deleted_group_item
from infra.local import engine
from infra.local.connected import Connected
from tests.account import caller_of, stamp_of
from tests.events.delivery import tokens_in_index
from tests.events.test_traffic import CONTACTS, GROUPS, THREADS, use
from tests.faulty_engine import break_down, faulty_engine, lose_race
from tests.sizes import SECONDS_OF_TRAFFIC
from tests.storage.steps import (
    assert_whole,
    create,
    create_group,
    join,
    leave,
    number,
    stored_contact,
    stored_keys,
    stored_members,
)
from tests.written import stamps_of, written

NOW = datetime.now(UTC)
STAMP = Stamp(NOW, by="operator", via="tests.verify")
TODAY_AND_30 = (NOW + timedelta(days=30)).date().isoformat()


@pytest.fixture(autouse=True)
def nothing_is_in_flight(monkeypatch):
    monkeypatch.setattr(verifying, "SECONDS_TO_SETTLE", 0)


@dataclass
class Book:
    """Contact 0 is in no group, 1 in a group, 2 in that and in a stoplist."""

    table: Any
    account: Account
    group: Group
    stoplist: Group

    def verify(self, *, fix=False, account_id=""):
        with self.table.environment():
            found = verifying.verify(account_id or self.account.id, STAMP, fix=fix)
            return [(each.kind, each.is_mended) for each in found]

    def kinds(self):
        return [kind for kind, _ in self.verify()]

    def change(self, partition, sort_key, *actions):
        connection().update_item(partition, sort_key, actions=actions)

    def change_contact(self, index, *actions):
        self.change(keys.contacts(self.account.id), number(index).e164, *actions)

    def change_credential(self, *actions):
        credential, _ = accounts.issue_credential(self.account.id, stamp_of(NOW))
        self.change(keys.credential(credential.username), keys.CREDENTIAL, *actions)

    def put(self, partition, sort_key, **attributes):
        item = {"PK": {"S": partition}, "SK": {"S": sort_key}, **attributes}
        self.table.client().put_item(TableName=self.table.table, Item=item)

    def remove(self, partition, sort_key):
        Item(partition, sort_key).delete()

    @property
    def contact_ids(self):
        return keys.contact_ids(self.account.id)

    def id_of(self, index):
        return keys.of_id(stored_contact(self.account, index).id)

    def members(self, group):
        return keys.members(self.account.id, group.id)


@pytest.fixture
def book(table, account):
    book = Book(
        table, account, create_group(account), create_group(account, kind=GroupKind.STOPLIST)
    )
    for index in range(3):
        create(account, index)
    for index in (1, 2):
        join(account, book.group, index)
    join(account, book.stoplist, 2)
    yield book
    # What is damaged must not be in the way of other tests' clean-ups, which share the index.
    for partition in (keys.contacts(account.id), keys.tombstones(account.id)):
        for item in list(Item.query(partition, consistent_read=True)):
            item.delete()


def test_all_is_as_it_should_be(book):
    groups.delete_group(caller_of(book.account), book.stoplist.id, NOW)
    accounts.issue_credential(book.account.id, stamp_of(NOW))
    blacklist.blacklist_number(caller_of(book.account), number(7), NOW)

    assert book.verify(fix=True) == []


def test_what_a_deleted_contact_left_to_the_sweep_is_no_finding(book):
    created = contacts.create_contact(caller_of(book.account), number(9), {}, NOW)
    left = [create_group(book.account).id for _ in range(3)]
    contacts.delete_contact(caller_of(book.account), number(9), NOW)
    for group_id in left:
        members = keys.members(book.account.id, group_id)
        MembershipItem(members, number(9).e164, joined_on=NOW).save()
    assert set(book.kinds()) == {Kind.MEMBERSHIP_ORPHANED}
    deleted_contact_item(book.account.id, created.id, number(9).e164, left, stamp_of(NOW)).save()

    assert book.verify() == []


def half_tombstone(book, *actions):
    groups.delete_group(caller_of(book.account), book.group.id, NOW)
    book.change(keys.tombstones(book.account.id), keys.deleted_group(book.group.id), *actions)


def contact_tombstone(book, *actions):
    deleted_contact_item(book.account.id, 7, "+37251000007", [1], stamp_of(NOW)).save()
    book.change(keys.tombstones(book.account.id), keys.deleted_contact(7), *actions)


GSI1PK, GSI1SK, DATE = Path("GSI1PK"), Path("GSI1SK"), Path("scheduledDeletionDate")

MENDED = {
    "id missing": (
        Kind.ID_MISSING,
        lambda book: book.remove(book.contact_ids, book.id_of(0)),
    ),
    "id elsewhere": (
        Kind.ID_ELSEWHERE,
        lambda book: book.change(
            book.contact_ids, book.id_of(0), Path("phoneNumber").set("+37259999999")
        ),
    ),
    "id of nobody": (
        Kind.ID_ORPHANED,
        lambda book: ContactIdItem(
            book.contact_ids, keys.of_id(7), phone_number="+37259999999"
        ).save(),
    ),
    "id of another": (
        Kind.ID_ORPHANED,
        lambda book: ContactIdItem(
            book.contact_ids, keys.of_id(7), phone_number=number().e164
        ).save(),
    ),
    "no date": (
        Kind.DATE_MISSING,
        lambda book: book.change_contact(0, DATE.remove(), GSI1PK.remove(), GSI1SK.remove()),
    ),
    "a date that is none": (
        Kind.DATE_UNREADABLE,
        lambda book: book.change_contact(0, DATE.set("soon")),
    ),
    "a date in a group": (
        Kind.DATE_IN_GROUP,
        lambda book: book.change_contact(1, DATE.set(TODAY_AND_30)),
    ),
    "another day in the index": (
        Kind.DUE_INDEX,
        lambda book: book.change_contact(0, GSI1SK.set("2026-01-01#a#+1")),
    ),
    "not in the index": (
        Kind.DUE_INDEX,
        lambda book: book.change_contact(0, GSI1PK.remove(), GSI1SK.remove()),
    ),
    "in the index and not due": (
        Kind.DUE_INDEX,
        lambda book: book.change_contact(1, GSI1PK.set("DUE#00"), GSI1SK.set("2026-01-01#a#+1")),
    ),
    "membership missing": (
        Kind.MEMBERSHIP_MISSING,
        lambda book: book.remove(book.members(book.group), number(1).e164),
    ),
    "membership of nobody": (
        Kind.MEMBERSHIP_ORPHANED,
        lambda book: MembershipItem(
            book.members(book.group), "+37259999999", joined_on=NOW
        ).save(),
    ),
    "membership that is not named": (
        Kind.MEMBERSHIP_ORPHANED,
        lambda book: MembershipItem(book.members(book.group), number().e164, joined_on=NOW).save(),
    ),
    "group missing": (
        Kind.GROUP_MISSING,
        lambda book: book.remove(keys.groups(book.account.id), keys.of_id(book.group.id)),
    ),
    "stoplist unmarked": (
        Kind.STOPLIST_UNMARKED,
        lambda book: book.change_contact(2, Path("stoplistIds").remove()),
    ),
    "stoplist that is none": (
        Kind.STOPLIST_MISMARKED,
        lambda book: book.change_contact(2, Path("stoplistIds").add({book.group.id})),
    ),
    "stoplist that it is not in": (
        Kind.STOPLIST_MISMARKED,
        lambda book: book.change_contact(1, Path("stoplistIds").add({book.stoplist.id})),
    ),
    "tombstone that no sweep finds": (
        Kind.TOMBSTONE_HALF,
        lambda book: half_tombstone(book, GSI1PK.remove(), GSI1SK.remove()),
    ),
    "tombstone without a date": (
        Kind.TOMBSTONE_HALF,
        lambda book: half_tombstone(book, DATE.remove()),
    ),
    "tombstone without its day": (
        Kind.TOMBSTONE_HALF,
        lambda book: half_tombstone(book, Path("deletedOn").remove()),
    ),
    "tombstone of a contact that no sweep finds": (
        Kind.TOMBSTONE_HALF,
        lambda book: contact_tombstone(book, GSI1PK.remove(), GSI1SK.remove()),
    ),
    "tombstone of a contact that says nothing": (
        Kind.TOMBSTONE_HALF,
        lambda book: contact_tombstone(book, Path("groupIds").remove()),
    ),
    "tombstone of a group that is there": (
        Kind.TOMBSTONE_OF_LIVING,
        lambda book: deleted_group_item(
            book.account.id, book.group.id, NOW.date(), stamp_of(NOW)
        ).save(),
    ),
    "account off the index": (
        Kind.INDEX,
        lambda book: book.change(
            keys.account(book.account.id), keys.ACCOUNT, GSI1PK.remove(), GSI1SK.remove()
        ),
    ),
    "membership on the index": (
        Kind.INDEX_STRAY,
        lambda book: book.change(
            book.members(book.group), number(1).e164, GSI1PK.set("DUE#00"), GSI1SK.set("x")
        ),
    ),
    "count of a group that is no number": (
        Kind.COUNT_SPOILT,
        lambda book: book.change(
            keys.groups(book.account.id), keys.of_id(book.group.id),
            Path("contactsCount").set("many"), Path("changes").set("x"),
        ),
    ),
    "count of an account that is no number": (
        Kind.COUNT_SPOILT,
        lambda book: book.change(
            keys.account(book.account.id), keys.ACCOUNT, Path("contactsCount").set("many")
        ),
    ),
    "fence among contacts": (
        Kind.FENCE,
        lambda book: fences.put_fence(Counter(book.account.id, None)),
    ),
    "fence among members": (
        Kind.FENCE,
        lambda book: fences.put_fence(Counter(book.account.id, book.group.id)),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "damage"), MENDED.values(), ids=MENDED)
def test_what_is_safe_to_mend_is_told_mended_and_right_afterwards(book, kind, damage):
    damage(book)

    # An id that leads elsewhere is one of nobody, too, until it is mended.
    for _ in range(2):
        assert {kind} <= set(book.kinds()) <= {kind, Kind.ID_ORPHANED}, "it only looks"
    with written() as mended:
        assert set(book.verify(fix=True)) == {(kind, True)}
    assert book.verify() == []
    if kind is not Kind.COUNT_SPOILT:  # which is nobody's change of the group
        assert set(stamps_of(mended).values()) <= {(STAMP.by, STAMP.via)}


UNREADABLE = {
    "contact without an id": lambda book: book.change_contact(0, Path("id").remove()),
    "contact with an id that is none": lambda book: book.change_contact(0, Path("id").set("x")),
    "contact without its day": lambda book: book.change_contact(0, Path("createdOn").remove()),
    "contact of no number": lambda book: book.put(
        keys.contacts(book.account.id), "x", id={"N": "7"}
    ),
    "id of no number": lambda book: book.put(book.contact_ids, keys.of_id(7)),
    "id of an empty number": lambda book: book.put(
        book.contact_ids, keys.of_id(7), phoneNumber={"S": ""}
    ),
    "id of a number longer than a key": lambda book: book.put(
        book.contact_ids, keys.of_id(7), phoneNumber={"S": "+" + 1_024 * "1"}
    ),
    "group without a name": lambda book: book.change(
        keys.groups(book.account.id), keys.of_id(book.group.id), Path("name").remove()
    ),
    "group of no kind": lambda book: book.change(
        keys.groups(book.account.id), keys.of_id(book.group.id), Path("kind").set("x")
    ),
    "blacklist entry without its day": lambda book: book.put(
        keys.blacklist(book.account.id), number().e164, id={"N": "7"}
    ),
    "ledger entry without its day": lambda book: book.put(
        keys.ledger(book.account.id), keys.ledger_entry(number().e164, 1), state={"S": "stopped"}
    ),
    "credential without a secret": lambda book: book.change_credential(Path("secretHash").remove()),
    "account without its days": lambda book: book.change(
        keys.account(book.account.id), keys.ACCOUNT, Path("retentionDays").remove()
    ),
}


@pytest.mark.parametrize("damage", UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_told_and_left(book, damage):
    damage(book)

    assert (Kind.UNREADABLE, False) in book.verify(fix=True)
    assert (Kind.UNREADABLE, False) in book.verify()


def test_every_kind_is_told_of_somewhere_in_these_tests():
    told = {kind for kind, _ in MENDED.values()}
    elsewhere = {
        Kind.UNREADABLE, Kind.STOPLIST_LIFTED, Kind.TOMBSTONE_OLD, Kind.MEMBERSHIP_OF_NO_GROUP,
        Kind.UNKNOWN, Kind.OF_NO_ACCOUNT, Kind.CREDENTIAL_OF_NO_ACCOUNT, Kind.MARKER_FOR_EVER,
        Kind.ASIDE, Kind.COUNT, Kind.LEDGER_MISSING, Kind.SEARCH_STRAY,
        Kind.DELIVERY_STRAY,
    }  # fmt: skip
    assert told | elsewhere == set(Kind)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda book: book.change_contact(0, Path("revision").set("x")),
        lambda book: book.change(
            keys.account(book.account.id), keys.ACCOUNT, Path("retentionDays").set(10**9)
        ),
    ],
)
def test_what_cannot_be_mended_after_all_is_told_and_keeps_nothing_from_being_looked_at(
    book, spoil
):
    spoil(book)
    book.change_contact(0, DATE.remove(), GSI1PK.remove(), GSI1SK.remove())
    MENDED["membership missing"][1](book)

    found = dict(book.verify(fix=True))

    assert found == {Kind.DATE_MISSING: False, Kind.MEMBERSHIP_MISSING: True}


def test_mend_that_the_table_does_not_take_keeps_nothing_from_being_looked_at(book):
    """It has no room for its date."""
    filler = "x" * (400 * 1024 - 190)
    book.change_contact(
        0, DATE.remove(), GSI1PK.remove(), GSI1SK.remove(), Path("filler").set(filler)
    )
    MENDED["membership missing"][1](book)

    found = dict(book.verify(fix=True))

    assert found == {Kind.DATE_MISSING: False, Kind.MEMBERSHIP_MISSING: True}


def test_mend_that_loses_every_race_keeps_nothing_from_being_looked_at(book):
    book.change_contact(0, DATE.remove(), GSI1PK.remove(), GSI1SK.remove())
    MENDED["membership missing"][1](book)
    with (
        faulty_engine(book.table.endpoint) as (faulty, endpoint),
        Connected(endpoint, book.table.table) as failing,
    ):
        faulty.fail("TransactWriteItems", lose_race, times=SEND_TRIES)
        with failing.environment():
            found = list(verifying.verify(book.account.id, stamp_of(NOW), fix=True))

    assert sorted(each.is_mended for each in found) == [False, True]


def test_membership_of_a_contact_that_cannot_be_read_is_left(book):
    book.change_contact(1, Path("groupIds").set([str(book.group.id)]))

    assert book.verify(fix=True) == [(Kind.UNREADABLE, False)]
    assert number(1).e164 in stored_members(book.account, book.group)


@pytest.mark.parametrize("spoil", [Path("id").remove(), Path("id").set("x")], ids=["none", "text"])
def test_only_record_of_an_id_that_its_contact_lost_is_left(book, spoil):
    id_ = book.id_of(0)
    book.change_contact(0, spoil)

    assert book.verify(fix=True) == [(Kind.UNREADABLE, False)]
    assert id_ in stored_keys(book.contact_ids)


@pytest.mark.parametrize("spoil", [Path("id").remove(), Path("id").set("x")], ids=["none", "text"])
def test_id_is_not_removed_when_its_contact_loses_it_just_then(book, spoil):
    partition, id_ = book.contact_ids, book.id_of(0)
    stored = connection().get_item(partition, id_, consistent_read=True)["Item"]
    book.change_contact(0, spoil)

    with pytest.raises(TransactionRefusedError):
        mending.remove_orphaned_id(stored, {}, stamp_of(NOW))


def test_two_contacts_of_one_id_are_left_to_a_person(book):
    book.change_contact(0, Path("id").set(stored_contact(book.account, 1).id))

    assert (Kind.ID_ELSEWHERE, False) in book.verify(fix=True)


def test_number_that_was_taken_off_the_blacklist_by_hand_is_only_noticed(book):
    blacklist.allow_number(caller_of(book.account), number(2), NOW)

    ((kind, is_mended),) = book.verify(fix=True)

    assert (kind, is_mended, kind.is_a_notice) == (Kind.STOPLIST_LIFTED, False, True)


def test_opt_out_without_its_ledger_entry_is_told_and_not_invented(book):
    blacklist.stop_number(caller_of(book.account), number(8), NOW)
    Item(keys.ledger(book.account.id), keys.ledger_entry(number(8).e164, 1)).delete()

    for fix in (True, False):
        assert book.verify(fix=fix) == [(Kind.LEDGER_MISSING, False)]


def test_tombstone_that_is_not_swept_is_told_after_a_day(book):
    groups.delete_group(caller_of(book.account), book.group.id, NOW - timedelta(hours=23))
    assert book.verify() == []
    groups.delete_group(caller_of(book.account), book.stoplist.id, NOW - timedelta(hours=25))

    assert book.verify(fix=True) == [(Kind.TOMBSTONE_OLD, False)]


def test_mending_moves_nothing_else(book):
    before = {index: contacts.retrieve_contact(book.account, number(index)) for index in range(3)}
    for damage in ("id missing", "membership missing", "stoplist unmarked", "not in the index"):
        MENDED[damage][1](book)

    book.verify(fix=True)

    for index, contact in before.items():
        assert contacts.retrieve_contact(book.account, number(index)) == contact
    assert stored_members(book.account, book.group) == {number(1).e164, number(2).e164}


def test_contact_of_a_group_that_is_not_there_gets_its_date_when_it_was_the_last(book):
    book.remove(keys.groups(book.account.id), keys.of_id(book.group.id))

    book.verify(fix=True)

    assert stored_contact(book.account, 1).scheduled_deletion_date == TODAY_AND_30
    assert stored_contact(book.account, 2).group_ids == {book.stoplist.id}
    assert stored_members(book.account, book.group) == set()


def test_id_that_its_contact_follows_is_no_finding(book, monkeypatch):
    """A creation writes the id first; it is looked at again when it cannot be under way."""
    new = ContactIdItem(book.contact_ids, keys.of_id(7), phone_number=number(7).e164)
    new.save()
    slept = []

    def create_meanwhile(seconds):
        slept.append(seconds)
        book.put(
            keys.contacts(book.account.id), number(7).e164,
            id={"N": "7"}, createdOn=day, updatedOn=day,
        )  # fmt: skip

    day = {"S": NOW.isoformat().replace("+00:00", "+0000")}
    monkeypatch.setattr(verifying, "SECONDS_TO_SETTLE", 60)
    monkeypatch.setattr(time, "sleep", create_meanwhile)

    assert Kind.ID_ORPHANED not in book.kinds()
    assert 55 < sum(slept) <= 60


def test_account_that_is_not_there_is_said_to_be(book):
    with pytest.raises(OperatorError, match="ACCOUNT_NOT_FOUND"):
        book.verify(account_id="none")


def test_engine_that_fails_in_the_middle_takes_nothing_that_was_found(book):
    MENDED["id of nobody"][1](book)
    found: list[Kind] = []
    with (
        faulty_engine(book.table.endpoint) as (faulty, endpoint),
        Connected(endpoint, book.table.table) as failing,
    ):
        faulty.fail("Query", lambda engine, *call: engine.pass_on(*call), times=5)
        faulty.fail("Query", break_down)
        with failing.environment(), pytest.raises(UnavailableError):
            found.extend(
                each.kind for each in verifying.verify(book.account.id, stamp_of(NOW), fix=False)
            )
    assert found == [Kind.ID_ORPHANED]


def test_items_are_read_a_page_at_a_time(book):
    with book.table.environment():
        pages = list(Inspector().all_items())

    assert max(map(len, pages)) <= 100


# The whole table


@pytest.fixture
def own(logs):
    """A table that holds what this test puts there."""
    with engine.ministack(logs / "verified-ministack") as endpoint:
        own = Connected(endpoint)
        with own, own.environment():
            yield own


def verify_all(*, fix=False):
    return [(each.kind, each.key) for each in verifying.verify(None, stamp_of(NOW), fix=fix)]


def test_what_a_removed_webhook_left_is_found_in_the_whole_table_and_removed(own):
    caller = caller_of(accounts.open_account("Test", "EE", 30, stamp_of(NOW)))
    kept, gone = (webhooks.add_webhook(caller, "https://a.example", NOW) for _ in range(2))
    for webhook in (kept, gone):
        assert Sender(seconds=0).test(caller, webhook.id, NOW).problem
    assert verify_all() == []
    Item(keys.webhooks(caller.account.id), keys.of_id(gone.id)).delete()

    left = Key(keys.deliveries(caller.account.id, gone.id), keys.slot(1, MAX_DELIVERIES_KEPT))
    assert verify_all(fix=True) == [(Kind.DELIVERY_STRAY, left)]
    assert verify_all() == []
    assert len(list(webhooks.list_deliveries(caller.account, kept.id))) == 1


def test_stray_entries_of_the_search_and_jobs_are_looked_at_in_the_whole_table(own):
    account = accounts.open_account("Test", "EE", 30, stamp_of(NOW))
    job = start_job(account)
    create(account, 0, first_name="Mari")
    index_contacts(account.id, [number(0).e164])
    for e164 in (number(0).e164, "+37259999999"):
        search_index.write_entries(account.id, [Indexed(e164, frozenset({"nobody"}))], ())
    connection().update_item(
        keys.exports(account.id), keys.of_id(job.id), actions=[Path("expiresAt").remove()]
    )

    found = [
        (Kind.SEARCH_STRAY, Key(keys.search(account.id, "no"), keys.search_entry("nobody", e164)))
        for e164 in (number(0).e164, "+37259999999")
    ]
    unreadable = (Kind.UNREADABLE, Key(keys.exports(account.id), keys.of_id(job.id)))
    assert set(verify_all()) == {*found, unreadable}
    verify_all(fix=True)
    assert verify_all() == [unreadable]
    assert tokens_in_index(own, account.id) == {
        ("mari", number(0).e164), ("~" + number(0).e164[:0:-1], number(0).e164)
    }  # fmt: skip


def start_job(account):
    """Make the item of an export, without the places of jobs."""
    job = ExportJob(
        id=7, account_id=account.id, by=STAMP.by, via=STAMP.via, state=JobState.WAITING,
        created_on=NOW, selected=Selected(),
    )  # fmt: skip
    assert jobs.put_job(job)
    return job


def test_whole_table_is_read_also_where_no_account_leads(own):
    account = accounts.open_account("Test", "EE", 30, stamp_of(NOW))
    closed = accounts.open_account("Closed", "EE", 30, stamp_of(NOW))
    create(account)
    assert verify_all(fix=True) == []

    revoked, _ = accounts.issue_credential(closed.id, stamp_of(NOW))
    accounts.revoke_credential(revoked.username, stamp_of(NOW))
    live, _ = accounts.issue_credential(closed.id, stamp_of(NOW))
    Item(keys.account(closed.id), keys.ACCOUNT).delete()
    MembershipItem(keys.members(account.id, 7), "+37259999999", joined_on=NOW).save()
    blacklist.blacklist_number(caller_of(closed), number(), NOW)
    put_aside({"of": account.id}, "any", NOW)
    Item("SOMETHING#a", "b").save()
    Item("MEMBERS#a#x", "+1").save()
    Item("TOMBSTONES#a", "x").save()
    marker = AppliedItem(keys.applied("e"), keys.APPLIED, expires_at=1)
    marker.save()
    connection().update_item(marker.pk, marker.sk, actions=[Path("expiresAt").remove()])

    found = verify_all()
    assert sorted((kind.name, key.pk) for kind, key in found) == sorted([
        ("CREDENTIAL_OF_NO_ACCOUNT", keys.credential(revoked.username)),
        ("CREDENTIAL_OF_NO_ACCOUNT", keys.credential(live.username)),
        ("MEMBERSHIP_OF_NO_GROUP", keys.members(account.id, 7)),
        ("OF_NO_ACCOUNT", keys.blacklist(closed.id)),
        ("OF_NO_ACCOUNT", keys.ledger(closed.id)),
        ("ASIDE", keys.ASIDE),
        ("UNKNOWN", "SOMETHING#a"),
        ("UNKNOWN", "MEMBERS#a#x"),
        ("UNKNOWN", "TOMBSTONES#a"),
        ("MARKER_FOR_EVER", marker.pk),
    ])  # fmt: skip

    verify_all(fix=True)
    left = {(kind.name, key.pk) for kind, key in verify_all()}
    assert {kind for kind, _ in left} == {
        "CREDENTIAL_OF_NO_ACCOUNT", "OF_NO_ACCOUNT", "ASIDE", "UNKNOWN",
    }  # fmt: skip
    assert ("CREDENTIAL_OF_NO_ACCOUNT", keys.credential(live.username)) in left
    assert ("CREDENTIAL_OF_NO_ACCOUNT", keys.credential(revoked.username)) not in left


# While traffic runs


@pytest.fixture
def traffic(client):
    """Eight threads that create, join, leave, change and delete, as long as the test runs."""
    send = partial(client.send, "POST")
    group_ids = [
        send("/v1/phonebook/groups", {"name": str(n)}).json["group"]["id"] for n in range(GROUPS)
    ]
    until = time.monotonic() + SECONDS_OF_TRAFFIC
    threads = [
        threading.Thread(target=use, args=(client, group_ids, seed, until))
        for seed in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    yield threads
    for thread in threads:
        thread.join()


def test_traffic_is_never_reported_as_broken_and_never_mended(
    table, client, traffic, monkeypatch, events
):
    """Nothing but what a request has half done may look wrong, and that settles."""
    monkeypatch.setattr(verifying, "SECONDS_TO_SETTLE", 3)
    runs = 0
    with table.environment():
        while any(thread.is_alive() for thread in traffic):
            assert (
                list(verifying.verify(client.account, stamp_of(datetime.now(UTC)), fix=True)) == []
            )
            runs += 1
        assert list(verifying.verify(client.account, stamp_of(datetime.now(UTC)), fix=True)) == []
    assert runs


def test_damage_is_mended_while_traffic_runs(table, account, monkeypatch):
    """Many are damaged while others work on the same contacts: what is left is whole."""
    monkeypatch.setattr(verifying, "SECONDS_TO_SETTLE", 1)
    book = Book(table, account, create_group(account), create_group(account))
    for index in range(CONTACTS):
        create(account, index)
        join(account, book.group, index)
    for index in range(0, CONTACTS, 2):
        book.remove(book.members(book.group), number(index).e164)
        book.change_contact(index + 1, DATE.set(TODAY_AND_30))
        book.remove(book.contact_ids, book.id_of(index + 1))

    def work():
        dice = random.Random(1)
        for _ in range(60):
            index = dice.randrange(CONTACTS)
            contacts.update_contact(caller_of(account), number(index), {"title": "a"}, NOW)
            with suppress(PhonebookError):
                dice.choice([join, leave])(account, book.stoplist, index)

    worker = threading.Thread(target=work)
    worker.start()
    book.verify(fix=True)
    worker.join()
    book.verify(fix=True)

    assert book.verify() == []
    assert_whole(account, [book.group, book.stoplist])
    assert len(stored_keys(keys.contacts(account.id))) == CONTACTS
