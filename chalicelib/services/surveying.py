"""What an account looks like at a glance: what it holds, what is due, and who opted out when."""

from collections import Counter
from datetime import date, timedelta
from functools import partial
from itertools import islice
from typing import Final, NamedTuple

from chalicelib.domain.account import Account
from chalicelib.services.threads import in_threads
from chalicelib.storage import blacklist, counters, due, groups, keys

DAYS: Final = 30
WEEKS: Final = 12

MAX_OPT_OUTS_READ: Final = 10_000
"""Opt-outs that are read to tell their weeks; of more, only their number is told."""


class Survey(NamedTuple):
    """An account at a glance.

    ``contacts`` lags by about a second. ``due`` has each of the coming days, beginning with today,
    and what is overdue counts as today's. ``opt_outs_by_week`` has the Mondays of the last weeks;
    None if there are too many opt-outs to read.
    """

    contacts: int
    groups: int
    opt_outs: int
    due: dict[date, int]
    opt_outs_by_week: dict[date, int] | None

    def due_within(self, days: int) -> int:
        """Return how many contacts are due within some days."""
        return sum(list(self.due.values())[:days])


def survey(account: Account, today: date) -> Survey:
    """Look at an account. This reads its blacklist, the keys of its groups, and what is due."""
    entries = list(
        islice(
            blacklist.list_entries(account.id, after=None, expected=MAX_OPT_OUTS_READ + 1),
            MAX_OPT_OUTS_READ + 1,
        )
    )
    by_week: dict[date, int] | None = None
    opt_outs = len(entries)
    if opt_outs <= MAX_OPT_OUTS_READ:
        counts = Counter(_monday_of(entry.at.date()) for entry in entries)
        first = _monday_of(today) - timedelta(weeks=WEEKS - 1)
        mondays = [first + timedelta(weeks=week) for week in range(WEEKS)]
        by_week = {monday: counts[monday] for monday in mondays}
    else:
        opt_outs = blacklist.count_numbers(account.id)
    return Survey(
        contacts=counters.read_counter(counters.Counter(account.id, None)) or 0,
        groups=groups.count_groups(account.id),
        opt_outs=opt_outs,
        due=_due(account, today),
        opt_outs_by_week=by_week,
    )


def _due(account: Account, today: date) -> dict[date, int]:
    """Return how many contacts are due on each day; the clean-up is late for some of yesterday."""
    last = today + timedelta(days=DAYS - 1)
    count = partial(due.count_due, account.id, first=today - timedelta(days=1), last=last)
    found: Counter[date] = Counter()
    for counts in in_threads(count, range(keys.DUE_SHARDS)):
        found.update(counts)
    days = {today + timedelta(days=day): 0 for day in range(DAYS)}
    for day, many in found.items():
        days[max(day, today)] += many
    return days


def _monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())
