from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from chalicelib.domain.contact import (
    Contact,
    ContactChanges,
    ContactData,
    deletion_date,
    new_contact,
)
from chalicelib.domain.group import Group, GroupKind
from chalicelib.domain.phone import PhoneNumber

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def contact_in(*group_ids, day=None):
    return Contact(
        id=1,
        phone_number=PhoneNumber("+37251000000"),
        details={},
        group_ids=frozenset(group_ids),
        scheduled_deletion_date=day,
        created_on=NOW,
        updated_on=NOW,
    )


@pytest.mark.parametrize(
    ("now", "days", "expected"),
    [
        (datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC), 30, date(2026, 3, 2)),
        (datetime(2028, 1, 30, tzinfo=UTC), 30, date(2028, 2, 29)),
        (datetime(2026, 12, 31, tzinfo=UTC), 1, date(2027, 1, 1)),
        (datetime(2026, 12, 31, tzinfo=UTC), 0, date(2026, 12, 31)),
    ],
)
def test_contact_goes_after_the_days_of_its_account(now, days, expected):
    assert deletion_date(now, days) == expected


def test_contact_is_as_it_is_when_no_group_of_its_was_deleted():
    contact = contact_in(1, 2)

    assert contact.without_deleted_groups({3: date(2026, 1, 1)}) == contact


def test_contact_in_a_group_that_is_left_has_no_date():
    seen = contact_in(1, 2).without_deleted_groups({1: date(2026, 1, 1)})

    assert seen == contact_in(2)


def test_contact_whose_every_group_was_deleted_goes_with_the_last_of_them():
    seen = contact_in(1, 2).without_deleted_groups({1: date(2026, 2, 2), 2: date(2026, 2, 1)})

    assert seen == contact_in(day=date(2026, 2, 2))


def test_contact_outside_groups_keeps_its_date():
    contact = contact_in(day=date(2026, 1, 5))

    assert contact.without_deleted_groups({1: date(2026, 2, 2)}) == contact


STANDARD = Group(id=5, name="a", created_on=NOW, updated_on=NOW, contacts_count=0)
STOPLIST = replace(STANDARD, id=6, kind=GroupKind.STOPLIST)


def test_deleted_stoplist_is_none_for_readers():
    contact = replace(contact_in(1, 2), stoplist_ids=frozenset({1, 2}))

    seen = contact.without_deleted_groups({1: date(2026, 1, 1)})
    assert seen.stoplist_ids == {2}


def test_fields_are_changed_and_cleared_and_the_number_only_if_there_is_one():
    later = datetime(2026, 1, 2, tzinfo=UTC)
    contact = replace(contact_in(1), details={"title": "a", "email": "b"}, extra={"city": "c"})
    changes = ContactChanges(details={"title": None, "company": "d"}, extra={"city": None})

    changed = contact.changed(changes, later)

    assert changed.details == {"email": "b", "company": "d"}
    assert changed.extra == {}
    assert changed.updated_on == later
    assert changed.phone_number == contact.phone_number
    other = PhoneNumber("+37251000001")
    assert contact.changed(ContactChanges(phone_number=other), later).phone_number == other


def test_joining_ends_the_schedule_and_remembers_a_stoplist():
    contact = contact_in(day=date(2026, 1, 5))

    joined = contact.joined(STANDARD).joined(STOPLIST)

    assert (joined.group_ids, joined.stoplist_ids) == ({5, 6}, {6})
    assert joined.scheduled_deletion_date is None
    assert joined.stopped_anew_by == {STOPLIST.id}
    assert not contact.joined(STANDARD).stopped_anew_by
    assert contact.joined(STOPLIST).joined(STANDARD).stopped_anew_by == {STOPLIST.id}


def test_leaving_the_last_group_starts_the_schedule_and_leaving_another_does_not():
    day = date(2026, 1, 5)
    joined = contact_in().joined(STANDARD).joined(STOPLIST)

    left = joined.without_groups({6, 7}, day)

    assert (left.group_ids, left.stoplist_ids) == ({5}, frozenset())
    assert left.scheduled_deletion_date is None
    assert left.without_groups({5}, day) == contact_in(day=day)


def test_new_contact_holds_only_what_is_known():
    number = PhoneNumber("+37251000001")
    details = {"title": None, "email": ""}
    data = ContactData(phone_number=number, details=details, extra={"a": None, "b": 1})

    contact = new_contact(data, NOW, date(2026, 1, 31))

    assert contact == Contact(
        id=contact.id,
        phone_number=number,
        details={"email": ""},
        extra={"b": 1},
        group_ids=frozenset(),
        scheduled_deletion_date=date(2026, 1, 31),
        created_on=NOW,
        updated_on=NOW,
    )
    assert contact.id != new_contact(data, NOW, date(2026, 1, 31)).id > 0
