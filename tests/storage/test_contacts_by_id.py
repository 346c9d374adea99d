"""A contact that is asked for by its id, wherever it is."""

import pytest

from chalicelib.domain.errors import ConflictError, ErrorCode, NotFoundError
from chalicelib.services import contacts, groups, memberships
from chalicelib.storage import keys
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


def actions(account, contact_id, group):
    """Everything that can be done with a contact by its id."""
    return [
        lambda: contacts.retrieve_contact(account, contact_id),
        lambda: contacts.update_contact(caller_of(account), contact_id, {"title": "a"}, NOW),
        lambda: change(account, contact_id, extra={"city": "a"}),
        lambda: change(account, contact_id, phone_number=number(9)),
        lambda: contacts.delete_contact(caller_of(account), contact_id, NOW),
        lambda: memberships.add_to_group(caller_of(account), group.id, contact_id, NOW),
        lambda: memberships.remove_from_group(caller_of(account), group.id, contact_id, NOW),
        lambda: move(account, group, contact_id),
        lambda: groups.list_groups_of_contact(account, contact_id),
    ]


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


@pytest.mark.parametrize("action", range(9))
def test_id_of_nothing_is_not_found(account, action):
    with pytest.raises(NotFoundError) as refusal:
        actions(account, 2**53 - 1, create_group(account))[action]()
    assert refusal.value.code is ErrorCode.CONTACT_NOT_FOUND


@pytest.mark.parametrize("action", range(9))
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
        actions(account, stale, group)[action]()

    assert refusal.value.code is ErrorCode.CONTACT_NOT_FOUND
    assert stored_contact(account).attribute_values == before
    assert contacts.retrieve_contact(account, other.id).group_ids == {group.id}


def test_conflict_names_the_contact_that_is_there(account):
    created = create(account)

    with pytest.raises(ConflictError) as refusal:
        create(account)
    assert refusal.value.contact_id == created.id
