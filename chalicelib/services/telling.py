"""Telling of changes: what the stream has, in the feed of each account.

All of it may be repeated. A change that is told again has the same id.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from chalicelib.domain.account import Account
from chalicelib.domain.changes import Change, number_id, rendered
from chalicelib.domain.contact import Contact
from chalicelib.domain.errors import OperatorError
from chalicelib.domain.phone import PhoneNumber
from chalicelib.observability import logger
from chalicelib.storage import accounts, change_feed, event_bus, ledger, rewrites, webhooks
from chalicelib.storage.accounts import UnreadableItemError
from chalicelib.storage.change_records import changes_in, number_in
from chalicelib.storage.dynamodb.batches import in_batches
from chalicelib.storage.event_bus import Event
from chalicelib.storage.rewrites import DAMAGED
from chalicelib.storage.stream_records import ItemChange


class Told(NamedTuple):
    """What an account was told."""

    account: Account
    changes: list[Change]


def tell(records: Iterable[ItemChange], arrived_on: datetime) -> list[Told]:
    """Add what some records say to the feeds of their accounts, and return it.

    They are all added by the end of the process that calls this: until then, no reader may be
    past *arrived_on*, which is before it began (:data:`.changes.LONGEST_WRITE`).

    Raises:
        UnavailableError: The table was out of reach, or busy at every try.

    """
    of_accounts: dict[str, list[ItemChange]] = defaultdict(list)
    for record in records:
        of_accounts[record.account_id].append(record)
    told = []
    for account_id, of_account in of_accounts.items():
        try:
            account = accounts.get_account(account_id)
        except OperatorError:
            # It was closed, with its feed.
            continue
        except UnreadableItemError:
            logger().exception("Changes of a damaged account are not told", account=account_id)
            continue
        changes = [change for record in of_account for change in _said_by(record, account)]
        change_feed.add_changes(account_id, changes, arrived_on)
        _let_be_found(account, of_account)
        if changes:
            told.append(Told(account, changes))
    return told


def publish(bus: str, account: Account, changes: Iterable[Change]) -> None:
    """Put changes on a bus, as events of their types, each at least once.

    An event says whether its account has webhooks, so that a rule can pass on only those.

    Raises:
        UnavailableError: The bus refused some of them at every try, or is out of reach.

    """
    said = {"account": account.id, "hasWebhooks": webhooks.has_any(account.id)}
    event_bus.put_events(
        bus, (Event(each.type.value, {**said, **rendered(each)}) for each in changes)
    )


def contacts_of(account: Account, contact_ids: Iterable[int]) -> dict[int, Contact]:
    """Return some contacts as they are now, by their ids; those that are there, and readable.

    Raises:
        UnavailableError: The table was out of reach.

    """
    found: dict[int, Contact] = {}
    for batch in in_batches(contact_ids):
        read = rewrites.read_each(account.id, batch)
        for contact_id in batch:
            try:
                kept = read.kept(contact_id)
            except DAMAGED:
                continue
            if kept is not None:
                found[contact_id] = kept.contact
    return found


def _said_by(record: ItemChange, account: Account) -> list[Change]:
    try:
        return changes_in(record, account.cursor_key)
    except DAMAGED:
        logger().exception("A change of a damaged item is not told", event=record.event_id)
        return []


def _let_be_found(account: Account, records: Iterable[ItemChange]) -> None:
    """Let numbers be found by the ids by which they are told of, as long as they have a ledger.

    The ledger is read after the number is written. So if a person is erased meanwhile, either the
    erasure finds the number, or this finds no ledger.
    """
    for e164 in dict.fromkeys(filter(None, map(number_in, records))):
        number, told_as = PhoneNumber(e164), number_id(account.cursor_key, e164)
        change_feed.keep_number(account.id, told_as, number)
        if ledger.count_entries(account.id, number) == 0:
            change_feed.forget_number(account.id, told_as)
