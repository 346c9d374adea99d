"""The traffic of each scenario, on the keys that the phonebook really builds."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import repeat
from typing import Final

from chalicelib.storage import keys
from growth.limits import PARTITION_WRITES
from growth.partitions import Heat, Partitions, Served, even_heat, follow, place

SEED: Final = 6
DUE_SHARDS: Final = keys.DUE_SHARDS
INTERVALS: Final = 5
NEW_TABLE_PARTITIONS: Final = 4
"""A new table takes 4,000 writes a second, which is four partitions' worth."""

HASHES: Final = 400
"""Over how many hash functions an average is taken."""

_ACCOUNT: Final = "0123456789abcdef"
_GROUP: Final = 4_503_599_627_370_496
_SAMPLE: Final = 2_000
_DAY: Final = date(2026, 12, 22)


@dataclass(frozen=True, slots=True)
class Traffic:
    """Writes that go on for some intervals, in each of which what is hot is split once."""

    name: str
    units: float
    served: Sequence[Served]


def all_traffic() -> list[Traffic]:
    """Return what becomes of each kind of traffic, interval by interval."""
    units = 8_000.0
    due_units = 24_000.0
    due = Partitions(NEW_TABLE_PARTITIONS)
    return [
        _steady("contacts of 1,000 accounts", units, _of_many_accounts(units)),
        _steady("one account, numbers in no order", units, _of_one_account(units)),
        _moving("one account, imported in the order of numbers", units, clients=1),
        _moving("the same by 8 clients, each with its own stretch", units, clients=8),
        _steady("members of one group, in no order", units, _of_one_group(units)),
        _steady("one item", units, {place(keys.tombstones(_ACCOUNT), ""): units}),
        _on("due index, in the first hours", due_units, repeat(_due(due_units, 0)), due),
        _on("due index, at the next midnight", due_units, repeat(_due(due_units, 1)), due),
    ]


def shards_of_the_busiest(partitions: int) -> float:
    """Return how many shards of the due index the busiest of its partitions holds, on average."""
    most = 0.0
    for salt in map(str, range(HASHES)):
        shards = even_heat(
            (place(keys.due_shard(shard), "", salt) for shard in range(DUE_SHARDS)),
            DUE_SHARDS,
        )
        most += max(Partitions(partitions).loads(shards))
    return most / HASHES


def _steady(name: str, units: float, heat: Heat) -> Traffic:
    return _on(name, units, repeat(heat), Partitions(NEW_TABLE_PARTITIONS))


def _moving(name: str, units: float, *, clients: int) -> Traffic:
    """Let each client write the numbers of its stretch in their order, some in each interval."""
    at_once = _SAMPLE // clients

    def intervals() -> Iterator[Heat]:
        for interval in range(INTERVALS):
            yield even_heat(
                (
                    place(keys.contacts(_ACCOUNT), _number(client * 1_000_000 + number))
                    for client in range(clients)
                    for number in range(interval * at_once, (interval + 1) * at_once)
                ),
                units,
            )

    return _on(name, units, intervals(), Partitions(NEW_TABLE_PARTITIONS))


def _on(name: str, units: float, intervals: Iterator[Heat], partitions: Partitions) -> Traffic:
    served = follow(intervals, partitions, PARTITION_WRITES.value)
    return Traffic(name, units, [each for _, each in zip(range(INTERVALS), served, strict=False)])


def _of_many_accounts(units: float) -> Heat:
    numbers = _numbers()
    return even_heat(
        (place(keys.contacts(f"{n % 1_000:016x}"), number) for n, number in enumerate(numbers)),
        units,
    )


def _of_one_account(units: float) -> Heat:
    return even_heat((place(keys.contacts(_ACCOUNT), number) for number in _numbers()), units)


def _of_one_group(units: float) -> Heat:
    partition = keys.members(_ACCOUNT, _GROUP)
    return even_heat((place(partition, number) for number in _numbers()), units)


def _due(units: float, days_later: int) -> Heat:
    day = _DAY + timedelta(days_later)
    return even_heat((place(*keys.due(day, _ACCOUNT, number)) for number in _numbers()), units)


def _numbers() -> list[str]:
    chosen = random.Random(SEED).sample(range(8_000_000), _SAMPLE)
    return [_number(each) for each in chosen]


def _number(rest: int) -> str:
    return f"+3725{rest:07d}"
