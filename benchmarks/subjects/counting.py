"""Counting: what the stream's Lambda pays for each join to one group, by size of batch."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from benchmarks.contacts import STAMP, caller_of
from benchmarks.engines import MINISTACK, connected
from benchmarks.report import Row, Subject, spread
from benchmarks.use_cases.meter import Meter
from chalicelib.domain.account import Account
from chalicelib.domain.group import Group
from chalicelib.entrypoints.counter_stream import count_changes
from chalicelib.services import accounts, groups
from chalicelib.settings import TABLE_VARIABLE
from chalicelib.storage import keys
from infra.local.connected import Connected

JOINS: Final = {1: 2_000, 10: 5_000, 99: 10_000, 100: 10_000, 1_000: 100_000}
"""Size of batch, and joins counted in such batches; all of them in ever smaller batches would
take an hour."""

JOINS_OF_QUICK_RUN: Final = {1: 20, 10: 100, 99: 198, 100: 200, 1_000: 1_000}

MAX_TOGETHER: Final = 99
"""The markers that fit into a transaction beside one counter."""

PARTS: Final = 10
"""Consecutive parts of the same size, so that growth with what is counted already would show."""

_GROWTH: Final = 1.1
_NOW: Final = datetime(2026, 1, 31, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Counted:
    """What counting a number of joins took, and the CPU of each of its parts."""

    joins: int
    lost: int
    writes: float
    cpu_of_parts: list[float]


def measure(quick: bool) -> Subject:  # noqa: FBT001 - as every subject is called
    """Count joins in batches of several sizes."""
    sizes = JOINS_OF_QUICK_RUN if quick else JOINS
    rows: list[Row] = []
    footnotes: list[str] = []
    with connected(MINISTACK) as there, _lambda_in(there):
        account = accounts.open_account("Benchmark", "EE", 30, STAMP)
        for batch, joins in sizes.items():
            group = groups.create_group(caller_of(account), f"in batches of {batch}", _NOW)
            counted = _count(account, group, joins, batch)
            rows += _rows(batch, counted, with_times=not quick)
            per_join = 1e6 * sum(counted.cpu_of_parts) / joins
            footnotes.append(
                f"{joins:,} joins in batches of {batch:,}: {per_join:.0f} µs of CPU each."
            )
    return Subject(
        name="counting",
        title="Counting joins to one group",
        engine=MINISTACK,
        method=(
            "Records as the stream has them, given to the Lambda's handler; the formula is 2 "
            f"writes a record, and 2 a transaction of up to {MAX_TOGETHER} records. CPU is "
            f"compared between the {PARTS} parts that came one after the other."
        ),
        rows=rows,
        footnotes=[] if quick else footnotes,
    )


def formula(joins: int, batch: int) -> float:
    """Return the write units of counting joins to one group, in batches."""
    whole, rest = divmod(joins, batch)
    transactions = whole * -(-batch // MAX_TOGETHER) + -(-rest // MAX_TOGETHER)
    return 2 * joins + 2 * transactions


def _count(account: Account, group: Group, joins: int, batch: int) -> Counted:
    records = [_record(account, group, index) for index in range(joins)]
    batches = [records[start : start + batch] for start in range(0, joins, batch)]
    size_of_part = max(1, len(batches) // PARTS)
    cpu_of_parts = []
    with Meter() as meter:
        for start in range(0, len(batches), size_of_part):
            began = time.process_time()
            for together in batches[start : start + size_of_part]:
                failures = count_changes({"Records": together}, None)["batchItemFailures"]
                if failures:
                    raise RuntimeError(f"a batch of {batch} was not counted")
            cpu_of_parts.append(time.process_time() - began)
    stored = groups.retrieve_group(account, group.id).contacts_count
    return Counted(joins, abs(joins - stored), meter.writes, cpu_of_parts)


def _record(account: Account, group: Group, index: int) -> dict[str, Any]:
    """Return a record of the stream: a membership came."""
    return {
        "eventID": f"{group.id}-{index}",
        "eventName": "INSERT",
        "eventSourceARN": "arn:aws:dynamodb:eu-west-1:000000000000:table/a/stream/b",
        "dynamodb": {
            "Keys": {
                "PK": {"S": keys.members(account.id, group.id)},
                "SK": {"S": f"+3725{index:07d}"},
            },
            "SequenceNumber": str(index),
        },
    }


def _rows(batch: int, counted: Counted, *, with_times: bool) -> Iterator[Row]:
    name = f"batches of {batch:,}"
    yield Row(
        name=f"{name}: writes for each join",
        unit="units",
        measured=counted.writes / counted.joins,
        against="the design's formula",
        mark=formula(counted.joins, batch) / counted.joins,
    )
    yield Row(
        name=f"{name}: joins not counted, or counted twice",
        unit="joins",
        measured=counted.lost,
        against=f"{counted.joins:,} joins",
        mark=0,
    )
    if with_times:
        low, growth, high = spread(_growths(counted.cpu_of_parts))
        yield Row(
            name=f"{name}: CPU for each join, later ÷ earlier",
            unit="×",
            measured=growth,
            low=low,
            high=high,
            against="the first half of the joins",
            mark=_GROWTH,
        )


def _growths(cpu_of_parts: list[float]) -> list[float]:
    """Return how each part of the second half compares with its fellow of the first."""
    half = min(len(cpu_of_parts), PARTS) // 2
    earlier, later = cpu_of_parts[:half], cpu_of_parts[half : 2 * half]
    return [after / before for before, after in zip(earlier, later, strict=True)]


@contextmanager
def _lambda_in(there: Connected) -> Iterator[None]:
    """Let the Lambda, which connects itself at its first batch, find this table."""
    with there.environment():
        os.environ[TABLE_VARIABLE] = there.table
        count_changes({"Records": []}, None)
        yield
