"""What rows make of contacts, and what becomes of each row."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.contact import ContactData, new_contact
from chalicelib.domain.errors import ConflictError, ErrorCode
from chalicelib.domain.group import Group, GroupKind
from chalicelib.domain.limits import MAX_EXTRA_CHARACTERS
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.rows import Rejected, Upsert, Written

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = datetime(2026, 1, 2, tzinfo=UTC)
DAY = date(2026, 2, 1)
NUMBER = PhoneNumber("+37251000000")
GROUP = Group(id=5, name="a", created_on=NOW, updated_on=NOW, contacts_count=0)
STOPLIST = replace(GROUP, id=6, kind=GroupKind.STOPLIST)

INTO_GROUP = Upsert(GROUP, LATER, DAY)
NEW_MEMBERS = Upsert(GROUP, LATER, DAY, refuse_members=True)
OUTSIDE_GROUPS = Upsert(None, LATER, DAY)

THERE = new_contact(ContactData(NUMBER, {"title": "a", "email": "b"}, {"city": "c"}), NOW, DAY)
MEMBER = THERE.joined(GROUP)
HALF = "x" * (MAX_EXTRA_CHARACTERS // 2)


def row(*, extra=None, **details):
    return ContactData(NUMBER, details, extra or {})


def codes(outcomes):
    return [each.reason.code.name if isinstance(each, Rejected) else "" for each in outcomes]


def test_contact_is_created_in_its_group_or_with_its_date():
    inside = INTO_GROUP.take(row(title="a"), None)
    assert (inside.phone_number, inside.details, inside.created_on) == (
        NUMBER, {"title": "a"}, LATER,
    )  # fmt: skip
    assert inside.group_ids == {GROUP.id}
    assert inside.scheduled_deletion_date is None

    outside = OUTSIDE_GROUPS.take(row(title="a"), None)
    assert not outside.group_ids
    assert outside.scheduled_deletion_date == DAY


@pytest.mark.parametrize("contact", [THERE, MEMBER])
def test_contact_that_is_there_is_changed_and_joins(contact):
    sent = row(title="new", email=None, extra={"city": None, "a": 1})
    changed = replace(contact, details={"title": "new"}, extra={"a": 1}, updated_on=LATER)

    assert INTO_GROUP.take(sent, contact) == changed.joined(GROUP)
    assert OUTSIDE_GROUPS.take(sent, contact) == changed


def test_member_is_refused_where_only_new_ones_are_wanted():
    with pytest.raises(ConflictError) as refusal:
        NEW_MEMBERS.take(row(), MEMBER)

    assert refusal.value.code is ErrorCode.MEMBERSHIP_EXISTS
    assert refusal.value.contact_id == MEMBER.id
    assert NEW_MEMBERS.take(row(), THERE).group_ids == {GROUP.id}


def test_contact_is_stopped_by_joining_a_stoplist_again():
    stopped = Upsert(STOPLIST, LATER, DAY)
    assert stopped.take(row(), THERE.joined(STOPLIST)).stopped_anew_by


def test_rows_of_one_number_take_effect_in_their_order_and_share_their_contact():
    rows = [row(title="a", company="d"), row(), row(title="b"), row(company=None)]

    contact, outcomes = INTO_GROUP.take_all(rows, THERE)

    assert contact
    assert contact.details == {"title": "b", "email": "b"}
    assert outcomes == [Written(contact)] * 4


def test_row_that_repeats_the_one_that_put_its_contact_into_the_group_is_rejected():
    contact, outcomes = NEW_MEMBERS.take_all([row(title="a"), row(title="b")], None)

    assert contact
    assert contact.details == {"title": "a"}
    assert codes(outcomes) == ["", "MEMBERSHIP_EXISTS"]


def test_rejected_row_leaves_the_contact_to_the_next_as_it_was():
    rows = [row(extra={"a": HALF}), row(title="b", extra={"b": HALF}), row(extra={"c": 1})]

    contact, outcomes = INTO_GROUP.take_all(rows, None)

    assert contact
    assert (contact.details, contact.extra) == ({}, {"a": HALF, "c": 1})
    assert codes(outcomes) == ["", "INVALID_DATA", ""]


def test_nothing_is_written_if_every_row_is_rejected():
    contact, outcomes = NEW_MEMBERS.take_all([row(), row(extra={"a": HALF * 3})], MEMBER)

    assert contact is None
    assert codes(outcomes) == ["MEMBERSHIP_EXISTS"] * 2


rows_of_a_number = st.lists(
    st.builds(
        lambda details, extra: row(extra=extra, **details),
        st.dictionaries(st.sampled_from(["title", "email"]), st.sampled_from(["a", "b", None])),
        st.dictionaries(st.sampled_from(["a", "b"]), st.sampled_from([HALF, 1, None])),
    ),
    max_size=6,
)


@given(
    st.sampled_from([INTO_GROUP, NEW_MEMBERS, OUTSIDE_GROUPS]),
    st.sampled_from([THERE, MEMBER]),
    rows_of_a_number,
    st.integers(0, 6),
)
def test_rows_make_the_same_of_a_contact_in_one_part_or_in_two(upsert, before, rows, at):
    whole, outcomes = upsert.take_all(rows, before)

    first, first_outcomes = upsert.take_all(rows[:at], before)
    second, second_outcomes = upsert.take_all(rows[at:], first or before)

    assert (second or first) == whole
    assert codes(first_outcomes + second_outcomes) == codes(outcomes)
