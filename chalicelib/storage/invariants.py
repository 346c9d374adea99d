"""The invariants of the table, as checks of each item and its related items.

``docs/access-patterns.md`` lists the items. A check looks at a snapshot of them. No write of the
phonebook breaks a check, except those marked as ``settling``.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Final, NamedTuple, TypeAlias

from pynamodb.exceptions import PynamoDBException

from chalicelib.domain.caller import Stamp
from chalicelib.domain.errors import ErrorCode, RefusedError, UnavailableError
from chalicelib.domain.group import GroupKind
from chalicelib.domain.ids import ID_BITS
from chalicelib.domain.search import tokens_of
from chalicelib.storage import keys, mending
from chalicelib.storage.contact_items import contact_in, is_ended_id
from chalicelib.storage.dynamodb.batches import StoredItem
from chalicelib.storage.dynamodb.transactions import TransactionRefusedError
from chalicelib.storage.inspection import Found, Inspector, Key, key_of
from chalicelib.storage.keys import ItemKind

TOMBSTONE_TIME: Final = timedelta(days=1)
"""A sweep runs every few minutes, and needs long only for the largest groups."""

_MAX_SORT_KEY_BYTES: Final = 1_024
"""DynamoDB refuses a whole batch read or transaction if one of its sort keys is longer."""


class Kind(Enum):
    """The kinds of findings, in words for operators."""

    UNKNOWN = "an item that the phonebook did not write"
    UNREADABLE = "an item that cannot be read"
    OF_NO_ACCOUNT = "an item of an account that does not exist"
    INDEX = "an item with a wrong or missing index key"
    INDEX_STRAY = "an item in the index that nothing looks for"

    ID_MISSING = "a contact whose id cannot be found"
    ID_ELSEWHERE = "a contact whose id leads to another number"
    ID_ORPHANED = "an id whose contact does not exist"
    DATE_MISSING = "a contact in no group without a date"
    DATE_IN_GROUP = "a contact in a group with a date"
    DATE_UNREADABLE = "a contact whose date cannot be read"
    DUE_INDEX = "a contact with a wrong or missing day in the due index"

    GROUP_MISSING = "a contact in a group that does not exist"
    MEMBERSHIP_MISSING = "a contact in a group without a membership"
    MEMBERSHIP_ORPHANED = "a membership that its contact does not name"
    MEMBERSHIP_OF_NO_GROUP = "a membership of a group that does not exist"
    STOPLIST_UNMARKED = "a contact in a stoplist that it does not mark as one"
    STOPLIST_MISMARKED = "a contact that marks a wrong group as a stoplist"
    STOPLIST_LIFTED = "a contact in a stoplist whose number is not on the blacklist"
    LEDGER_MISSING = "a number on the blacklist without its ledger entry"

    TOMBSTONE_HALF = "a tombstone that the sweep cannot find or read"
    TOMBSTONE_OF_LIVING = "a tombstone of a group or contact that still exists"
    TOMBSTONE_OLD = "a tombstone that was not swept for a day"
    CREDENTIAL_OF_NO_ACCOUNT = "a credential of an account that does not exist"
    MARKER_FOR_EVER = "a marker that never expires"
    FENCE = "a fence that a recount did not remove"
    ASIDE = "a record that was put aside"
    DELIVERY_STRAY = "an entry in the ledger of a webhook that does not exist"
    SEARCH_STRAY = "an entry of the search that its contact does not have"
    COUNT = "a counter that is wrong"
    COUNT_SPOILT = "a counter that is not a number"

    @property
    def is_a_notice(self) -> bool:
        """Whether it may be intended, or does no harm."""
        return self in {Kind.STOPLIST_LIFTED, Kind.FENCE}


Mend: TypeAlias = Callable[[StoredItem, Found, Stamp], None]
"""Mends an item, on the condition that it has not changed since it was read.

Raises:
    TransactionRefusedError: It has changed.
"""


_NOT_MENDED: Final = (
    TransactionRefusedError, RefusedError, PynamoDBException, ArithmeticError, AttributeError,
    LookupError, TypeError, ValueError,
)  # fmt: skip


class Check(NamedTuple):
    """Finds one kind of fault in an item, by looking at it and some others.

    If it is ``settling``, a running request can break it for a moment. If it is broken and has an
    ``excuse``, this function looks whether the item is about to be swept.
    """

    kind: Kind
    subject: Key
    others: tuple[Key, ...]
    is_broken: Callable[[Found], bool]
    mend: Mend | None = None
    settling: bool = False
    excuse: Callable[[Inspector], bool] | None = None

    def try_to_mend(self, found: Found, stamp: Stamp) -> None:
        """Try to mend the item. Whether this worked is for the caller to check.

        Raises:
            UnavailableError: The table is out of reach.

        """
        if self.mend is None:
            return
        # Mending may fail because somebody changed the item meanwhile, because it has other faults,
        # because the table refuses the result, or because other writes keep this item busy.
        try:
            self.mend(found[self.subject], found, stamp)
        except UnavailableError as error:
            if error.code is not ErrorCode.BUSY:
                raise
        except _NOT_MENDED:
            pass

    @property
    def reads(self) -> tuple[Key, ...]:
        """The keys of all items that it looks at."""
        return (self.subject, *self.others)


def checks_of(item: StoredItem, now: datetime) -> Iterator[Check]:
    """Yield the checks of an item."""
    key = key_of(item)
    kind = keys.kind_of(key.pk, key.sk)
    is_named = kind is ItemKind.ASIDE or bool(key.pk.partition("#")[2])
    if kind is None or not is_named:
        yield _always(Kind.UNKNOWN, key)
        return
    yield from _CHECKS[kind](key, item, now)
    if kind not in _INDEXED:
        yield _one(Kind.INDEX_STRAY, key, _is_indexed, mending.take_off_index)


# Accounts and credentials


def _of_account(key: Key, _item: StoredItem, _now: datetime) -> Iterator[Check]:
    wanted = {
        "name": "S", "defaultRegion": "S", "retentionDays": "N", "cursorKey": "S", "createdOn": "S",
    }  # fmt: skip
    yield _one(Kind.UNREADABLE, key, lambda stored: _lacks(stored, wanted))
    yield _in_index(key, keys.ACCOUNTS, key.pk)
    yield _counter(key)


def _of_credential(key: Key, item: StoredItem, _now: datetime) -> Iterator[Check]:
    wanted = {"accountId": "S", "secretHash": "S", "retentionDays": "N", "createdOn": "S"}
    if _lacks(item, wanted):
        yield _one(Kind.UNREADABLE, key, lambda stored: _lacks(stored, wanted))
        return
    account = Key(keys.account(item["accountId"]["S"]), keys.ACCOUNT)
    yield _in_index(key, account.pk, key.pk)
    yield Check(
        Kind.CREDENTIAL_OF_NO_ACCOUNT,
        key,
        (account,),
        lambda found: key in found and account not in found,
        mend=mending.remove_revoked_credential if "revokedOn" in item else None,
        settling=True,
    )


# Contacts, their ids and their groups


def _of_contact(key: Key, item: StoredItem, _now: datetime) -> Iterator[Check]:
    account_id = keys.account_in(key.pk)
    if _is_unreadable_contact(item):
        yield _one(Kind.UNREADABLE, key, _is_unreadable_contact)
        return
    account = _account_of(key)
    yield _has_account(key, account)
    yield from _of_id(key, item)
    yield from _of_date(key, account)
    for group_id in sorted(_numbers(item, "groupIds")):
        yield from _of_group_named(key, account, group_id)
    for group_id in sorted(_numbers(item, "stoplistIds")):
        yield from _of_stoplist_named(key, account_id, group_id)


def _of_id(key: Key, item: StoredItem) -> Iterator[Check]:
    id_ = int(item["id"]["N"])
    id_key = Key(keys.contact_ids(keys.account_in(key.pk)), keys.of_id(id_))

    def carries_it(found: Found) -> bool:
        return key in found and _integer(found[key], "id") == id_

    yield Check(
        Kind.ID_MISSING,
        key,
        (id_key,),
        lambda found: carries_it(found) and (id_key not in found or is_ended_id(found[id_key])),
        mending.put_id,
    )
    yield Check(
        Kind.ID_ELSEWHERE,
        key,
        (id_key,),
        lambda found: (
            carries_it(found)
            and id_key in found
            and not is_ended_id(found[id_key])
            and _text(found[id_key], "phoneNumber") != key.sk
        ),
        mending.point_id_here,
    )


def _of_date(key: Key, account: Key) -> Iterator[Check]:
    account_id = keys.account_in(key.pk)

    def is_off_the_index(item: StoredItem) -> bool:
        if _numbers(item, "groupIds") or "scheduledDeletionDate" not in item:
            return "scheduledDeletionDate" not in item and _is_indexed(item)
        day = _date(item)
        return day is not None and not _has_index_keys(item, *keys.due(day, account_id, key.sk))

    def is_in_no_group(item: StoredItem) -> bool:
        return not _numbers(item, "groupIds")

    yield _one(
        Kind.DATE_MISSING,
        key,
        lambda item: is_in_no_group(item) and "scheduledDeletionDate" not in item,
        mending.schedule,
        account,
    )
    yield _one(
        Kind.DATE_UNREADABLE,
        key,
        lambda item: (
            is_in_no_group(item) and "scheduledDeletionDate" in item and _date(item) is None
        ),
        mending.schedule,
        account,
    )
    yield _one(
        Kind.DATE_IN_GROUP,
        key,
        lambda item: not is_in_no_group(item) and "scheduledDeletionDate" in item,
        mending.unschedule,
    )
    yield _one(Kind.DUE_INDEX, key, is_off_the_index, mending.index_by_date)


def _of_group_named(key: Key, account: Key, group_id: int) -> Iterator[Check]:
    account_id = keys.account_in(key.pk)
    group, tombstone = _group_and_tombstone(account_id, group_id)
    membership = Key(keys.members(account_id, group_id), key.sk)

    def is_named(found: Found) -> bool:
        return key in found and group_id in _numbers(found[key], "groupIds")

    yield Check(
        Kind.GROUP_MISSING,
        key,
        (group, tombstone, account),
        lambda found: is_named(found) and group not in found and tombstone not in found,
        lambda item, found, stamp: mending.take_out_of(item, group_id, found, stamp),
    )
    yield Check(
        Kind.MEMBERSHIP_MISSING,
        key,
        (membership, group, tombstone),
        lambda found: (
            is_named(found) and membership not in found and (group in found or tombstone in found)
        ),
        lambda item, found, stamp: mending.put_membership(item, group_id, found, stamp),
    )
    yield Check(
        Kind.STOPLIST_UNMARKED,
        key,
        (group,),
        lambda found: (
            is_named(found)
            and _is_stoplist(found, group)
            and group_id not in _numbers(found[key], "stoplistIds")
        ),
        lambda item, _found, stamp: mending.mark_stoplist(item, group_id, stamp),
    )


def _of_stoplist_named(key: Key, account_id: str, group_id: int) -> Iterator[Check]:
    group, _ = _group_and_tombstone(account_id, group_id)
    entry = Key(keys.blacklist(account_id), key.sk)

    def is_named(found: Found) -> bool:
        return key in found and group_id in _numbers(found[key], "stoplistIds")

    yield Check(
        Kind.STOPLIST_MISMARKED,
        key,
        (group,),
        lambda found: (
            is_named(found)
            and (
                group_id not in _numbers(found[key], "groupIds")
                or (group in found and not _is_stoplist(found, group))
            )
        ),
        lambda item, _found, stamp: mending.unmark_stoplist(item, group_id, stamp),
    )
    yield Check(
        Kind.STOPLIST_LIFTED,
        key,
        (group, entry),
        lambda found: (
            is_named(found)
            and group_id in _numbers(found[key], "groupIds")
            and _is_stoplist(found, group)
            and entry not in found
        ),
    )


def _of_contact_id(key: Key, item: StoredItem, _now: datetime) -> Iterator[Check]:
    id_ = int(key.sk) if key.sk.isdecimal() and key.sk.isascii() else 0
    if is_ended_id(item):
        yield from _of_marker(key, item, _now)
        return
    number = _number_led_to(item)
    if number is None or not 0 < id_ < 2**ID_BITS:
        yield _one(Kind.UNREADABLE, key, lambda stored: not id_ or _number_led_to(stored) is None)
        return
    contact = Key(keys.contacts(keys.account_in(key.pk)), number)

    def is_orphaned(found: Found) -> bool:
        if contact in found and _is_unreadable_contact(found[contact]):
            return False
        return (
            key in found
            and _text(found[key], "phoneNumber") == number
            and (contact not in found or _integer(found[contact], "id") != id_)
        )

    yield Check(
        Kind.ID_ORPHANED,
        key,
        (contact,),
        is_orphaned,
        mending.remove_orphaned_id,
        # The id is written before its contact.
        settling=True,
    )


# Groups, memberships and the blacklist


def _of_group(key: Key, _item: StoredItem, _now: datetime) -> Iterator[Check]:
    yield _one(
        Kind.UNREADABLE,
        key,
        lambda stored: (
            _lacks(stored, {"name": "S", "createdOn": "S"})
            or (_text(stored, "kind") or GroupKind.STANDARD.value)
            not in {kind.value for kind in GroupKind}
        ),
    )
    yield _has_account(key, _account_of(key))
    yield _counter(key)


def _of_membership(key: Key, _item: StoredItem, _now: datetime) -> Iterator[Check]:
    try:
        account_id, group_id = keys.owner_of(key.pk)
    except ValueError:
        account_id, group_id = "", None
    if group_id is None:
        yield _always(Kind.UNKNOWN, key)
        return
    contact = Key(keys.contacts(account_id), key.sk)
    group, tombstone = _group_and_tombstone(account_id, group_id)

    def is_named(found: Found) -> bool:
        return contact in found and group_id in _numbers(found[contact], "groupIds")

    def is_left_by_a_contact(inspector: Inspector) -> bool:
        return any(
            _text(each, "phoneNumber") == key.sk and group_id in _numbers(each, "groupIds")
            for page in inspector.items_in(keys.tombstones(account_id), keys.DELETED_CONTACT)
            for each in page
        )

    def is_orphaned(found: Found) -> bool:
        if contact in found and _is_unreadable_contact(found[contact]):
            return False
        return key in found and not is_named(found) and tombstone not in found

    def remove(_item: StoredItem, _found: Found, _stamp: Stamp) -> None:
        mending.remove_membership(account_id, group_id, key.sk)

    yield Check(
        Kind.MEMBERSHIP_ORPHANED,
        key,
        (contact, group, tombstone),
        lambda found: is_orphaned(found) and group in found,
        remove,
        excuse=is_left_by_a_contact,
    )
    yield Check(
        Kind.MEMBERSHIP_OF_NO_GROUP,
        key,
        (contact, group, tombstone),
        lambda found: is_orphaned(found) and group not in found,
        remove,
        excuse=is_left_by_a_contact,
    )


def _of_blacklist(key: Key, item: StoredItem, _now: datetime) -> Iterator[Check]:
    yield _one(Kind.UNREADABLE, key, lambda stored: _lacks(stored, {"id": "N", "createdOn": "S"}))
    yield _has_account(key, _account_of(key))
    entries = _integer(item, "entries")
    if entries:
        ledger = keys.ledger(keys.account_in(key.pk))
        entry = Key(ledger, keys.ledger_entry(key.sk, entries))
        yield Check(
            Kind.LEDGER_MISSING,
            key,
            (entry,),
            lambda found: (
                key in found and _integer(found[key], "entries") == entries and entry not in found
            ),
        )


def _of_ledger_entry(key: Key, _item: StoredItem, _now: datetime) -> Iterator[Check]:
    wanted = {"state": "S", "reason": "S", "at": "S"}
    yield _one(Kind.UNREADABLE, key, lambda stored: _lacks(stored, wanted))
    yield _has_account(key, _account_of(key))


def _of_suppression(key: Key, _item: StoredItem, _now: datetime) -> Iterator[Check]:
    yield _one(Kind.UNREADABLE, key, lambda stored: _lacks(stored, {"createdOn": "S"}))
    yield _has_account(key, _account_of(key))


def _of_suppression_key(key: Key, _item: StoredItem, _now: datetime) -> Iterator[Check]:
    yield _one(Kind.UNREADABLE, key, lambda stored: _lacks(stored, {"key": "S"}))
    yield _has_account(key, _account_of(key))


# What is deleted, counted, put aside


def _of_deleted_group(key: Key, _item: StoredItem, now: datetime) -> Iterator[Check]:
    group = Key(keys.groups(keys.account_in(key.pk)), key.sk.removeprefix(keys.DELETED_GROUP))
    yield Check(
        Kind.TOMBSTONE_OF_LIVING,
        key,
        (group,),
        lambda found: key in found and group in found,
        mending.remove_tombstone_of_group,
    )
    yield from _of_tombstone(key, now)


def _of_deleted_contact(key: Key, item: StoredItem, now: datetime) -> Iterator[Check]:
    contact = Key(keys.contacts(keys.account_in(key.pk)), _number_led_to(item) or "+")
    id_ = key.sk.removeprefix(keys.DELETED_CONTACT)
    yield Check(
        Kind.TOMBSTONE_OF_LIVING,
        key,
        (contact,),
        lambda found: (
            key in found
            and contact in found
            and keys.of_id(_integer(found[contact], "id") or 0) == id_
        ),
    )
    yield from _of_tombstone(key, now)


def _of_tombstone(key: Key, now: datetime) -> Iterator[Check]:
    account = _account_of(key)
    yield _one(
        Kind.TOMBSTONE_HALF, key, mending.is_half_a_tombstone, mending.complete_tombstone, account
    )
    yield _one(
        Kind.TOMBSTONE_OLD,
        key,
        lambda stored: (
            (deleted_on := mending.deleted_on(stored)) is not None
            and now - deleted_on > TOMBSTONE_TIME
        ),
    )


def _of_fence(key: Key, _item: StoredItem, _now: datetime) -> Iterator[Check]:
    yield _one(Kind.FENCE, key, lambda _: True, mending.remove, settling=True)


def _of_marker(key: Key, _item: StoredItem, _now: datetime) -> Iterator[Check]:
    yield _one(
        Kind.MARKER_FOR_EVER,
        key,
        lambda stored: _lacks(stored, {"expiresAt": "N"}),
        mending.let_marker_expire,
    )


def _of_aside(key: Key, _item: StoredItem, _now: datetime) -> Iterator[Check]:
    if key.sk.endswith(keys.aside("", 0)):
        yield _always(Kind.ASIDE, key)


def _of_job(key: Key, _item: StoredItem, _now: datetime) -> Iterator[Check]:
    yield _one(
        Kind.UNREADABLE, key, lambda stored: _lacks(stored, {"state": "S", "expiresAt": "N"})
    )


def _of_search_entry(key: Key, _item: StoredItem, _now: datetime) -> Iterator[Check]:
    token, e164 = keys.token_and_number(key.sk)
    contact = Key(keys.contacts(keys.account_of_search(key.pk)), e164)

    def is_stray(found: Found) -> bool:
        stored = found.get(contact)
        if stored is not None and _is_unreadable_contact(stored):
            return False
        return key in found and not (stored and token in tokens_of(contact_in(stored)))

    # The stream may not have told of the contact's last change.
    yield Check(
        Kind.SEARCH_STRAY, key, (contact,), is_stray, mending.remove_search_entry, settling=True
    )


def _of_number(key: Key, _item: StoredItem, _now: datetime) -> Iterator[Check]:
    yield _one(Kind.UNREADABLE, key, lambda stored: _number_led_to(stored) is None)
    yield _has_account(key, _account_of(key))


def _of_webhook(key: Key, _item: StoredItem, _now: datetime) -> Iterator[Check]:
    wanted = {"url": "S", "secrets": "S", "isOn": "BOOL", "createdOn": "S"}
    yield _one(Kind.UNREADABLE, key, lambda stored: _lacks(stored, wanted))
    yield _has_account(key, _account_of(key))


def _of_webhook_count(key: Key, _item: StoredItem, _now: datetime) -> Iterator[Check]:
    yield _one(Kind.UNREADABLE, key, lambda stored: _lacks(stored, {"webhooks": "N"}))
    yield _has_account(key, _account_of(key))


def _of_delivery(key: Key, _item: StoredItem, _now: datetime) -> Iterator[Check]:
    try:
        account_id, webhook_id = keys.account_and_webhook(key.pk)
    except ValueError:
        yield _always(Kind.UNKNOWN, key)
        return
    wanted = {"position": "N", "at": "S", "messageId": "S", "type": "S", "outcome": "S"}
    yield _one(Kind.UNREADABLE, key, lambda stored: _lacks(stored, wanted))
    webhook = Key(keys.webhooks(account_id), keys.of_id(webhook_id))
    yield Check(
        Kind.DELIVERY_STRAY,
        key,
        (webhook,),
        lambda found: key in found and webhook not in found,
        mending.remove,
        # A webhook goes before its ledger.
        settling=True,
    )


def _of_session_key(key: Key, _item: StoredItem, _now: datetime) -> Iterator[Check]:
    yield _one(Kind.UNREADABLE, key, lambda stored: _lacks(stored, {"key": "S"}))


def _of_sign_in_link(key: Key, item: StoredItem, now: datetime) -> Iterator[Check]:
    yield _one(Kind.UNREADABLE, key, lambda stored: _lacks(stored, {"username": "S"}))
    yield from _of_marker(key, item, now)


_CHECKS: Final = {
    ItemKind.ACCOUNT: _of_account,
    ItemKind.CREDENTIAL: _of_credential,
    ItemKind.CONTACT: _of_contact,
    ItemKind.CONTACT_ID: _of_contact_id,
    ItemKind.GROUP: _of_group,
    ItemKind.MEMBERSHIP: _of_membership,
    ItemKind.BLACKLIST_ENTRY: _of_blacklist,
    ItemKind.LEDGER_ENTRY: _of_ledger_entry,
    ItemKind.SUPPRESSION: _of_suppression,
    ItemKind.SUPPRESSION_KEY: _of_suppression_key,
    ItemKind.DELETED_GROUP: _of_deleted_group,
    ItemKind.DELETED_CONTACT: _of_deleted_contact,
    ItemKind.MARKER: _of_marker,
    ItemKind.ASIDE: _of_aside,
    ItemKind.FENCE: _of_fence,
    ItemKind.IMPORT: _of_job,
    ItemKind.EXPORT: _of_job,
    ItemKind.SEARCH_ENTRY: _of_search_entry,
    ItemKind.CHANGE: _of_marker,
    ItemKind.NUMBER: _of_number,
    ItemKind.WEBHOOK: _of_webhook,
    ItemKind.WEBHOOK_COUNT: _of_webhook_count,
    ItemKind.DELIVERY: _of_delivery,
    ItemKind.SESSION_KEY: _of_session_key,
    ItemKind.SIGN_IN_COUNT: _of_marker,
    ItemKind.SIGN_IN_LINK: _of_sign_in_link,
}

_INDEXED: Final = frozenset({
    ItemKind.ACCOUNT,
    ItemKind.CREDENTIAL,
    ItemKind.CONTACT,
    ItemKind.DELETED_GROUP,
    ItemKind.DELETED_CONTACT,
})  # fmt: skip


def _one(
    kind: Kind,
    key: Key,
    is_broken: Callable[[StoredItem], bool],
    mend: Mend | None = None,
    *others: Key,
    settling: bool = False,
) -> Check:
    """Return a check that looks at one item only. Mending may also need *others*."""
    return Check(
        kind, key, others, lambda found: key in found and is_broken(found[key]), mend, settling
    )


def _always(kind: Kind, key: Key) -> Check:
    return _one(kind, key, lambda _: True)


def _in_index(key: Key, pk: str, sk: str) -> Check:
    return _one(
        Kind.INDEX,
        key,
        lambda stored: not _has_index_keys(stored, pk, sk),
        lambda item, _found, stamp: mending.index_as(item, pk, sk, stamp),
    )


def _counter(key: Key) -> Check:
    return _one(
        Kind.COUNT_SPOILT,
        key,
        lambda stored: bool(mending.spoilt_counts(stored)),
        mending.remove_spoilt_counts,
    )


def _has_account(key: Key, account: Key) -> Check:
    return Check(
        Kind.OF_NO_ACCOUNT,
        key,
        (account,),
        lambda found: key in found and account not in found,
        settling=True,
    )


def _account_of(key: Key) -> Key:
    return Key(keys.account(keys.account_in(key.pk)), keys.ACCOUNT)


def _group_and_tombstone(account_id: str, group_id: int) -> tuple[Key, Key]:
    return (
        Key(keys.groups(account_id), keys.of_id(group_id)),
        Key(keys.tombstones(account_id), keys.deleted_group(group_id)),
    )


def _is_unreadable_contact(item: StoredItem) -> bool:
    try:
        contact = contact_in({
            name: value for name, value in item.items() if name != "scheduledDeletionDate"
        })  # fmt: skip
    except (AttributeError, KeyError, TypeError, ValueError):
        return True
    return not (0 < contact.id < 2**ID_BITS and keys.is_number(item["SK"]["S"]))


def _number_led_to(item: StoredItem) -> str | None:
    """Return the phone number in an item, if it can be the key of a contact."""
    number = _text(item, "phoneNumber") or ""
    is_key = keys.is_number(number) and len(number.encode()) <= _MAX_SORT_KEY_BYTES
    return number if is_key else None


def _is_stoplist(found: Found, group: Key) -> bool:
    return group in found and _text(found[group], "kind") == GroupKind.STOPLIST.value


def _lacks(item: StoredItem, types: dict[str, str]) -> bool:
    return any(type_ not in item.get(name, {}) for name, type_ in types.items())


def _is_indexed(item: StoredItem) -> bool:
    return "GSI1PK" in item or "GSI1SK" in item


def _has_index_keys(item: StoredItem, pk: str, sk: str) -> bool:
    return (_text(item, "GSI1PK"), _text(item, "GSI1SK")) == (pk, sk)


def _text(item: StoredItem, name: str) -> str | None:
    text: str | None = item.get(name, {}).get("S")
    return text


def _integer(item: StoredItem, name: str) -> int | None:
    number: str | None = item.get(name, {}).get("N")
    return int(number) if number and number.isdecimal() else None


def _numbers(item: StoredItem, name: str) -> frozenset[int]:
    return frozenset(int(each) for each in item.get(name, {}).get("NS", ()) if each.isdecimal())


def _date(item: StoredItem) -> date | None:
    text = _text(item, "scheduledDeletionDate") or ""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None
