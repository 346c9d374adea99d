"""What rows make of contacts, and what becomes of each row."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.contact import ContactData, new_contact
from chalicelib.domain.errors import ConflictError, ErrorCode, InvalidDataError
from chalicelib.domain.group import Group, GroupKind
from chalicelib.domain.limits import MAX_EXTRA_CHARACTERS
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.rows import (
    Joining,
    Leaving,
    Mode,
    Rejected,
    Upsert,
    take_all,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = datetime(2026, 1, 2, tzinfo=UTC)
DAY = date(2026, 2, 1)
NUMBER = PhoneNumber("+37251000000")
GROUP = Group(id=5, name="a", created_on=NOW, updated_on=NOW, contacts_count=0)
STOPLIST = replace(GROUP, id=6, kind=GroupKind.STOPLIST)

INTO_GROUP = Upsert(GROUP, LATER, DAY)
NEW_MEMBERS = Upsert(GROUP, LATER, DAY, Mode.REFUSE_MEMBERS)
OUTSIDE_GROUPS = Upsert(None, LATER, DAY)
UPSERT = Upsert(None, LATER, DAY, Mode.UPSERT, groups={GROUP.id: GROUP, STOPLIST.id: STOPLIST})

THERE = new_contact(ContactData(NUMBER, {"title": "a", "email": "b"}, {"city": "c"}), NOW, DAY)
MEMBER = THERE.joined(GROUP)
HALF = "x" * (MAX_EXTRA_CHARACTERS // 2)


def row(*, extra=None, group_ids=(), **details):
    return ContactData(NUMBER, details, extra or {}, group_ids=group_ids)


def taken(rule, rows, contact, **more):
    """Return the contact to write, and the outcome of each row in their order."""
    both = take_all(rule, dict(enumerate(rows)), contact, **more)
    assert both.outcomes.keys() == set(range(len(rows)))
    return both.contact, [both.outcomes[position] for position in range(len(rows))]


def codes(outcomes):
    return [each.reason.code.name if isinstance(each, Rejected) else "" for each in outcomes]


def told(outcomes):
    return [
        "rejected"
        if isinstance(each, Rejected)
        else each.effect.value
        if each.repeats is None
        else (each.effect.value, each.repeats)
        for each in outcomes
    ]


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

    contact, outcomes = taken(INTO_GROUP, rows, THERE)

    assert contact
    assert contact.details == {"title": "b", "email": "b"}
    assert [each.contact for each in outcomes] == [contact] * 4


def test_row_that_repeats_the_one_that_put_its_contact_into_the_group_is_rejected():
    contact, outcomes = taken(NEW_MEMBERS, [row(title="a"), row(title="b")], None)

    assert contact
    assert contact.details == {"title": "a"}
    assert codes(outcomes) == ["", "MEMBERSHIP_EXISTS"]


def test_rejected_row_leaves_the_contact_to_the_next_as_it_was():
    rows = [row(extra={"a": HALF}), row(title="b", extra={"b": HALF}), row(extra={"c": 1})]

    contact, outcomes = taken(INTO_GROUP, rows, None)

    assert contact
    assert (contact.details, contact.extra) == ({}, {"a": HALF, "c": 1})
    assert codes(outcomes) == ["", "INVALID_DATA", ""]


def test_nothing_is_written_if_every_row_is_rejected():
    contact, outcomes = taken(NEW_MEMBERS, [row(), row(extra={"a": HALF * 3})], MEMBER)

    assert contact is None
    assert codes(outcomes) == ["MEMBERSHIP_EXISTS"] * 2


def test_each_row_is_told_what_it_changed_after_the_rows_before_it():
    rows = [
        row(title="a"),
        row(title="b"),
        row(title="b", email=None),
        row(title="a"),
        row(title="a"),
        row(extra={"a": HALF * 3}),
        row(email=None),
    ]

    after, outcomes = taken(UPSERT, rows, None)

    assert after
    assert told(outcomes) == [
        "created",
        "updated",
        ("duplicate", 1),
        "updated",
        ("duplicate", 3),
        "rejected",
        ("duplicate", 3),
    ]


@pytest.mark.parametrize(
    ("sent", "effect"),
    [
        (row(title="b", group_ids=[5]), "updated"),
        (row(extra={"city": True}), "updated"),
        (row(title="a", group_ids=[5]), "joined"),
        (row(title="a", extra={"city": "c"}), "unchanged"),
        (row(custom=None, extra={"b": None}), "unchanged"),
    ],
)
def test_row_is_told_whether_it_changed_a_field_or_only_joined(sent, effect):
    after, outcomes = taken(UPSERT, [sent], THERE)

    assert told(outcomes) == [effect]
    assert (after is None) is (effect == "unchanged")
    assert outcomes[0].contact == (after or THERE)


def test_true_in_place_of_1_is_a_change():
    there = replace(THERE, extra={"a": 1})

    assert told(taken(UPSERT, [row(extra={"a": True})], there)[1]) == ["updated"]


def test_only_a_row_that_changes_a_field_is_a_change_of_its_contact():
    joined, _ = taken(UPSERT, [row(group_ids=[5])], THERE)
    updated, _ = taken(UPSERT, [row(title="b", group_ids=[5])], THERE)

    assert joined == THERE.joined(GROUP)
    assert updated
    assert (joined.updated_on, updated.updated_on) == (NOW, LATER)


def test_row_touches_a_contact_that_has_all_its_values_where_that_is_wanted():
    after, outcomes = taken(OUTSIDE_GROUPS, [row(title="a")], THERE)

    assert after == replace(THERE, updated_on=LATER)
    assert told(outcomes) == ["unchanged"]


def test_row_that_names_groups_which_do_not_exist_is_rejected_and_says_which():
    after, outcomes = taken(UPSERT, [row(title="b", group_ids=[5, 9, 6, 8])], THERE)

    assert after is None
    assert codes(outcomes) == ["GROUP_NOT_FOUND"]
    assert outcomes[0].reason.positions == (1, 3)


def test_row_joins_the_groups_that_it_names_besides_the_group_of_all_rows():
    rule = replace(UPSERT, group=replace(GROUP, id=7))

    after, _ = taken(rule, [row(group_ids=[5]), row(group_ids=[6, 6])], None)

    assert after
    assert (after.group_ids, after.stoplist_ids) == ({5, 6, 7}, {6})


def test_blacklisted_number_is_told_before_what_its_row_did():
    rows = [row(title="b"), row(title="b"), row(title="c"), row(group_ids=[9])]

    after, outcomes = taken(UPSERT, rows, THERE, is_blacklisted=True)

    assert after
    assert after.details["title"] == "c"
    assert told(outcomes) == ["suppressed", ("duplicate", 0), "suppressed", "rejected"]


def test_row_is_rejected_if_the_contact_is_not_as_its_own_check_expects_it():
    seen = []

    def check(contact, is_blacklisted):
        seen.append((contact, is_blacklisted))
        if contact is None:
            raise InvalidDataError.of("id", "cannot be changed")

    rows = [replace(row(title="b"), check=check)] * 2

    assert codes(taken(UPSERT, rows[:1], None)[1]) == ["INVALID_DATA"]
    after, outcomes = taken(UPSERT, rows, THERE, is_blacklisted=True)
    assert told(outcomes) == ["suppressed", ("duplicate", 0)]
    assert seen == [(None, False), (THERE, True), (after, True)]


def test_extra_fields_whose_names_begin_alike_can_be_replaced_together():
    there = replace(THERE, extra={"a.b": 1, "a.c": 2, "b": 3})

    after, _ = taken(UPSERT, [replace(row(extra={"a.d": 4}), replaced_extra="a.")], there)

    assert after
    assert after.extra == {"b": 3, "a.d": 4}


def test_number_is_stopped_again_by_the_first_of_its_rows_that_names_a_stoplist():
    member = THERE.joined(STOPLIST)
    member = replace(member, stopped_anew_by=frozenset())

    after, outcomes = taken(UPSERT, [row(), row(group_ids=[6]), row(group_ids=[6])], member)

    assert after
    assert after.stopped_anew_by == {6}
    assert told(outcomes) == ["unchanged", "joined", ("duplicate", 1)]


def test_keys_join_and_leave_a_group():
    joined, into = taken(Joining(GROUP), [NUMBER, NUMBER], THERE)
    left, out = taken(Leaving(GROUP.id, DAY), [NUMBER, NUMBER], MEMBER)

    assert joined == THERE.joined(GROUP)
    assert told(into) == ["joined", ("duplicate", 0)]
    assert left == replace(THERE, scheduled_deletion_date=DAY)
    assert told(out) == ["updated", ("duplicate", 0)]


def test_key_of_no_contact_neither_joins_nor_leaves():
    for rule in (Joining(GROUP), Leaving(GROUP.id, DAY)):
        after, outcomes = taken(rule, [NUMBER], None)
        assert after is None
        assert codes(outcomes) == ["CONTACT_NOT_FOUND"]


def test_nothing_is_written_of_who_is_in_the_group_already_or_not_in_it():
    assert told(taken(Joining(GROUP), [NUMBER], MEMBER)[1]) == ["unchanged"]
    assert told(taken(Leaving(GROUP.id, DAY), [NUMBER], THERE)[1]) == ["unchanged"]
    assert taken(Joining(GROUP), [NUMBER], MEMBER)[0] is None
    assert taken(Leaving(GROUP.id, DAY), [NUMBER], THERE)[0] is None


rows_of_a_number = st.lists(
    st.builds(
        lambda details, extra: row(extra=extra, **details),
        st.dictionaries(st.sampled_from(["title", "email"]), st.sampled_from(["a", "b", None])),
        st.dictionaries(st.sampled_from(["a", "b"]), st.sampled_from([HALF, 1, None])),
    ),
    max_size=6,
)


@given(
    st.sampled_from([INTO_GROUP, NEW_MEMBERS, OUTSIDE_GROUPS, UPSERT]),
    st.sampled_from([THERE, MEMBER]),
    rows_of_a_number,
    st.integers(0, 6),
)
def test_rows_make_the_same_of_a_contact_in_one_part_or_in_two(upsert, before, rows, at):
    """A row of the second part repeats none of the first, so it is then unchanged."""
    whole, outcomes = taken(upsert, rows, before)

    first, first_outcomes = taken(upsert, rows[:at], before)
    second, second_outcomes = taken(upsert, rows[at:], first or before)

    assert (second or first) == whole
    assert codes(first_outcomes + second_outcomes) == codes(outcomes)


@given(st.sampled_from([None, THERE, MEMBER]), rows_of_a_number)
def test_row_is_told_as_if_it_were_alone_but_for_duplicates(before, rows):
    contact = before
    alone = []
    for each in rows:
        after, outcomes = taken(UPSERT, [each], contact)
        contact = after or contact
        alone += told(outcomes)

    _, outcomes = taken(UPSERT, rows, before)

    seen = False
    for alone_told, each in zip(alone, outcomes, strict=True):
        (now_told,) = told([each])
        if alone_told == "unchanged" and seen:
            assert now_told == ("duplicate", each.repeats)
            assert told([outcomes[each.repeats]])[0] not in {"rejected", "duplicate"}
        else:
            assert now_told == alone_told
        seen = seen or alone_told != "rejected"
