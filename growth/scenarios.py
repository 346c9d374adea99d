"""What is met first: the limits of AWS and of our own, in the order in which growth meets them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from growth import cleaning, costs, counting, keyspace, limits, workload

CONTACTS: Final = (10_000, 1_000_000, 100_000_000)
REQUESTS: Final = (1, 1_000, 100_000)

THROTTLING_RATE: Final = 200
THROTTLING_RATE_OF_PROD: Final = 500
COUNTING_LAMBDAS: Final = 10
"""Settings of ours: `infra/resources.yaml` and `infra/aws/stages.yaml`."""

PART_ROWS: Final = 500
PARTS_AT_ONCE: Final = 4
"""Of an import: `chalicelib/importing/plan.py` and `infra/resources.yaml`."""

ROWS_OF_JOBS: Final = (10_000, 100_000, 1_000_000)
SPLITS: Final = 4

CONTENTION_MINUTES: Final = 10
"""How long shards are followed that count into one counter: for a steady average."""


@dataclass(frozen=True, slots=True)
class Met:
    """A limit, the requests a second that meet it, what happens then, and what to change."""

    limit: str
    at: float
    then: str
    change: str


def requests_of_lambdas(concurrency: int) -> float:
    """Return the requests a second that so many Lambdas take."""
    return min(concurrency * limits.INVOCATIONS.value, concurrency / costs.REQUEST_SECONDS)


def partitions(contacts: int, requests_a_second: float) -> int:
    """Return the fewest partitions that hold the table and serve an even load."""
    units = workload.units_of_mix().times(requests_a_second)
    gb = costs.stored_bytes(contacts, requests_a_second) / limits.GB
    return max(
        keyspace.NEW_TABLE_PARTITIONS,
        math.ceil(gb / limits.PARTITION_GB.value),
        math.ceil(units.reads / limits.PARTITION_READS.value),
        math.ceil(units.table_writes / limits.PARTITION_WRITES.value),
    )


def doublings(requests_a_second: float) -> int:
    """Return how often a new table has to double what it takes until it serves so many."""
    units = workload.units_of_mix().times(requests_a_second)
    growth = max(
        units.reads / limits.NEW_TABLE_READS.value,
        units.table_writes / limits.NEW_TABLE_WRITES.value,
        units.index_writes / limits.NEW_TABLE_WRITES.value,
    )
    return max(0, math.ceil(math.log2(growth)))


def met_by_even_load() -> list[Met]:
    """Return the limits that an even load meets, the first to be met first."""
    units = workload.units_of_mix()
    due_a_second = cleaning.a_day(cleaning.TRANSACTION_SECONDS, sweeping=False) / 86_400
    alone = counting.changes_a_second(counting.BATCH, counting.TRANSACTION_SECONDS)
    limits_met = [
        Met(
            "Lambda concurrency of a new AWS account (10)",
            requests_of_lambdas(limits.NEW_ACCOUNT_CONCURRENCY.value),
            "no Lambda: 5xx, `ApiThrottlesAlarm`",
            "ask for 1,000 under Service Quotas",
        ),
        Met(
            "`ThrottlingRate` by default",
            THROTTLING_RATE,
            "429 with `Retry-After`",
            "raise it, once the limits below are known to hold",
        ),
        Met(
            "`ThrottlingRate` of `prod`",
            THROTTLING_RATE_OF_PROD,
            "429 with `Retry-After`",
            "the same",
        ),
        Met(
            "one clean-up after the other",
            due_a_second / workload.FALLING_DUE,
            "more falls due than is purged: lag, `PurgeIsBehindAlarm`",
            "purge the 16 shards side by side",
        ),
        Met(
            "a new table's reads",
            limits.NEW_TABLE_READS.value / units.reads,
            "throttled: 503, until the table has grown",
            "grow slowly, or pre-warm",
        ),
        Met(
            "a new table's writes",
            limits.NEW_TABLE_WRITES.value / units.table_writes,
            "the same",
            "the same",
        ),
        Met(
            "API Gateway, for all APIs of the AWS account",
            limits.GATEWAY_RATE.value,
            "429",
            "ask for more",
        ),
        Met(
            "Lambda: 1,000 at once, 10 requests a second each",
            requests_of_lambdas(limits.CONCURRENCY.value),
            "no Lambda: 5xx, `ApiThrottlesAlarm`",
            "ask for more: a tenth of the requests a second",
        ),
        Met(
            "10 Lambdas for counting, reserved in `prod`",
            COUNTING_LAMBDAS * alone / units.changes_counted,
            "all of them are busy: counts lag, `CountingThrottlesAlarm`",
            "reserve as many as there are partitions",
        ),
        Met(
            "the table's quota of reads",
            limits.TABLE_READS.value / units.reads,
            "throttled: 503",
            "ask for more",
        ),
        Met(
            "the table's quota of writes",
            limits.TABLE_WRITES.value / units.table_writes,
            "throttled: 503, and counts lag",
            "ask for more",
        ),
    ]
    return sorted(limits_met, key=lambda each: each.at)


def met(order: Sequence[Met], requests_a_second: float) -> int:
    """Return how many of the limits in *order* so many requests meet."""
    return sum(each.at <= requests_a_second for each in order)


def contention(shards: int) -> counting.Contention:
    """Return what becomes of so many shards that count into one counter."""
    seconds = 60.0 * CONTENTION_MINUTES
    return counting.contend(shards, counting.TRANSACTION_SECONDS, seconds, keyspace.SEED)


def rows_a_second(splits: int) -> float:
    """Return how many rows an import into one group writes a second, after some splits.

    Each row writes an item, for two units, in three places, which split side by side.
    """
    return float(2**splits * limits.PARTITION_WRITES.value / 2)


def dollars_of_a_job(rows: int) -> float:
    """Return what an import costs whose table is as slow as it is at first."""
    seconds_of_a_part = PART_ROWS * PARTS_AT_ONCE / rows_a_second(0)
    return costs.of_a_job(rows, PART_ROWS, seconds_of_a_part)


def met_by_one_account() -> list[Met]:
    """Return the limits of one account or one group, each on what *limit* names."""
    whole = workload.MAX_RESPONSE_BYTES // workload.JSON_BYTES
    join_writes = 2
    counter = contention(shards=1)
    return [
        Met(
            "contacts in a list that is asked for whole",
            whole,
            "refused: a Lambda answers 6 MB",
            "ask in pages",
        ),
        Met(
            "a second: lists, and reads of contacts that are in groups",
            limits.PARTITION_READS.value,
            "503: each looks into `TOMBSTONES#a`, one place that no split divides",
            "keep it in several copies, of which one is read",
        ),
        Met(
            "a second: contacts created, in no order",
            limits.PARTITION_WRITES.value,
            "503 for minutes; each split doubles it",
            "grow slowly",
        ),
        Met(
            "a second: contacts created in the order of numbers",
            limits.PARTITION_WRITES.value,
            "503; no split helps",
            "shuffle an import, or cut it into stretches and import them side by side",
        ),
        Met(
            "a second: contacts created, and counted",
            counter.changes_a_second,
            "the account's count lags; requests are not affected",
            "several counters, summed by the reader",
        ),
        Met(
            "a second: joins of one group, in no order",
            limits.PARTITION_WRITES.value / join_writes,
            "503 for minutes; each split doubles it",
            "grow slowly",
        ),
        Met(
            "a second: joins of one group in the order of numbers",
            limits.PARTITION_WRITES.value / join_writes,
            "503; no split helps",
            "shuffle",
        ),
        Met(
            "a second: joins of one group, and counted",
            counter.changes_a_second,
            "`contactsCount` lags; requests are not affected",
            "several counters, summed by the reader",
        ),
        Met(
            "a second: joins of one group",
            limits.PARTITION_READS.value,
            "503: each reads the group's item",
            "none is worth it: such a group is a list of all contacts",
        ),
    ]
