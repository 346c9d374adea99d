"""What a phonebook does, told in every dialect in the same steps."""

import pytest

from chalicelib.dialects.registry import DIALECTS
from tests.behaviour import known_gaps
from tests.behaviour.messente import MessenteSpeaker
from tests.behaviour.speaker import Refusal, RefusedError
from tests.behaviour.speakers import (
    NEEDED,
    SPEAKERS,
    details_of,
    story,
    story_of_each_detail,
)
from tests.patience import eventually

ANN = "+37251000001"
BOB = "+37251000002"
CEM = "+37251000003"
NAME = {"first_name": "Ann", "last_name": "Õun"}


def refused(refusal):
    """Expect that a step is not done, for this reason."""
    return pytest.raises(RefusedError, match=refusal.name)


@story()
def test_contact_is_read_as_it_was_created(speaker):
    friends = speaker.create_group("Friends")

    contact = speaker.create_contact(ANN, NAME, friends)

    shown = speaker.read_contact(contact)
    expected = {detail: NAME.get(detail) for detail in details_of(speaker.dialect)}
    assert {name: shown[name] for name in ("phone_number", *expected)} == {
        "phone_number": ANN, **expected,
    }  # fmt: skip
    assert speaker.list_members(friends) == [ANN]


@pytest.mark.parametrize(
    "written",
    ["5100 0001", "00372 5100 0001", "\u202a+372\u00a05100\u00a00001\u202c", "tel:+372-5100-0001"],
)
@story()
def test_number_is_whose_it_is_however_it_is_written(speaker, written):
    friends = speaker.create_group("Friends")

    speaker.create_contact(written, {}, friends)

    assert speaker.list_members(friends) == [ANN]
    with refused(Refusal.DUPLICATE):
        speaker.create_contact(ANN, {}, friends)


@pytest.mark.parametrize(
    "written", ["+372 5100 0001.0", "3.725E+10", "0412345678", "5100 0001 / 5100 0002"]
)
@story()
def test_what_may_be_somebody_elses_number_is_refused(speaker, written):
    friends = speaker.create_group("Friends")

    with refused(Refusal.INVALID):
        speaker.create_contact(written, {}, friends)

    assert speaker.list_members(friends) == []


@story_of_each_detail()
def test_detail_is_the_same_one_in_every_dialect(speaker, detail, client):
    contact = speaker.create_contact(ANN, {detail: 'a "b" \\ ü'}, speaker.create_group("Friends"))

    assert speaker.read_contact(contact).get(detail) == 'a "b" \\ ü'
    assert MessenteSpeaker(client).read_contact(ANN)[detail] == 'a "b" \\ ü'


@story_of_each_detail(known_gaps.NO_SUCH_FIELD)
def test_detail_that_a_dialect_lacks_is_refused_by_its_name(speaker, detail):
    friends = speaker.create_group("Friends")

    with pytest.raises(RefusedError, match=f"{Refusal.INVALID.name}.*{detail}"):
        speaker.create_contact(ANN, {detail: "a"}, friends)

    assert speaker.list_members(friends) == []


@story_of_each_detail(known_gaps.FIELD_OF_ITS_OWN)
def test_field_that_is_named_as_a_detail_of_ours_is_not_taken_for_it(speaker, detail, client):
    speaker.create_contact(ANN, {detail: "a"}, speaker.create_group("Friends"))

    assert MessenteSpeaker(client).read_contact(ANN)[detail] is None


@story("create_contact_outside_groups")
def test_contact_needs_no_group(speaker):
    contact = speaker.create_contact_outside_groups(ANN, NAME)

    assert speaker.read_contact(contact)["first_name"] == "Ann"


@story()
def test_change_leaves_what_it_does_not_name_and_clears_what_it_empties(speaker):
    contact = speaker.create_contact(ANN, NAME, speaker.create_group("Friends"))

    speaker.change_contact(contact, {"first_name": "Anna"})
    assert speaker.read_contact(contact).items() >= {**NAME, "first_name": "Anna"}.items()

    speaker.change_contact(contact, {"last_name": None})
    assert (
        speaker.read_contact(contact).items() >= {"first_name": "Anna", "last_name": None}.items()
    )


@story("change_number")
def test_contact_stays_the_same_under_another_number(speaker):
    friends = speaker.create_group("Friends")
    contact = speaker.create_contact(ANN, NAME, friends)

    contact = speaker.change_number(contact, BOB)

    assert speaker.read_contact(contact).items() >= {"phone_number": BOB, **NAME}.items()
    assert speaker.list_members(friends) == [BOB]


@story("delete_contact")
def test_deleted_contact_is_gone_from_its_groups(speaker):
    friends = speaker.create_group("Friends")
    contact = speaker.create_contact(ANN, {}, friends)
    speaker.create_contact(BOB, {}, friends)

    speaker.delete_contact(contact)

    assert speaker.list_members(friends) == [BOB]
    with refused(Refusal.MISSING):
        speaker.read_contact(contact)


@story()
def test_contact_is_in_every_group_that_it_was_put_into(speaker):
    friends, family = speaker.create_group("Friends"), speaker.create_group("Family")
    contact = speaker.create_contact(ANN, NAME, friends)
    speaker.create_contact(BOB, {}, friends)

    speaker.put_into_group(contact, family)

    assert speaker.list_members(friends) == [ANN, BOB]
    assert speaker.list_members(family) == [ANN]
    assert speaker.read_contact(contact).items() >= NAME.items()


@story("list_groups_of_contact")
def test_contact_knows_its_groups(speaker):
    friends, family = speaker.create_group("Friends"), speaker.create_group("Family")
    contact = speaker.create_contact(ANN, {}, friends)
    speaker.put_into_group(contact, family)

    assert sorted(speaker.list_groups_of_contact(contact)) == sorted([friends, family])


@story("take_out_of_group")
def test_contact_that_leaves_a_group_stays_in_the_others(speaker):
    friends, family = speaker.create_group("Friends"), speaker.create_group("Family")
    contact = speaker.create_contact(ANN, NAME, friends)
    speaker.put_into_group(contact, family)

    speaker.take_out_of_group(contact, family)

    assert speaker.list_members(family) == []
    assert speaker.list_members(friends) == [ANN]
    with refused(Refusal.MISSING):
        speaker.take_out_of_group(contact, family)


@story()
def test_group_is_found_under_its_name(speaker):
    friends = speaker.create_group("Friends & Co")

    assert speaker.read_group(friends) == "Friends & Co"
    assert speaker.find_group("Friends & Co") == friends


@story("rename_group")
def test_renamed_group_keeps_its_members(speaker):
    friends = speaker.create_group("Friends")
    speaker.create_contact(ANN, {}, friends)

    speaker.rename_group(friends, "Family")

    assert speaker.read_group(friends) == "Family"
    assert speaker.list_members(friends) == [ANN]


@story()
def test_deleted_group_is_gone(speaker):
    friends, family = speaker.create_group("Friends"), speaker.create_group("Family")

    speaker.delete_group(friends)

    assert speaker.find_group("Family") == family
    for step in (speaker.read_group, speaker.list_members, speaker.delete_group):
        with refused(Refusal.MISSING):
            step(friends)


@story("read_contact_outside_groups")
def test_contact_outlives_its_groups(speaker):
    friends = speaker.create_group("Friends")
    contact = speaker.create_contact(ANN, NAME, friends)

    speaker.delete_group(friends)

    assert speaker.read_contact_outside_groups(contact).items() >= NAME.items()


@story()
def test_second_contact_of_a_number_is_refused(speaker):
    friends = speaker.create_group("Friends")
    contact = speaker.create_contact(ANN, NAME, friends)

    with refused(Refusal.DUPLICATE):
        speaker.create_contact("+372 5100-0001", {"first_name": "Bob"}, friends)

    assert speaker.read_contact(contact)["first_name"] == "Ann"
    assert speaker.list_members(friends) == [ANN]


@story()
def test_what_is_invalid_is_refused_and_changes_nothing(speaker):
    friends = speaker.create_group("Friends")
    contact = speaker.create_contact(ANN, NAME, friends)

    for number in ("123", "Ann", ""):
        with refused(Refusal.INVALID):
            speaker.create_contact(number, {}, friends)
    with refused(Refusal.INVALID):
        speaker.change_contact(contact, {"first_name": "x" * 1_001})
    with refused(Refusal.INVALID):
        speaker.create_group("")

    assert speaker.list_members(friends) == [ANN]
    assert speaker.read_contact(contact).items() >= NAME.items()


@story()
def test_what_is_missing_is_not_found(speaker, stranger):
    """Nobody else's contacts and groups are there for anyone."""
    friends = speaker.create_group("Friends")
    contact = speaker.create_contact(ANN, NAME, friends)
    other = speaker.of(stranger)
    others = other.create_group("Others")
    other_contact = other.create_contact(BOB, {}, others)

    for step in (
        lambda: other.read_contact(contact),
        lambda: other.change_contact(contact, {"first_name": "Eve"}),
        lambda: other.delete_contact(contact),
        lambda: other.read_group(friends),
        lambda: other.list_members(friends),
        lambda: other.delete_group(friends),
        lambda: other.create_contact(CEM, {}, friends),
        lambda: other.put_into_group(other_contact, friends),
        lambda: other.put_into_group(contact, others),
    ):
        with refused(Refusal.MISSING):
            step()

    assert speaker.read_contact(contact).items() >= NAME.items()
    assert speaker.list_members(friends) == [ANN]
    assert other.list_members(others) == [BOB]


@story("count_contacts")
def test_contacts_are_counted(speaker, events):
    friends = speaker.create_group("Friends")
    for number in (ANN, BOB, CEM):
        speaker.create_contact(number, {}, friends)

    assert eventually(speaker.count_contacts, 3)


@story("count_members")
def test_members_of_a_group_are_counted(speaker, events):
    friends, family = speaker.create_group("Friends"), speaker.create_group("Family")
    for number in (ANN, BOB, CEM):
        speaker.create_contact(number, {}, friends)
    speaker.create_contact("+37251000004", {}, family)

    assert eventually(lambda: speaker.count_members(friends), 3)
    assert eventually(lambda: speaker.count_members(family), 1)


def test_every_dialect_has_a_speaker():
    assert [speaker.dialect for speaker in SPEAKERS] == [dialect.name for dialect in DIALECTS]


def test_each_gap_is_one_of_a_dialect_and_makes_a_story_fail():
    dialects = {dialect for dialect, _ in (*known_gaps.STEPS, *known_gaps.DETAILS)}

    assert dialects <= {dialect.name for dialect in DIALECTS}
    assert {step for _, step in known_gaps.STEPS} <= NEEDED
