"""What others are told of, from what is done to how the feed says it."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chalicelib.domain.changes import KEPT, number_id
from chalicelib.domain.contact import ContactChanges
from chalicelib.domain.contact_write import ContactWrite
from chalicelib.domain.errors import ErrorCode, NotFoundError, RefusedError
from chalicelib.domain.group import GroupKind
from chalicelib.domain.ids import uuid_of
from chalicelib.domain.ledger import Reason
from chalicelib.entrypoints.change_stream import follow_changes
from chalicelib.services import accounts, blacklist, changes, contacts, groups, writing
from chalicelib.services.cleanup import clean_up
from chalicelib.services.erasing import erase
from chalicelib.storage import keys
from chalicelib.storage.items import BlacklistItem, ContactIdItem, ContactItem, NumberItem
from tests.account import caller_of, stamp_of
from tests.events.conftest import NOW
from tests.events.delivery import Delivery
from tests.feed import AT_ONCE, read_on
from tests.storage.steps import change, create, create_group, create_or_join, join, leave, number


@pytest.fixture
def at_once(monkeypatch):
    """Let changes be read at once."""
    monkeypatch.setattr(changes, "SETTLES_AFTER", AT_ONCE)


@pytest.fixture
def told(table, account, at_once):
    """Return what the feed says anew, each time."""
    following, place = Delivery(table, account.id, follow_changes), None

    def read():
        nonlocal place
        following.deliver_all()
        found, place = read_on(account, place)
        return found

    return read


def said(changes_told):
    return [(each["type"], each["revision"], each["fields"]) for each in changes_told]


def test_contact_from_its_first_to_its_last_change(account, told):
    contact = create(account, first_name="Mari")
    change(account, number(), details={"first_name": "Mall", "company": "Acme"})
    change(account, number(), extra={"v2.vip": "yes"})
    change(account, number(), phone_number=number(1))
    contacts.delete_contact(caller_of(account, "v2.delete_contact"), number(1), NOW)

    found = told()

    assert said(found) == [
        ("contact.created", 0, []),
        ("contact.changed", 1, ["firstName", "company"]),
        ("contact.changed", 2, ["attributes"]),
        ("contact.number_changed", 3, ["phoneNumber"]),
        ("contact.deleted", 4, []),
    ]
    assert {json.dumps(each["subject"]) for each in found} == {
        json.dumps({"contact": uuid_of(contact.id)})
    }
    assert {each["actor"] for each in found} == {"0123456789abcdef"}
    assert [each["source"] for each in found] == ["tests.test"] * 4 + ["v2.delete_contact"]
    assert len({each["id"] for each in found}) == len(found)
    assert "Mall" not in json.dumps(found)
    assert not re.search("5000000", json.dumps(found))


def test_change_that_nobody_sees_is_not_told(account, told):
    create(account, first_name="Mari")
    told()

    change(account, number(), details={"first_name": "Mari"})

    assert told() == []


def test_memberships_are_told_with_their_contact(account, told):
    first, second = (create_group(account, name) for name in ("First", "Second"))
    contact = create(account)
    told()

    join(account, first)
    create_or_join(account, second)
    leave(account, first)
    leave(account, second)
    found = told()

    subject = {"contact": uuid_of(contact.id)}
    assert [(each["type"], each["subject"]) for each in found] == [
        ("membership.joined", {**subject, "group": uuid_of(first.id)}),
        ("membership.joined", {**subject, "group": uuid_of(second.id)}),
        ("membership.left", {**subject, "group": uuid_of(first.id)}),
        ("membership.left", {**subject, "group": uuid_of(second.id)}),
    ]
    assert [each["revision"] for each in found] == [1, 2, 3, 4]


def test_new_number_is_told_with_all_that_changed_with_it(account, told):
    left, kept, joined = (create_group(account, name) for name in ("Left", "Kept", "Joined"))
    contact = create(account, first_name="Mari", title="Dr")
    join(account, left)
    join(account, kept)
    told()

    write = ContactWrite(
        phone_number=number(1), details={"first_name": "Mall"}, group_ids=(kept.id, joined.id)
    )
    writing.write_contact(caller_of(account), contact.id, write, NOW)

    found = told()
    subject = {"contact": uuid_of(contact.id)}
    assert said(found) == [
        ("contact.number_changed", 3, ["phoneNumber", "firstName"]),
        ("membership.joined", 3, []),
        ("membership.left", 3, []),
    ]
    assert [each["subject"] for each in found] == [
        subject,
        {**subject, "group": uuid_of(joined.id)},
        {**subject, "group": uuid_of(left.id)},
    ]


def test_contact_that_goes_leaves_its_groups(account, told):
    group = create_group(account)
    contact = create(account)
    join(account, group)
    told()

    contacts.delete_contact(caller_of(account), number(), NOW)

    assert [(each["type"], each["subject"]) for each in told()] == [
        ("membership.left", {"contact": uuid_of(contact.id), "group": uuid_of(group.id)}),
        ("contact.deleted", {"contact": uuid_of(contact.id)}),
    ]


def test_purged_and_erased_contacts_are_told_apart(account, told):
    due, erased = create(account), create(account, 1)
    told()

    clean_up(replace(stamp_of(NOW.replace(month=3, day=20)), via="schedule.clean_up"))
    assert [(each["type"], each["source"]) for each in told()] == [
        ("contact.purged", "schedule.clean_up"),
        ("contact.purged", "schedule.clean_up"),
    ]
    again = create(account, 1)
    erase(caller_of(account), number(1), NOW)

    assert [(each["type"], each["subject"]["contact"]) for each in told()] == [
        ("contact.created", uuid_of(again.id)),
        ("contact.erased", uuid_of(again.id)),
    ]
    assert due.id != erased.id


def test_groups_are_told_of_but_not_their_counts(account, delivery, told):
    group = create_group(account, kind=GroupKind.STOPLIST)
    create(account)
    told()

    join(account, group)
    delivery.deliver_all()
    assert "group.changed" not in [each["type"] for each in told()]

    groups.rename_group(caller_of(account), group.id, "Other", NOW)
    groups.delete_group(caller_of(account), group.id, NOW)
    assert said(told()) == [("group.changed", 1, ["name"]), ("group.deleted", None, [])]
    clean_up(stamp_of(NOW))
    assert [each["type"] for each in told()] == ["membership.left"]


def test_opt_outs_are_told_of_by_an_id_that_finds_the_number(account, told):
    blacklist.stop_number(caller_of(account), number(), NOW, reason=Reason.REQUEST)
    blacklist.allow_number(caller_of(account), number(), NOW)

    found = told()

    assert [(each["type"], each["revision"]) for each in found] == [
        ("number.stopped", 1),
        ("number.allowed", 2),
    ]
    (told_as,) = {each["subject"]["number"] for each in found}
    assert told_as == number_id(account.cursor_key, number().e164)
    assert changes.number_told_as(account, told_as) == number()
    other = accounts.open_account("Other", "EE", 30, stamp_of(NOW))
    with pytest.raises(NotFoundError):
        changes.number_told_as(other, told_as)


def test_erasure_of_an_opt_out_that_is_older_than_the_ledger_is_told(account, told):
    BlacklistItem(
        keys.blacklist(account.id), number().e164, id=1, created_on=NOW, by_request=True
    ).save()

    erase(caller_of(account), number(), NOW)

    assert ("number.erased", None, []) in said(told())


def test_number_of_an_erased_person_is_found_no_more_whenever_it_is_told(table, account, told):
    late = Delivery(table, account.id, follow_changes)
    create(account)
    blacklist.stop_number(caller_of(account), number(), NOW, reason=Reason.REQUEST)
    told()
    late.collect()

    erase(caller_of(account), number(), NOW)
    assert not list(NumberItem.query(keys.numbers(account.id), consistent_read=True))
    late.deliver(late.records)
    assert not list(NumberItem.query(keys.numbers(account.id), consistent_read=True))

    assert [each["type"] for each in told()][-2:] == ["number.erased", "contact.erased"]


def test_what_is_told_again_has_its_id_and_arrives_again(table, account, at_once):
    following = Delivery(table, account.id, follow_changes)
    create(account)
    following.deliver(following.collect())
    following.deliver_all()

    first, second = read_on(account)[0]

    assert first == second


def test_pages_go_on_where_the_last_one_ended(account, told):
    for index in range(5):
        create(account, index)
    everything = told()

    found, place = [], None
    for more in (True, True, False):
        page = changes.list_changes(account, after=place, limit=2, now=datetime.now(UTC))
        found += page.changes
        place = page.place
        assert page.has_more is more
    assert found == everything


def test_change_is_read_only_when_nothing_older_can_arrive(table, account):
    following = Delivery(table, account.id, follow_changes)
    create(account)
    before = datetime.now(UTC)
    following.deliver_all()
    after = datetime.now(UTC)

    assert read_on(account, now=before + changes.SETTLES_AFTER)[0] == []
    assert len(read_on(account, now=after + changes.SETTLES_AFTER)[0]) == 1


def test_reader_who_waits_for_long_does_not_fall_behind(account):
    now = datetime.now(UTC)
    _, place = read_on(account, now=now)
    for _ in range(3):
        now += KEPT - changes.SETTLES_AFTER
        _, place = read_on(account, place, now=now)
    with pytest.raises(RefusedError) as refusal:
        read_on(account, place, now=now + KEPT)
    assert refusal.value.code is ErrorCode.CHANGES_GONE


def test_damaged_item_does_not_keep_the_others_from_being_told(account, told):
    damaged, whole = create(account), create(account, 1)
    told()
    item = ContactItem(keys.contacts(account.id), number().e164)
    item.update([ContactItem.id.remove(), ContactItem.first_name.set("Any")])

    change(account, whole.id, details={"first_name": "Mari"})

    assert [each["subject"] for each in told()] == [{"contact": uuid_of(whole.id)}]
    assert damaged.id != whole.id


def test_what_is_left_of_an_id_finds_nobody_and_says_nothing_twice(account, told):
    contact = create(account)
    # Not long ago, or the engine would let it expire.
    contacts.delete_contact(caller_of(account), number(), datetime.now(UTC))
    told()

    (left,) = ContactIdItem.query(keys.contact_ids(account.id), consistent_read=True)
    assert not left.phone_number
    assert left.sk == keys.of_id(contact.id)
    assert left.expires_at > (datetime.now(UTC) + KEPT / 2).timestamp()
    with pytest.raises(NotFoundError):
        contacts.retrieve_contact(account, contact.id)
    with pytest.raises(NotFoundError):
        contacts.change_contact(caller_of(account), contact.id, ContactChanges(), NOW)
    left.delete()

    assert told() == []
