"""Verifying the invariants of the table, and mending what is wrong, during traffic."""

import time
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final, NamedTuple

from chalicelib.domain.caller import Stamp
from chalicelib.services.recounting import Recount
from chalicelib.storage import keys, recount
from chalicelib.storage.counters import Counter, item_of
from chalicelib.storage.dynamodb.batches import StoredItem
from chalicelib.storage.inspection import Found, Inspector, Key, key_of
from chalicelib.storage.invariants import Check, Kind, checks_of

SECONDS_TO_SETTLE: Final = 60.0
"""Longer than any request lasts: a request that was under way has ended by then."""

_MAX_WAITING: Final = 10_000
"""Checks that wait in memory, with a few hundred bytes each."""


class Finding(NamedTuple):
    """What is wrong with which item, and whether it was mended."""

    kind: Kind
    key: Key
    is_mended: bool = False

    @property
    def is_left(self) -> bool:
        """Whether it is not mended, and does harm."""
        return not self.is_mended and not self.kind.is_a_notice


def verify(account_id: str | None, stamp: Stamp, *, fix: bool) -> Iterator[Finding]:
    """Check every item of the table, or of one account, and yield what is wrong.

    If an item looks wrong, it is read again in a snapshot with its related items. If a running
    request may be the reason, this waits before it reads again. So it does not report a change
    that was under way. It does not compare counters; :mod:`.recounting` does.

    Raises:
        OperatorError: There is no such account.
        UnavailableError: The table does not serve us. The yielded findings are done.

    """
    inspector = Inspector()
    verifier = _Verifier(inspector, stamp, fix=fix)
    if account_id is None:
        pages = inspector.all_items()
    else:
        recount.refuse_unless_there(Counter(account_id, None))
        pages = _items_of(inspector, account_id)
    for items in pages:
        yield from verifier.look_at(items)
    yield from verifier.look_at_the_rest()


def finding_of(result: Recount) -> Finding:
    """Return the finding of a counter that a recount found wrong."""
    item = item_of(result.counter)
    return Finding(Kind.COUNT, Key(item.pk, item.sk), result.is_fixed)


class _Verifier:
    """Checks items, and checks again those that look wrong."""

    def __init__(self, inspector: Inspector, stamp: Stamp, *, fix: bool) -> None:
        self._inspector = inspector
        self._stamp = stamp
        self._fix = fix
        self._settling: deque[tuple[float, Check]] = deque()

    def look_at(self, items: Iterable[StoredItem]) -> Iterator[Finding]:
        """Yield what is wrong with some items, and later what may be settling."""
        at_hand = {key_of(item): item for item in items}
        checks = [check for item in at_hand.values() for check in checks_of(item, self._stamp.at)]
        wanted = {key for check in checks for key in check.reads} - at_hand.keys()
        found: Found = {**at_hand, **self._inspector.read(wanted)}
        for check in checks:
            if not check.is_broken(found):
                continue
            if check.settling:
                self._settling.append((time.monotonic(), check))
            else:
                yield from self._look_again(check)
        while self._settling and (
            len(self._settling) > _MAX_WAITING or self._settling[0][0] <= _before_settling()
        ):
            yield from self._look_at_the_oldest()

    def look_at_the_rest(self) -> Iterator[Finding]:
        """Yield what is wrong with the items that may have been settling."""
        while self._settling:
            yield from self._look_at_the_oldest()

    def _look_at_the_oldest(self) -> Iterator[Finding]:
        since, check = self._settling.popleft()
        time.sleep(max(0.0, since - _before_settling()))
        yield from self._look_again(check)

    def _look_again(self, check: Check) -> Iterator[Finding]:
        """Yield the finding of a check that is broken in a snapshot and has no excuse."""
        found = self._inspector.read_together(check.reads)
        if not check.is_broken(found):
            return
        if check.excuse:
            if check.excuse(self._inspector):
                return
            # If the excuse was swept meanwhile, this item was swept with it.
            found = self._inspector.read_together(check.reads)
            if not check.is_broken(found):
                return
        yield Finding(check.kind, check.subject, self._mend(check, found))

    def _mend(self, check: Check, found: Found) -> bool:
        if not self._fix:
            return False
        check.try_to_mend(found, self._stamp)
        return not check.is_broken(self._inspector.read_together(check.reads))


def _before_settling() -> float:
    return time.monotonic() - SECONDS_TO_SETTLE


def _items_of(inspector: Inspector, account_id: str) -> Iterator[list[StoredItem]]:
    """Yield all items of an account, in batches."""
    yield list(inspector.read([Key(keys.account(account_id), keys.ACCOUNT)]).values())
    yield from inspector.credentials_of(account_id)
    yield from inspector.items_in(keys.blacklist(account_id))
    yield from inspector.items_in(keys.ledger(account_id))
    yield from inspector.items_in(keys.contacts(account_id))
    yield from inspector.items_in(keys.contact_ids(account_id))
    for items in inspector.items_in(keys.webhooks(account_id)):
        yield items
        for webhook_id in (item["SK"]["S"] for item in items):
            if webhook_id.isdecimal():
                yield from inspector.items_in(keys.deliveries(account_id, keys.id_in(webhook_id)))
    for items in chain(
        inspector.items_in(keys.groups(account_id)),
        inspector.items_in(keys.tombstones(account_id)),
    ):
        yield items
        for item in items:
            group_id = item["SK"]["S"].removeprefix(keys.DELETED_GROUP)
            if group_id.isdecimal():
                yield from inspector.items_in(keys.members(account_id, int(group_id)))
