"""Each use case that is documented, carried out on a small contact of an account of its own."""

from collections.abc import Callable
from datetime import timedelta
from itertools import islice
from typing import Final, TypeAlias

from benchmarks.contacts import NOW, STAMP
from benchmarks.contacts import number as number_of
from chalicelib.domain.caller import Caller
from chalicelib.domain.contact import Contact, ContactChanges, ContactData
from chalicelib.domain.contact_write import ContactWrite
from chalicelib.domain.credential import PresentedCredential
from chalicelib.domain.group import Group, GroupKind
from chalicelib.domain.imports import ImportMode, ImportRow
from chalicelib.domain.ledger import Reason, Stop
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.recipients import Campaign
from chalicelib.domain.rows import KeyRow, Mode
from chalicelib.domain.search import parse_search
from chalicelib.domain.selection import ContactFilter, Order, Slice
from chalicelib.services import accounts, blacklist, contacts, groups, members, paging, selecting
from chalicelib.services.authentication import Authenticator
from chalicelib.services.changes import SETTLES_AFTER, list_changes
from chalicelib.services.erasing import erase
from chalicelib.services.importing import Import
from chalicelib.services.indexing import index_changes, index_contacts
from chalicelib.services.memberships import (
    add_all_to_group,
    add_to_group,
    change_members,
    create_or_join,
    move_to_group,
    remove_from_group,
)
from chalicelib.services.profiles import profile_of
from chalicelib.services.recipients import page_of_recipients
from chalicelib.services.searching import search
from chalicelib.services.telling import tell
from chalicelib.services.uploading import upload_contacts
from chalicelib.services.writing import write_contact
from chalicelib.storage import contact_items, keys, suppression
from chalicelib.storage.dynamodb.batches import StoredItem
from chalicelib.storage.dynamodb.connection import table
from chalicelib.storage.items import GroupItem
from chalicelib.storage.stream_records import ItemChange

UseCase: TypeAlias = Callable[[], object]
Preparation: TypeAlias = Callable[[Caller], UseCase]

_DETAILS: Final = {
    "first_name": "Some",
    "last_name": "Body",
    "company": "Acme",
    "email": "some.body@example.com",
}

PREPARATIONS: Final[dict[str, Preparation]] = {}
"""By the name of each use case, what has to be there before it. It returns the use case itself,
which may be carried out once."""


def prepares(use_case: str) -> Callable[[Preparation], Preparation]:
    """Say of a function that it prepares *use_case*."""

    def noted(preparation: Preparation) -> Preparation:
        PREPARATIONS[use_case] = preparation
        return preparation

    return noted


@prepares("authenticate, cold")
def _(caller: Caller) -> UseCase:
    presented = _credential(caller)
    _authenticator().authenticate(presented)
    return lambda: _authenticator().authenticate(presented)


@prepares("authenticate, the first time on a day")
def _(caller: Caller) -> UseCase:
    presented = _credential(caller)
    return lambda: _authenticator().authenticate(presented)


@prepares("authenticate, warm")
def _(caller: Caller) -> UseCase:
    presented = _credential(caller)
    authenticator = _authenticator()
    authenticator.authenticate(presented)
    return lambda: authenticator.authenticate(presented)


@prepares("create a contact")
def _(caller: Caller) -> UseCase:
    return lambda: _create(caller, title="Sir")


@prepares("index a new contact")
def _(caller: Caller) -> UseCase:
    contact = _create(caller, 0, **_DETAILS)
    return lambda: index_contacts(caller.account.id, [contact.phone_number.e164])


@prepares("index a change of a last name")
def _(caller: Caller) -> UseCase:
    before = _create(caller, 0, **_DETAILS)
    index_contacts(caller.account.id, [before.phone_number.e164])
    stored = contact_items.get_stored(caller.account.id, before.id)
    contacts.change_contact(caller, before.id, ContactChanges(details={"last_name": "Else"}), NOW)
    after = contact_items.get_stored(caller.account.id, before.id)
    change = _change_of(caller, keys.ItemKind.CONTACT, before=stored, after=after)
    return lambda: index_changes([change])


@prepares("tell of 3 changes of contacts")
def _(caller: Caller) -> UseCase:
    stored = [
        contact_items.get_stored(caller.account.id, _create(caller, index).id) for index in range(3)
    ]
    changes = [_change_of(caller, keys.ItemKind.CONTACT, after=each) for each in stored]
    return lambda: tell(changes, NOW)


@prepares("tell of a number that is stopped")
def _(caller: Caller) -> UseCase:
    blacklist.stop_number(caller, PhoneNumber(number_of(0)), NOW)
    (stored,) = table().query(keys.ledger(caller.account.id), consistent_read=True)["Items"]
    change = _change_of(caller, keys.ItemKind.LEDGER_ENTRY, after=stored)
    return lambda: tell([change], NOW)


@prepares("read 3 changes")
def _(caller: Caller) -> UseCase:
    PREPARATIONS["tell of 3 changes of contacts"](caller)()
    later = NOW + SETTLES_AFTER + timedelta(seconds=1)
    return lambda: list_changes(caller.account, after=None, limit=3, now=later)


def _change_of(
    caller: Caller, kind: keys.ItemKind, *, after: StoredItem, before: StoredItem | None = None
) -> ItemChange:
    return ItemChange(
        event_id="any",
        at=NOW,
        kind=kind,
        account_id=caller.account.id,
        group_id=None,
        sort_key=after["SK"]["S"],
        before=before,
        after=after,
    )


@prepares("search 3 contacts by a word that a few have")
def _(caller: Caller) -> UseCase:
    return _searching(caller, 3, "body")


@prepares("search 3 contacts by a word that 150 have")
def _(caller: Caller) -> UseCase:
    return _searching(caller, 150, "body")


@prepares("search 3 contacts by the beginning of their number")
def _(caller: Caller) -> UseCase:
    return _searching(caller, 3, number_of(0)[:8])


def _searching(caller: Caller, many: int, text: str) -> UseCase:
    numbers = [_create(caller, index, **_DETAILS).phone_number.e164 for index in range(many)]
    index_contacts(caller.account.id, numbers)
    wanted = parse_search(text)
    return lambda: list(islice(search(caller.account, wanted, after=None, expected=3), 3))


@prepares("retrieve a contact in no group")
def _(caller: Caller) -> UseCase:
    _create(caller)
    return lambda: contacts.retrieve_contact(caller.account, _number())


@prepares("retrieve a contact in groups")
def _(caller: Caller) -> UseCase:
    _create_in_groups(caller, 2)
    return lambda: contacts.retrieve_contact(caller.account, _number())


@prepares("update a contact in no group")
def _(caller: Caller) -> UseCase:
    _create(caller, title="Sir")
    changes = {"title": None, "email": "a"}
    return lambda: contacts.update_contact(caller, _number(), changes, NOW)


@prepares("update a contact in groups")
def _(caller: Caller) -> UseCase:
    _create_in_groups(caller, 2)
    return lambda: contacts.update_contact(caller, _number(), {"email": "a"}, NOW)


@prepares("retrieve a contact by its id")
def _(caller: Caller) -> UseCase:
    created = _create(caller)
    return lambda: contacts.retrieve_contact(caller.account, created.id)


@prepares("update a contact by its id")
def _(caller: Caller) -> UseCase:
    created = _create(caller)
    changes = ContactChanges(details={"title": "a"})
    return lambda: contacts.change_contact(caller, created.id, changes, NOW)


@prepares("change an extra field")
def _(caller: Caller) -> UseCase:
    _create(caller)
    changes = ContactChanges(extra={"city": "a"})
    return lambda: contacts.change_contact(caller, _number(), changes, NOW)


@prepares("change a number")
def _(caller: Caller) -> UseCase:
    _create(caller)
    changes = ContactChanges(phone_number=_number(1))
    return lambda: contacts.change_contact(caller, _number(), changes, NOW)


@prepares("change a number in one group")
def _(caller: Caller) -> UseCase:
    _create_in_groups(caller, 1)
    changes = ContactChanges(phone_number=_number(1))
    return lambda: contacts.change_contact(caller, _number(), changes, NOW)


@prepares("delete a contact in no group")
def _(caller: Caller) -> UseCase:
    _create(caller)
    return lambda: contacts.delete_contact(caller, _number(), NOW)


@prepares("list 3 contacts")
def _(caller: Caller) -> UseCase:
    for index in range(3):
        _create(caller, index)
    return lambda: list(contacts.list_contacts(caller.account))


@prepares("list 3 contacts of a group")
def _(caller: Caller) -> UseCase:
    group = _create_group(caller)
    for index in range(3):
        _create_in(caller, group, index)
    return lambda: list(contacts.list_contacts_of_groups(caller.account, [group.id]))


@prepares("retrieve a group with its 3 contacts")
def _(caller: Caller) -> UseCase:
    group = _create_group_of(caller, 3)

    def retrieve() -> object:
        _, found = members.retrieve_group_with_members(caller.account, group.id)
        return list(found)

    return retrieve


@prepares("list a page of 3 contacts of a group")
def _(caller: Caller) -> UseCase:
    group = _create_group_of(caller, 5)
    _count_as(caller, group, 5)
    return lambda: paging.page_of_group(caller.account, group.id, offset=1, limit=3)


@prepares("list the last page, of 3 contacts of a group")
def _(caller: Caller) -> UseCase:
    group = _create_group_of(caller, 5)
    return lambda: paging.page_of_group(caller.account, group.id, offset=2, limit=3)


@prepares("choose among 3 contacts of a group, of which one is blacklisted")
def _(caller: Caller) -> UseCase:
    group = _create_group_of(caller, 3)
    blacklist.blacklist_number(caller, _number(), NOW)
    everybody, in_order, whole = ContactFilter(), Order(descending=True), Slice(0, None)
    return lambda: list(selecting.select_members(caller.account, group, everybody, in_order, whole))


@prepares("list 3 recipients of a group, of which a fourth contact is blacklisted")
def _(caller: Caller) -> UseCase:
    group = _create_group(caller)
    for index in range(4):
        create_or_join(caller, group.id, ContactData(_number(index)), NOW, refuse_member=True)
    blacklist.blacklist_number(caller, _number(1), NOW)
    campaign = Campaign(group_ids=frozenset({group.id}), numbers=[], excluded_group_ids=frozenset())
    return lambda: page_of_recipients(caller.account, campaign, after=None, limit=10)


@prepares("see the group and the opt-out of a contact")
def _(caller: Caller) -> UseCase:
    group = _create_group(caller)
    contact = create_or_join(caller, group.id, ContactData(_number()), NOW, refuse_member=True)
    return lambda: profile_of(caller.account, contact)


@prepares("replace a contact and its group")
def _(caller: Caller) -> UseCase:
    before, after = _create_group(caller), _create_group(caller)
    create_or_join(caller, before.id, ContactData(_number()), NOW, refuse_member=True)
    write = ContactWrite(details={"title": "Sir"}, group_ids=(after.id,), may_create=True)
    return lambda: write_contact(caller, _number(), write, NOW)


@prepares("count all contacts")
def _(caller: Caller) -> UseCase:
    return lambda: contacts.count_contacts(caller.account)


@prepares("create a group")
def _(caller: Caller) -> UseCase:
    return lambda: _create_group(caller)


@prepares("retrieve a group")
def _(caller: Caller) -> UseCase:
    group = _create_group(caller)
    return lambda: groups.retrieve_group(caller.account, group.id)


@prepares("rename a group")
def _(caller: Caller) -> UseCase:
    group = _create_group(caller)
    return lambda: groups.rename_group(caller, group.id, "b", NOW)


@prepares("list groups")
def _(caller: Caller) -> UseCase:
    _create_group(caller)
    return lambda: groups.list_groups(caller.account)


@prepares("list the groups of a contact in one")
def _(caller: Caller) -> UseCase:
    _create_in_groups(caller, 1)
    return lambda: groups.list_groups_of_contact(caller.account, _number())


@prepares("delete a group")
def _(caller: Caller) -> UseCase:
    group = _create_group(caller)
    return lambda: groups.delete_group(caller, group.id, NOW)


@prepares("join the first group")
def _(caller: Caller) -> UseCase:
    _create(caller)
    group = _create_group(caller)
    return lambda: add_to_group(caller, group.id, _number(), NOW)


@prepares("join another group")
def _(caller: Caller) -> UseCase:
    _create_in_groups(caller, 1)
    group = _create_group(caller)
    return lambda: add_to_group(caller, group.id, _number(), NOW)


@prepares("add 2 contacts to a group")
def _(caller: Caller) -> UseCase:
    ids = [_create(caller, index).id for index in range(2)]
    group = _create_group(caller)
    return lambda: add_all_to_group(caller, group.id, ids, NOW)


@prepares("add 2 contacts to a group, and take 1 out of it, in a batch")
def _(caller: Caller) -> UseCase:
    group = _create_group(caller)
    first, _ = (_create(caller, index) for index in range(2))
    _create_in(caller, group, 2)
    add: list[KeyRow] = [first.id, _number(1)]
    return lambda: change_members(caller, group.id, add=add, remove=[_number(2)], now=NOW)


@prepares("leave one of several groups")
def _(caller: Caller) -> UseCase:
    group, _ = _create_in_groups(caller, 2)
    return lambda: remove_from_group(caller, group.id, _number(), NOW)


@prepares("leave the last group")
def _(caller: Caller) -> UseCase:
    (group,) = _create_in_groups(caller, 1)
    return lambda: remove_from_group(caller, group.id, _number(), NOW)


@prepares("join a stoplist")
def _(caller: Caller) -> UseCase:
    _create(caller)
    stoplist = _create_group(caller, GroupKind.STOPLIST)
    return lambda: add_to_group(caller, stoplist.id, _number(), NOW)


@prepares("leave a stoplist")
def _(caller: Caller) -> UseCase:
    stoplist = _create_group(caller, GroupKind.STOPLIST)
    _create_in(caller, stoplist)
    return lambda: remove_from_group(caller, stoplist.id, _number(), NOW)


@prepares("create a contact in a group")
def _(caller: Caller) -> UseCase:
    group = _create_group(caller)
    return lambda: _create_in(caller, group, title="a")


@prepares("join with changes")
def _(caller: Caller) -> UseCase:
    _create(caller)
    group = _create_group(caller)
    return lambda: _create_in(caller, group, title="a")


@prepares("move to another group")
def _(caller: Caller) -> UseCase:
    _create_in_groups(caller, 1)
    group = _create_group(caller)
    return lambda: move_to_group(caller, group.id, _number(), ContactChanges(), NOW)


@prepares("upload 3 contacts")
def _(caller: Caller) -> UseCase:
    group = _create_group(caller)
    rows = [ContactData(phone_number=_number(index)) for index in range(3)]
    return lambda: list(upload_contacts(caller, rows, NOW, group_id=group.id))


@prepares("upsert 3 contacts: one new, one unchanged, one blacklisted")
def _(caller: Caller) -> UseCase:
    group = _create_group(caller)
    for index in (1, 2):
        _create_in(caller, group, index)
    blacklist.blacklist_number(caller, _number(2), NOW)
    rows = [
        ContactData(phone_number=_number(index), details=details, group_ids=[group.id])
        for index, details in enumerate(({}, {}, {"title": "a"}))
    ]
    return lambda: list(upload_contacts(caller, rows, NOW, mode=Mode.UPSERT))


@prepares("import 3 rows into a group, as a part of a file")
def _(caller: Caller) -> UseCase:
    importing = Import(caller, ImportMode.UPSERT, _create_group(caller))
    rows = [ImportRow(phone_number=_number(index)) for index in range(3)]
    return lambda: importing.write(rows, {}, NOW)


@prepares("blacklist a number")
def _(caller: Caller) -> UseCase:
    return lambda: blacklist.blacklist_number(caller, _number(), NOW)


@prepares("check a blacklisted number")
def _(caller: Caller) -> UseCase:
    blacklist.blacklist_number(caller, _number(), NOW)
    return lambda: blacklist.check_blacklisted(caller.account, _number())


@prepares("check 3 numbers of which one is blacklisted")
def _(caller: Caller) -> UseCase:
    blacklist.blacklist_number(caller, _number(), NOW)
    return lambda: blacklist.blacklisted_since(caller.account, map(_number, range(3)))


@prepares("blacklist a number again")
def _(caller: Caller) -> UseCase:
    blacklist.blacklist_number(caller, _number(), NOW)
    return lambda: blacklist.stop_number(caller, _number(), NOW)


@prepares("blacklist a number that was allowed again")
def _(caller: Caller) -> UseCase:
    blacklist.blacklist_number(caller, _number(), NOW)
    blacklist.allow_number(caller, _number(), NOW)
    return lambda: blacklist.blacklist_number(caller, _number(), NOW)


@prepares("blacklist 3 numbers, of which one is blacklisted, in a batch")
def _(caller: Caller) -> UseCase:
    blacklist.blacklist_number(caller, _number(), NOW)
    rows = [Stop(_number(index), Reason.REQUEST) for index in range(3)]
    return lambda: blacklist.stop_numbers(caller, rows, NOW)


@prepares("read the state of a blacklisted number")
def _(caller: Caller) -> UseCase:
    blacklist.blacklist_number(caller, _number(), NOW)
    return lambda: blacklist.retrieve_opt_out(caller.account, _number())


@prepares("read the ledger of a number")
def _(caller: Caller) -> UseCase:
    blacklist.blacklist_number(caller, _number(), NOW)
    return lambda: list(blacklist.list_ledger(caller.account, _number()))


@prepares("take a number off the blacklist")
def _(caller: Caller) -> UseCase:
    blacklist.blacklist_number(caller, _number(), NOW)
    return lambda: blacklist.allow_number(caller, _number(), NOW)


@prepares("check 3 numbers of which one is suppressed")
def _(caller: Caller) -> UseCase:
    suppression.suppress(caller.account.id, _number(), caller.stamp(NOW))
    numbers = [_number(index) for index in range(3)]
    return lambda: blacklist.blacklisted_since(caller.account, numbers)


@prepares("erase a contact in no group that was never stopped")
def _(caller: Caller) -> UseCase:
    contacts.create_contact(caller, _number(), {}, NOW)
    index_contacts(caller.account.id, [number_of(0)])
    return lambda: erase(caller, _number(), NOW)


@prepares("erase a blacklisted contact in no group")
def _(caller: Caller) -> UseCase:
    contacts.create_contact(caller, _number(), {}, NOW)
    index_contacts(caller.account.id, [number_of(0)])
    blacklist.blacklist_number(caller, _number(), NOW)
    return lambda: erase(caller, _number(), NOW)


def _number(index: int = 0) -> PhoneNumber:
    return PhoneNumber(number_of(index))


def _authenticator() -> Authenticator:
    """Return one that writes before it returns, so that what it writes is counted."""
    return Authenticator(beside=lambda note: note())


def _credential(caller: Caller) -> PresentedCredential:
    credential, secret = accounts.issue_credential(caller.account.id, STAMP)
    return PresentedCredential(credential.username, secret)


def _create(caller: Caller, index: int = 0, **details: str) -> Contact:
    return contacts.create_contact(caller, _number(index), details, NOW)


def _create_group(caller: Caller, kind: GroupKind = GroupKind.STANDARD) -> Group:
    return groups.create_group(caller, "Group", NOW, kind=kind)


def _create_group_of(caller: Caller, count: int) -> Group:
    group = _create_group(caller)
    for index in range(count):
        _create_in(caller, group, index)
    return group


def _count_as(caller: Caller, group: Group, count: int) -> None:
    """Let a group's count be what the stream makes of it."""
    item = GroupItem(keys.groups(caller.account.id), keys.of_id(group.id))
    item.update([GroupItem.contacts_count.set(count)])


def _create_in(caller: Caller, group: Group, index: int = 0, **details: str) -> None:
    data = ContactData(phone_number=_number(index), details=details)
    create_or_join(caller, group.id, data, NOW, refuse_member=False)


def _create_in_groups(caller: Caller, count: int) -> list[Group]:
    many = [_create_group(caller) for _ in range(count)]
    _create(caller)
    for group in many:
        add_to_group(caller, group.id, _number(), NOW)
    return many
