"""The keys of all items in the table; ``docs/access-patterns.md`` lists them.

No part of a key contains ``#``: the parts are our ids, dates and E.164 numbers.
"""

import re
import zlib
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Final

from chalicelib.domain.ids import ID_BITS

ACCOUNT: Final = "ACCOUNT"
CREDENTIAL: Final = "CREDENTIAL"
APPLIED: Final = "APPLIED"

ASIDE: Final = "ASIDE"
"""The partition of the stream's records that could not be counted."""

ACCOUNTS: Final = "ACCOUNTS"
"""The index partition of all accounts."""

SWEEP: Final = "SWEEP"
"""The index partition of all tombstones, oldest first."""

DUE_SHARDS: Final = 16
"""Partitions of the index for due contacts. A partition accepts 1,000 writes a second. All contacts
that are created outside groups on one day are due on the same day, so their keys are adjacent."""

_ID_DIGITS: Final = 16
"""The decimal digits of the largest id, so that ids as text sort like numbers."""

BEFORE_ALL_NUMBERS: Final = "+"
"""Sorts after every fence and before every phone number."""

_FENCE: Final = "!"

DELETED_GROUP: Final = "GROUP#"
"""How the sort key of every deleted group begins."""

DELETED_CONTACT: Final = "CONTACT#"
"""How the sort key of every deleted contact begins."""

_CREDENTIAL: Final = "CREDENTIAL#"

WEBHOOK_COUNT: Final = "COUNT"
"""The sort key of the number of an account's webhooks."""

SESSION_KEY: Final = "KEY"
"""The sort key of the key under which the console signs its sessions."""

SIGN_IN_LINK: Final = "SIGN_IN_LINK"

SUPPRESSION_KEY: Final = "KEY"
"""The sort key of the key under which an account's suppressed numbers are hashed."""


class ItemKind(Enum):
    """The kind of an item, named as in ``docs/access-patterns.md``."""

    ACCOUNT = "account"
    CREDENTIAL = "credential"
    CONTACT = "contact"
    CONTACT_ID = "contact id"
    GROUP = "group"
    MEMBERSHIP = "membership"
    BLACKLIST_ENTRY = "blacklist entry"
    LEDGER_ENTRY = "ledger entry"
    SUPPRESSION = "suppression"
    SUPPRESSION_KEY = "suppression key"
    DELETED_GROUP = "deleted group"
    DELETED_CONTACT = "deleted contact"
    MARKER = "applied marker"
    ASIDE = "record put aside"
    FENCE = "fence"
    IMPORT = "import"
    EXPORT = "export"
    SEARCH_ENTRY = "search entry"
    CHANGE = "change"
    NUMBER = "number"
    WEBHOOK = "webhook"
    WEBHOOK_COUNT = "webhook count"
    DELIVERY = "delivery"
    SESSION_KEY = "session key"
    SIGN_IN_COUNT = "sign-in count"
    SIGN_IN_LINK = "sign-in link"


_KINDS: Final = {
    "ACCOUNT": ItemKind.ACCOUNT,
    "CREDENTIAL": ItemKind.CREDENTIAL,
    "CONTACTS": ItemKind.CONTACT,
    "CONTACT_IDS": ItemKind.CONTACT_ID,
    "GROUPS": ItemKind.GROUP,
    "MEMBERS": ItemKind.MEMBERSHIP,
    "BLACKLIST": ItemKind.BLACKLIST_ENTRY,
    "LEDGER": ItemKind.LEDGER_ENTRY,
    "SUPPRESSED": ItemKind.SUPPRESSION,
    "APPLIED": ItemKind.MARKER,
    "ASIDE": ItemKind.ASIDE,
    "IMPORTS": ItemKind.IMPORT,
    "EXPORTS": ItemKind.EXPORT,
    "SEARCH": ItemKind.SEARCH_ENTRY,
    "CHANGES": ItemKind.CHANGE,
    "NUMBERS": ItemKind.NUMBER,
    "WEBHOOKS": ItemKind.WEBHOOK,
    "DELIVERIES": ItemKind.DELIVERY,
    "SESSIONS": ItemKind.SESSION_KEY,
    "SIGN_INS": ItemKind.SIGN_IN_COUNT,
    "SIGN_IN_LINK": ItemKind.SIGN_IN_LINK,
}
"""The kind of an item by the beginning of its partition, if this is enough to know it."""

_NUMBERED: Final = frozenset({ItemKind.CONTACT, ItemKind.MEMBERSHIP, ItemKind.BLACKLIST_ENTRY})
"""The kinds whose sort key is a phone number."""

_ID: Final = re.compile(f"[0-9]{{{_ID_DIGITS}}}")
_HASH: Final = re.compile(r"[0-9a-f]{64}")

_ENTRY_DIGITS: Final = 10
"""The decimal digits of a ledger entry's position among those of its number."""

_SLOT_DIGITS: Final = 4
"""The decimal digits of the slot of a delivery, which is less than the deliveries that are kept."""


def account(account_id: str) -> str:
    """Return the partition of an account's own item, and of its credentials in the index."""
    return f"ACCOUNT#{account_id}"


def credential(username: str) -> str:
    """Return the partition of a credential."""
    return _CREDENTIAL + username


def username_of(partition: str) -> str:
    """Return the username in a key that :func:`credential` made."""
    return partition.removeprefix(_CREDENTIAL)


def contacts(account_id: str) -> str:
    """Return the partition of an account's contacts, sorted by number."""
    return f"CONTACTS#{account_id}"


def contact_ids(account_id: str) -> str:
    """Return the partition that finds an account's contacts by id."""
    return f"CONTACT_IDS#{account_id}"


def groups(account_id: str) -> str:
    """Return the partition of an account's groups, sorted by id."""
    return f"GROUPS#{account_id}"


def account_in(partition: str) -> str:
    """Return the account in a key of the form ``<kind>#<account>``."""
    return partition.partition("#")[2]


def members(account_id: str, group_id: int) -> str:
    """Return the partition of a group's memberships, sorted by number."""
    return f"MEMBERS#{account_id}#{group_id}"


def blacklist(account_id: str) -> str:
    """Return the partition of an account's blacklist, sorted by number."""
    return f"BLACKLIST#{account_id}"


def ledger(account_id: str) -> str:
    """Return the partition of an account's ledger, sorted by number and then by position."""
    return f"LEDGER#{account_id}"


def ledger_of(e164: str) -> str:
    """Return how the sort keys of all ledger entries of a number begin."""
    return f"{e164}#"


def ledger_entry(e164: str, position: int) -> str:
    """Return the sort key of a number's ledger entry; the first one has the position 1."""
    return f"{ledger_of(e164)}{position:0{_ENTRY_DIGITS}d}"


def number_and_position(sort_key: str) -> tuple[str, int]:
    """Return the number and the position in a key that :func:`ledger_entry` made."""
    e164, _, position = sort_key.partition("#")
    return e164, int(position)


def suppressed(account_id: str) -> str:
    """Return the partition of an account's suppressions."""
    return f"SUPPRESSED#{account_id}"


def imports(account_id: str) -> str:
    """Return the partition of an account's imports, sorted by id and so by their beginning."""
    return f"IMPORTS#{account_id}"


def exports(account_id: str) -> str:
    """Return the partition of an account's exports, sorted as its imports."""
    return f"EXPORTS#{account_id}"


def webhooks(account_id: str) -> str:
    """Return the partition of an account's webhooks, sorted by id and so by their creation."""
    return f"WEBHOOKS#{account_id}"


def deliveries(account_id: str, webhook_id: int) -> str:
    """Return the partition of a webhook's last deliveries, sorted by slot."""
    return f"DELIVERIES#{account_id}#{of_id(webhook_id)}"


def account_and_webhook(partition: str) -> tuple[str, int]:
    """Return the account and the webhook in a key that :func:`deliveries` made."""
    _, account_id, digits = partition.split("#")
    return account_id, id_in(digits)


def slot(position: int, slots: int) -> str:
    """Return the sort key of the delivery at a position: the ring of *slots* begins anew then."""
    return f"{position % slots:0{_SLOT_DIGITS}d}"


def search(account_id: str, beginning: str) -> str:
    """Return the partition of all tokens with the same beginning."""
    return f"SEARCH#{account_id}#{beginning}"


def account_of_search(partition: str) -> str:
    """Return the account in a key that :func:`search` made."""
    return partition.split("#", 2)[1]


def search_entry(token: str, e164: str) -> str:
    """Return the sort key of a number under one of its tokens."""
    return f"{token}#{e164}"


def after_token(token: str) -> str:
    """Return a key that sorts after all numbers of a token, and before the next token.

    It may be an email that goes on with a ``#``, so it is the character after the ``+`` that ends.
    """
    return f"{token}#,"


def token_and_number(sort_key: str) -> tuple[str, str]:
    """Return the token and the number in a key that :func:`search_entry` made."""
    token, _, e164 = sort_key.rpartition("#")
    return token, e164


def changes(account_id: str) -> str:
    """Return the partition of what an account is told of, in the order of arrival."""
    return f"CHANGES#{account_id}"


def change(arrived_on: datetime, change_id: str) -> str:
    """Return the sort key of a change."""
    return f"{arrived(arrived_on)}#{change_id}"


def arrived(moment: datetime) -> str:
    """Return a key that sorts before all changes that arrived at a moment or later."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"


AFTER_ALL_MOMENTS: Final = "9999"
"""A key that sorts after all changes."""


def moment_of_arrival(sort_key: str) -> datetime:
    """Return the moment in a key that :func:`change` or :func:`arrived` made."""
    return datetime.fromisoformat(sort_key.partition("#")[0]).replace(tzinfo=UTC)


def numbers(account_id: str) -> str:
    """Return the partition that finds the numbers that changes tell of by their ids."""
    return f"NUMBERS#{account_id}"


def tombstones(account_id: str) -> str:
    """Return the partition of an account's tombstones."""
    return f"TOMBSTONES#{account_id}"


def applied(event_id: str) -> str:
    """Return the partition of the marker that a change of the stream was counted."""
    return f"APPLIED#{event_id}"


def aside(record_id: str, part: int) -> str:
    """Return the sort key of a part of a record that was put aside."""
    return f"{record_id}#{part:04d}"


def record_of_aside(sort_key: str) -> str:
    """Return the record's id in a key that :func:`aside` made."""
    return sort_key.partition("#")[0]


def sessions() -> str:
    """Return the partition of the key under which the console signs its sessions."""
    return "SESSIONS#console"


def sign_ins(hashed: str) -> str:
    """Return the partition of the counts of sign-ins by a username or an address, as its hash."""
    return f"SIGN_INS#{hashed}"


def sign_in_link(hashed: str) -> str:
    """Return the partition of a link that signs in once, by the hash of its token."""
    return f"SIGN_IN_LINK#{hashed}"


def kind_of(partition: str, sort_key: str) -> ItemKind | None:
    """Return the kind of the item with these keys, or None if they are not ours."""
    beginning = partition.partition("#")[0]
    if beginning == "TOMBSTONES":
        if sort_key.startswith(DELETED_GROUP):
            return ItemKind.DELETED_GROUP
        return ItemKind.DELETED_CONTACT if sort_key.startswith(DELETED_CONTACT) else None
    kind = _KINDS.get(beginning)
    if kind is ItemKind.SUPPRESSION and sort_key == SUPPRESSION_KEY:
        return ItemKind.SUPPRESSION_KEY
    if kind is ItemKind.WEBHOOK and sort_key == WEBHOOK_COUNT:
        return ItemKind.WEBHOOK_COUNT
    is_fence = kind in {ItemKind.CONTACT, ItemKind.MEMBERSHIP} and sort_key.startswith(_FENCE)
    return ItemKind.FENCE if is_fence else kind


def owner_of(partition: str) -> tuple[str, int | None]:
    """Return the account of a partition, and the group if it has a group's memberships.

    Raises:
        ValueError: The partition is not one of ours.

    """
    beginning, _, rest = partition.partition("#")
    account_id, _, digits = rest.partition("#")
    has_webhook = beginning == "DELIVERIES"
    if has_webhook and account_id and account_id.isascii() and _ID.fullmatch(digits):
        return account_id, None
    group_id = int(digits) if beginning == "MEMBERS" else None
    made = f"{beginning}#{account_id}" if group_id is None else members(account_id, group_id)
    is_an_id = group_id is None or 0 < group_id < 2**ID_BITS
    if (
        has_webhook
        or made != partition
        or not account_id
        or not account_id.isascii()
        or not is_an_id
    ):
        raise ValueError(f"{partition} is no partition of ours")
    return account_id, group_id


def is_sort_key_of(kind: ItemKind, sort_key: str) -> bool:
    """Say whether an item of this kind may have this sort key; if unsure, it may."""
    if kind is ItemKind.GROUP:
        return sort_key.isascii() and sort_key.isdigit() and len(sort_key) == _ID_DIGITS
    if kind is ItemKind.LEDGER_ENTRY:
        e164, _, position = sort_key.partition("#")
        return is_number(e164) and position.isascii() and position.isdigit()
    if kind is ItemKind.SUPPRESSION:
        return _HASH.fullmatch(sort_key) is not None
    return kind not in _NUMBERED or is_number(sort_key)


def fence(token: str) -> str:
    """Return the sort key of a fence, which sorts before all numbers."""
    return _FENCE + token


def token_of_fence(sort_key: str) -> str:
    """Return the token in a key that :func:`fence` made."""
    return sort_key.removeprefix(_FENCE)


def is_number(sort_key: str) -> bool:
    """Say whether a sort key is a phone number's."""
    return sort_key.startswith(BEFORE_ALL_NUMBERS)


def of_id(id_: int) -> str:
    """Return the sort key of a group's or contact's id."""
    return f"{id_:0{_ID_DIGITS}d}"


def id_in(sort_key: str) -> int:
    """Return the id in a key that :func:`of_id` made."""
    return int(sort_key)


def deleted_group(group_id: int) -> str:
    """Return the sort key of a deleted group's tombstone."""
    return DELETED_GROUP + of_id(group_id)


def group_of_tombstone(sort_key: str) -> int:
    """Return the group id in a key that :func:`deleted_group` made."""
    return int(sort_key.removeprefix(DELETED_GROUP))


def deleted_contact(contact_id: int) -> str:
    """Return the sort key of a deleted contact's tombstone."""
    return DELETED_CONTACT + of_id(contact_id)


def due(day: date, account_id: str, e164: str) -> tuple[str, str]:
    """Return the index keys of a contact that is due on *day*; the oldest sorts first."""
    shard = zlib.crc32(f"{account_id}#{e164}".encode()) % DUE_SHARDS
    return due_shard(shard), f"{day.isoformat()}#{account_id}#{e164}"


def due_shard(shard: int) -> str:
    """Return the index partition of one of the :data:`DUE_SHARDS` shards."""
    return f"DUE#{shard:02d}"


def due_after(day: date) -> str:
    """Return a key that sorts after everything due up to *day*, and before everything later."""
    return (day + timedelta(days=1)).isoformat()


def due_of(day: date, account_id: str) -> str:
    """Return how the index sort keys begin of all that is due on *day* for an account."""
    return f"{day.isoformat()}#{account_id}#"


def after_account(sort_key: str) -> str:
    """Return a key that sorts after everything due on the same day for the same account."""
    return sort_key.rpartition("#")[0] + "$"


def day_of_due(sort_key: str) -> date:
    """Return the day in an index sort key that :func:`due` made."""
    return date.fromisoformat(sort_key.partition("#")[0])


def day_of_sweep(sort_key: str) -> date:
    """Return the day of a deletion, in an index sort key that :func:`sweep_order` made."""
    return datetime.fromisoformat(sort_key.partition("#")[0]).date()


def sweep_order(deleted_on: datetime, account_id: str, sort_key: str) -> str:
    """Return the index sort key of a tombstone; the oldest sorts first."""
    return f"{deleted_on.isoformat(timespec='microseconds')}#{account_id}#{sort_key}"
