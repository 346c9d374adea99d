"""A contact that is asked for by its id, wherever it is."""

import json

import pytest

from chalicelib.domain.errors import ConflictError, ErrorCode, NotFoundError, UnavailableError
from chalicelib.services import contacts, groups, memberships
from chalicelib.storage import keys
from chalicelib.storage.dynamodb.tries import DECISION_TRIES
from chalicelib.storage.items import ContactIdItem
from tests.account import caller_of
from tests.storage.conftest import NOW
from tests.storage.steps import (
    assert_whole,
    change,
    create,
    create_group,
    join,
    move,
    number,
    stored_contact,
)

ACTIONS = {
    "retrieve": lambda account, key, _: contacts.retrieve_contact(account, key),
    "update": lambda account, key, _: contacts.update_contact(
        caller_of(account), key, {"title": "a"}, NOW
    ),
    "change a field": lambda account, key, _: change(account, key, extra={"city": "a"}),
    "change the number": lambda account, key, _: change(account, key, phone_number=number(9)),
    "delete": lambda account, key, _: contacts.delete_contact(caller_of(account), key, NOW),
    "join": lambda account, key, group: memberships.add_to_group(
        caller_of(account), group.id, key, NOW
    ),
    "join with others": lambda account, key, group: memberships.add_all_to_group(
        caller_of(account), group.id, [key], NOW
    ),
    "leave": lambda account, key, group: memberships.remove_from_group(
        caller_of(account), group.id, key, NOW
    ),
    "move": lambda account, key, group: move(account, group, key),
    "list its groups": lambda account, key, _: groups.list_groups_of_contact(account, key),
}
"""Everything that can be done with a contact by its id."""


def test_contact_is_used_by_its_id_as_by_its_number(account):
    created = create(account)
    group = create_group(account)

    assert contacts.retrieve_contact(account, created.id) == created
    assert (
        contacts.update_contact(caller_of(account), created.id, {"title": "a"}, NOW).details[
            "title"
        ]
        == "a"
    )
    memberships.add_to_group(caller_of(account), group.id, created.id, NOW)
    with pytest.raises(ConflictError) as refusal:
        memberships.add_to_group(caller_of(account), group.id, created.id, NOW)
    assert refusal.value.contact_id == created.id
    assert groups.list_groups_of_contact(account, created.id) == [group]
    memberships.remove_from_group(caller_of(account), group.id, created.id, NOW)
    with pytest.raises(NotFoundError) as missing:
        memberships.remove_from_group(caller_of(account), group.id, created.id, NOW)
    assert missing.value.code is ErrorCode.MEMBERSHIP_NOT_FOUND
    contacts.delete_contact(caller_of(account), created.id, NOW)
    assert_whole(account, [group])


@pytest.mark.parametrize("action", ACTIONS)
def test_id_of_nothing_is_not_found(account, action):
    with pytest.raises(NotFoundError) as refusal:
        ACTIONS[action](account, 2**53 - 1, create_group(account))
    assert refusal.value.code is ErrorCode.CONTACT_NOT_FOUND


@pytest.mark.parametrize("action", ACTIONS)
def test_another_contact_at_the_number_is_never_taken_for_it(account, action):
    """An id item that a broken-off creation left behind, and one that was read too early."""
    stale = 12345
    ContactIdItem(
        keys.contact_ids(account.id), keys.of_id(stale), phone_number=number().e164
    ).save()
    group = create_group(account)
    other = create(account)
    join(account, group)
    before = stored_contact(account).attribute_values

    with pytest.raises(NotFoundError) as refusal:
        ACTIONS[action](account, stale, group)

    assert refusal.value.code is ErrorCode.CONTACT_NOT_FOUND
    assert stored_contact(account).attribute_values == before
    assert contacts.retrieve_contact(account, other.id).group_ids == {group.id}


def leading_to(*numbers):
    """Return a fault that lets an id lead to where its contact was before, and then to where it is.

    So it is answered to whoever asks just before each change of the number.
    """
    before = iter(numbers)

    def lead(engine, headers, body):
        status, answer = engine.pass_on(headers, body)
        number_before = next(before, None)
        if number_before is None:
            return status, answer
        item = json.loads(answer)["Item"] | {"phoneNumber": {"S": number_before.e164}}
        return status, json.dumps({"Item": item}).encode()

    return lead


@pytest.mark.real_engine
@pytest.mark.parametrize("action", ACTIONS)
def test_contact_whose_number_just_changed_is_looked_for_again(account, engine, action):
    """By then another contact is at its old number, in the same group."""
    group = create_group(account)
    changed = create(account, 1)
    if action == "leave":
        join(account, group, 1)
    create(account)
    join(account, group)
    other = stored_contact(account).attribute_values
    engine.fail_always("GetItem", "CONTACT_IDS#", leading_to(number()))

    ACTIONS[action](account, changed.id, group)

    assert stored_contact(account).attribute_values == other
    assert_whole(account, [group])


@pytest.mark.real_engine
def test_contact_whose_number_changes_at_every_try_is_given_up_as_busy(account, engine):
    created = create(account)
    engine.fail_always(
        "GetItem", "CONTACT_IDS#", leading_to(*[number(1), number(2)] * DECISION_TRIES)
    )

    with pytest.raises(UnavailableError) as failure:
        contacts.retrieve_contact(account, created.id)

    assert failure.value.code is ErrorCode.BUSY


def test_conflict_names_the_contact_that_is_there(account):
    created = create(account)

    with pytest.raises(ConflictError) as refusal:
        create(account)
    assert refusal.value.contact_id == created.id
