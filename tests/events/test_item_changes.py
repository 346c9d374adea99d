"""What the stream tells of an item: how it was before, and how it is after."""

import pytest

from chalicelib.services import blacklist, contacts, groups
from chalicelib.storage.contact_items import contact_in
from chalicelib.storage.items import BlacklistItem, GroupItem, MembershipItem
from chalicelib.storage.keys import ItemKind, of_id
from chalicelib.storage.stream_records import (
    StreamEvent,
    StreamFilter,
    UnreadableRecordError,
    change_of,
)
from tests.account import caller_of
from tests.events.conftest import NOW
from tests.storage.steps import create, create_group, join, leave, number

EVERYTHING = StreamFilter(frozenset(ItemKind), frozenset(StreamEvent))


@pytest.fixture
def changes_of(delivery):
    """Return the changes of the account's items of a kind, in their order."""

    def collect(kind):
        wanted = StreamFilter(frozenset({kind}), frozenset(StreamEvent))
        return [each for record in delivery.collect() if (each := change_of(record, wanted))]

    return collect


def test_contact_comes_changes_and_goes(account, changes_of):
    contact = create(account, title="Dr")
    contacts.update_contact(caller_of(account), number(), {"title": None, "company": "Acme"}, NOW)
    contacts.delete_contact(caller_of(account), number(), NOW)

    came, changed, went = changes_of(ItemKind.CONTACT)

    assert came.before is None
    assert contact_in(came.after) == contact
    assert changed.before == came.after
    assert contact_in(changed.after).details == {"company": "Acme"}
    assert went.before == changed.after
    assert went.after is None
    for each in (came, changed, went):
        assert (each.account_id, each.group_id) == (account.id, None)
        assert each.sort_key == number().e164
    assert len({came.event_id, changed.event_id, went.event_id}) == 3


def test_membership_comes_and_goes(account, changes_of):
    group = create_group(account)
    create(account)
    join(account, group)
    leave(account, group)

    came, went = changes_of(ItemKind.MEMBERSHIP)

    assert came.before is went.after is None
    assert came.after == went.before
    assert MembershipItem.from_raw_data(came.after).joined_on == NOW
    assert (came.account_id, came.group_id) == (account.id, group.id)
    assert came.sort_key == number().e164


def test_group_is_renamed(account, changes_of):
    group = create_group(account, "Old")
    groups.rename_group(caller_of(account), group.id, "New", NOW)

    _, renamed = changes_of(ItemKind.GROUP)

    names = [GroupItem.from_raw_data(each).name for each in (renamed.before, renamed.after)]
    assert names == ["Old", "New"]
    assert renamed.sort_key == of_id(group.id)


def test_number_goes_on_the_blacklist_and_off(account, changes_of):
    blacklist.blacklist_number(caller_of(account), number(), NOW)
    blacklist.allow_number(caller_of(account), number(), NOW)

    came, went = changes_of(ItemKind.BLACKLIST_ENTRY)

    assert BlacklistItem.from_raw_data(came.after).by_request
    assert (came.before, went.after) == (None, None)
    assert went.before == came.after


@pytest.mark.parametrize(("event", "has"), [("INSERT", "after"), ("REMOVE", "before")])
def test_record_without_images_tells_the_keys_of_what_came_or_went(event, has):
    at = {"PK": {"S": "BLACKLIST#a"}, "SK": {"S": "+1"}}

    change = change_of({"eventID": "1", "eventName": event, "dynamodb": {"Keys": at}}, EVERYTHING)

    assert change is not None
    images = {"before": change.before, "after": change.after}
    assert images == {"before": None, "after": None} | {has: at}


@pytest.mark.parametrize(
    ("partition", "sort_key"),
    [("GROUPS#a", "7"), ("BLACKLIST#a", "7"), ("GROUPS#", of_id(7)), ("BLACKLIST#a#b", "+1")],
)
def test_item_that_we_never_keep_is_unreadable(partition, sort_key):
    at = {"PK": {"S": partition}, "SK": {"S": sort_key}}

    with pytest.raises(UnreadableRecordError):
        change_of({"eventID": "1", "eventName": "INSERT", "dynamodb": {"Keys": at}}, EVERYTHING)
