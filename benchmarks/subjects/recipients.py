"""Recipients: what each costs, of campaigns to one group and to five, with many opt-outs."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import Final

from benchmarks.contacts import NOW, STAMP, caller_of, contact_items, membership_item, number
from benchmarks.engines import Item, connected, engine_of_tables
from benchmarks.report import Row, Subject
from benchmarks.use_cases.meter import READ_UNIT_BYTES, Meter, size_of
from chalicelib.domain.account import Account
from chalicelib.domain.group import Group
from chalicelib.domain.ledger import Reason
from chalicelib.domain.recipients import Campaign
from chalicelib.services import accounts, groups
from chalicelib.services.recipients import page_of_recipients
from chalicelib.storage import keys
from chalicelib.storage.stamps import stamped

MEMBERS: Final = 100_000
MEMBERS_OF_QUICK_RUN: Final = 1_000
GROUPS: Final = 5
PAGE: Final = 1_000
PAGE_OF_QUICK_RUN: Final = 100

_STOPPED_EACH: Final = 5
"""One of so many numbers is blacklisted."""

_CALLS: Final = 14
"""Of a page, besides those that read memberships: the groups, the tombstones, the blacklist, which
may take two, and the contacts, 100 at a time."""

_UNITS: Final = 1.2
_GROWTH: Final = 1.1


@dataclass(frozen=True, slots=True)
class Asked:
    """A whole campaign to some groups, page by page."""

    groups: int
    recipients: int
    excluded: int
    stopped: int
    pages: int
    calls: int
    units: float
    floor: float
    cpu_for_each: float


def measure(quick: bool) -> Subject:  # noqa: FBT001 - as every subject is called
    """Ask for the recipients of one group, and of five that overlap."""
    size, page = (MEMBERS_OF_QUICK_RUN, PAGE_OF_QUICK_RUN) if quick else (MEMBERS, PAGE)
    engine = engine_of_tables(quick=quick)
    with connected(engine) as there:
        account = accounts.open_account("Benchmark", "EE", 30, STAMP)
        many = [groups.create_group(caller_of(account), str(each), NOW) for each in range(GROUPS)]
        items = list(contact_items(account, range(size), group_id=many[0].id))
        for index, item in enumerate(items):
            item["groupIds"] = {"NS": [str(many[each].id) for each in _groups_of(index)]}
        there.load(items)
        there.load(list(_memberships(account, many, size)))
        there.load(list(_opt_outs(account, size)))
        asked = [_ask(account, many[:each], size, page) for each in (1, GROUPS)]
    rows = [row for each in asked for row in _rows(each, with_units=not quick)]
    if not quick:
        one, five = asked
        rows.append(
            Row(
                name=f"{GROUPS} groups: CPU for each recipient",
                unit="×",
                measured=five.cpu_for_each / one.cpu_for_each,
                against="1 group",
                mark=_GROWTH,
            )
        )
    return Subject(
        name="recipients",
        title=f"Recipients among {size:,} contacts in {GROUPS} groups",
        engine=engine,
        method=(
            f"Pages of {page:,}; each contact is in two of the groups, and every fifth number is "
            "blacklisted. Units are the engine's own charge, held against the bytes of the "
            "memberships and of the blacklist at 4 KB a unit, and one unit for each contact that "
            "is answered."
        ),
        rows=rows,
        footnotes=[]
        if quick
        else [
            f"{each.groups} groups: {1e6 * each.cpu_for_each:.0f} µs of CPU for each recipient."
            for each in asked
        ],
    )


def _ask(account: Account, some: list[Group], size: int, limit: int) -> Asked:
    campaign = Campaign(
        group_ids=frozenset(group.id for group in some),
        numbers=[],
        excluded_group_ids=frozenset(),
    )
    after: str | None = None
    recipients, excluded, cpu = 0, 0, []
    with Meter() as meter:
        while True:
            began = time.process_time()
            page = page_of_recipients(account, campaign, after=after, limit=limit)
            spent = time.process_time() - began
            recipients += len(page.recipients)
            excluded += len(page.excluded)
            cpu.append(spent / max(len(page.recipients), 1))
            after = page.last
            if after is None:
                break
    member_bytes = size_of(membership_item(account, some[0], 0)) * 2 * size * len(some) / GROUPS
    opt_out_bytes = size_of(next(_opt_outs(account, 1))) * size / _STOPPED_EACH
    floor = recipients + (member_bytes + opt_out_bytes) / READ_UNIT_BYTES
    stopped = sum(
        any(each < len(some) for each in _groups_of(index))
        for index in range(0, size, _STOPPED_EACH)
    )
    return Asked(
        groups=len(some),
        recipients=recipients,
        excluded=excluded,
        stopped=stopped,
        pages=len(cpu),
        calls=len(meter.calls),
        units=meter.charged_reads,
        floor=floor,
        cpu_for_each=median(cpu),
    )


def _rows(asked: Asked, *, with_units: bool) -> Iterator[Row]:
    name = f"{asked.groups} group{'s' * (asked.groups > 1)}"
    yield Row(
        name=f"{name}: left out, but not blacklisted, or the other way",
        unit="numbers",
        measured=abs(asked.excluded - asked.stopped),
        against=f"{asked.stopped:,} blacklisted members",
        mark=0,
    )
    yield Row(
        name=f"{name}: calls for each page",
        unit="calls",
        measured=asked.calls / asked.pages,
        against="three pages of each group, and what any page reads",
        mark=_CALLS + 3 * asked.groups,
    )
    if not with_units:
        return
    yield Row(
        name=f"{name}: units, measured ÷ formula",
        unit="×",
        measured=asked.units / asked.floor,
        against="bytes, and a unit for each contact",
        mark=_UNITS,
    )
    yield Row(
        name=f"{name}: units for each recipient",
        unit="units",
        measured=asked.units / asked.recipients,
        against="with those that are left out",
    )


def _memberships(account: Account, many: list[Group], size: int) -> Iterator[Item]:
    for index in range(size):
        for each in _groups_of(index):
            yield membership_item(account, many[each], index)


def _opt_outs(account: Account, size: int) -> Iterator[Item]:
    for index in range(0, size, _STOPPED_EACH):
        yield {
            "PK": {"S": keys.blacklist(account.id)},
            "SK": {"S": number(index)},
            "id": {"N": "7"},
            "createdOn": {"S": "2026-01-31T12:00:00.000000+0000"},
            "at": {"S": "2026-01-31T12:00:00.000000+0000"},
            "reason": {"S": Reason.REQUEST.value},
            "entries": {"N": "1"},
            "byRequest": {"BOOL": True},
            "actor": {"S": STAMP.by},
            "source": {"S": STAMP.via},
            **stamped(STAMP),
        }


def _groups_of(index: int) -> tuple[int, int]:
    # Another step than that of the opt-outs, so that each group has its share of them.
    return (index // 2) % GROUPS, (index // 2 + 1) % GROUPS
