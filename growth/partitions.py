"""Which partition of DynamoDB serves which key, and what splitting a hot one gains.

As Amazon describes it (https://www.usenix.org/conference/atc22/presentation/elhemali, 4.4, and
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/burst-adaptive-capacity.html):
a partition is a range of hashed partition keys and, within one of them, of sort keys. One that
is too hot for some minutes is split where its traffic has its middle. That gains nothing where
all traffic is on one item, or always behind the last key.

The hash of DynamoDB is not public; MD5 stands in for it, being as even as any.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeAlias

Place: TypeAlias = tuple[str, str]
"""Where a key is: the hash of its partition key, and its sort key."""

Heat: TypeAlias = Mapping[Place, float]
"""Units a second that go to each place."""


def place(partition_key: str, sort_key: str, salt: str = "") -> Place:
    """Return where a key is; another *salt* stands for another hash function."""
    return hashlib.md5((salt + partition_key).encode(), usedforsecurity=False).hexdigest(), sort_key


def even_heat(places: Iterable[Place], units: float) -> dict[Place, float]:
    """Spread *units* a second evenly over *places*; one that comes twice gets twice as much."""
    listed = list(places)
    heat = dict.fromkeys(listed, 0.0)
    for each in listed:
        heat[each] += units / len(listed)
    return heat


@dataclass(frozen=True, slots=True)
class Served:
    """What the partitions make of some traffic."""

    partitions: int
    busiest: float
    units: float


class Partitions:
    """The partitions of a table or an index."""

    def __init__(self, count: int) -> None:
        # Where each begins but the first, at equal distances in the range of the hash.
        self._beginnings: list[Place] = [
            (f"{n * 2**128 // count:032x}", "") for n in range(1, count)
        ]

    def __len__(self) -> int:
        return len(self._beginnings) + 1

    def loads(self, heat: Heat) -> list[float]:
        """Return the units a second that each partition is asked for."""
        loads = [0.0] * len(self)
        for where, units in heat.items():
            loads[bisect_right(self._beginnings, where)] += units
        return loads

    def serve(self, heat: Heat, limit: float) -> Served:
        """Return what is served when no partition serves more than *limit* units a second."""
        loads = self.loads(heat)
        return Served(len(self), max(loads), sum(min(load, limit) for load in loads))

    def split_the_hot(self, heat: Heat, limit: float) -> bool:
        """Split each partition that is above *limit* once, and say whether any could be."""
        hot = {number for number, load in enumerate(self.loads(heat)) if load > limit}
        within: dict[int, list[Place]] = {number: [] for number in hot}
        for where in sorted(heat):
            number = bisect_right(self._beginnings, where)
            if number in hot:
                within[number].append(where)
        middles = [
            _middle(places, [heat[where] for where in places])
            for places in within.values()
            if len(places) > 1
        ]
        self._beginnings = sorted([*self._beginnings, *middles])
        return bool(middles)


def follow(intervals: Iterable[Heat], partitions: Partitions, limit: float) -> Iterator[Served]:
    """Yield what is served in each interval; what is too hot in it is split at its end."""
    for heat in intervals:
        yield partitions.serve(heat, limit)
        partitions.split_the_hot(heat, limit)


def _middle(places: list[Place], units: list[float]) -> Place:
    """Return the place with which the second of the two most equal halves begins."""
    before = list(accumulate(units))
    total = before[-1]
    best = min(range(1, len(places)), key=lambda n: abs(total - 2 * before[n - 1]))
    return places[best]
