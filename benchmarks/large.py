"""The one large table, which several subjects share: to fill it takes a minute or two."""

import atexit
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Final

from benchmarks.contacts import NOW, STAMP, caller_of, contact_items, membership_item
from benchmarks.engines import Item, connected, engine_of_tables
from benchmarks.use_cases.meter import size_of
from chalicelib.domain.account import Account
from chalicelib.domain.group import Group
from chalicelib.services import accounts, groups
from infra.local.connected import Connected

SIZES: Final = (1_000, 10_000, 100_000)
SIZES_OF_QUICK_RUN: Final = (300, 1_000)

WITH_MEMBERS: Final = 10_000
"""The largest account that has groups: each contact is in two of five."""

GROUPS: Final = 5

_WAITING: Final = 10_000
"""Of an account larger than that, so many wait in the index for their day."""


@dataclass(frozen=True, slots=True)
class Filled:
    """An account with so many contacts, what they weigh, and its groups if it has any."""

    account: Account
    size: int
    contact_bytes: int
    groups: list[Group]

    @property
    def member_bytes(self) -> int:
        """What one membership weighs."""
        return size_of(membership_item(self.account, self.groups[0], 0))

    def members_of(self, groups: int) -> list[int]:
        """Return which contacts are in the first so many groups, each once."""
        return [index for index in range(self.size) if _is_in_any(index, groups)]


@dataclass(frozen=True, slots=True)
class LargeTable:
    """Accounts of several sizes in one table."""

    engine: str
    connected: Connected
    filled: list[Filled]

    @property
    def size(self) -> int:
        """How many contacts there are; none of them is due."""
        return sum(each.size for each in self.filled)


@cache
def large_table(*, quick: bool) -> LargeTable:
    """Return the table, which is made when it is first asked for, and goes with the process."""
    stack = ExitStack()
    atexit.register(stack.close)
    engine = engine_of_tables(quick=quick)
    there = stack.enter_context(connected(engine))
    sizes = SIZES_OF_QUICK_RUN if quick else SIZES
    return LargeTable(engine, there, [_fill(there, size) for size in sizes])


def _fill(there: Connected, size: int) -> Filled:
    account = accounts.open_account("Benchmark", "EE", 30, STAMP)
    many = [groups.create_group(caller_of(account), str(each), NOW) for each in range(GROUPS)]
    waiting = _WAITING if size > WITH_MEMBERS else 0
    items = [
        *contact_items(account, range(size - waiting), group_id=many[0].id),
        *contact_items(account, range(size - waiting, size), due=NOW.date() + timedelta(days=1)),
    ]
    if size <= WITH_MEMBERS:
        for index, item in enumerate(items):
            item["groupIds"] = {"NS": [str(many[each].id) for each in _groups_of(index)]}
    there.load(items)
    if size <= WITH_MEMBERS:
        there.load(_memberships(account, many, size))
    return Filled(account, size, sum(map(size_of, items)), many if size <= WITH_MEMBERS else [])


def _memberships(account: Account, many: list[Group], size: int) -> Iterator[Item]:
    for index in range(size):
        for each in _groups_of(index):
            yield membership_item(account, many[each], index)


def _groups_of(index: int) -> tuple[int, int]:
    return index % GROUPS, (index + 1) % GROUPS


def _is_in_any(index: int, groups: int) -> bool:
    return any(each < groups for each in _groups_of(index))
