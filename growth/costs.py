"""What it costs a month: list prices of us-east-1 as ``docs/operations.md`` has them.

The cheaper prices of API Gateway for many requests are from AWS's own
https://docs.aws.amazon.com/whitepapers/latest/best-practices-api-gateway-private-apis-integration/cost-optimization.html.
Left out, as there: free tiers, what leaves AWS, and the Lambda that counts, which adds less than
one hundredth.
"""

from dataclasses import dataclass
from typing import Final

from growth import limits, workload

MILLION: Final = 1_000_000
SECONDS_A_MONTH: Final = 730 * 3600

GATEWAY: Final = ((333, 3.50), (667, 2.80), (19_000, 2.38), (float("inf"), 1.51))
"""Millions of requests a month, and the price of a million of them; then those behind."""

INVOCATIONS: Final = 0.20
S3_WRITES: Final = 5.00
"""A million objects that are written."""
SQS_REQUESTS: Final = 0.40
"""A million requests to a queue."""
GB_SECOND: Final = 0.0000133334
REQUEST_SECONDS: Final = 0.020
REQUEST_GB: Final = 1.0
FUNCTIONS: Final = INVOCATIONS + MILLION * REQUEST_SECONDS * REQUEST_GB * GB_SECOND
"""A million requests; the milliseconds are an assumption."""
LOGS: Final = 1.3 * 0.50
TRACE: Final = 5.00 / MILLION
TRACED_OF_THE_REST: Final = 0.05
"""X-Ray traces the first request of each second, and this part of the others
(https://docs.aws.amazon.com/xray/latest/devguide/xray-console-sampling.html)."""
READS: Final = 0.125
WRITES: Final = 0.625
STORED_GB: Final = 0.25 + 0.20
"""A GB in the table, and the same under point-in-time recovery."""
IDLE: Final = 0.03 + 3.00 + 2.10 + 3.00


@dataclass(frozen=True, slots=True)
class Cost:
    """Dollars a month."""

    gateway: float
    functions: float
    logs: float
    units: float
    storage: float

    @property
    def total(self) -> float:
        """All of it, and what an idle stack costs."""
        return self.gateway + self.functions + self.logs + self.units + self.storage + IDLE


def stored_bytes(contacts: int, requests_a_second: float) -> float:
    """Return the bytes of all contacts and of the markers of a week."""
    changes = workload.units_of_mix().changes_counted * requests_a_second
    markers = changes * workload.MARKER_SECONDS * workload.MARKER_BYTES
    return contacts * workload.STORED_BYTES + markers


def of_gateway(millions: float) -> float:
    """Return what API Gateway takes for so many million requests a month."""
    cost = 0.0
    for width, price in GATEWAY:
        within = min(millions, width)
        cost += within * price
        millions -= within
    return cost


def of_requests(millions: float) -> float:
    """Return what so many million requests a month cost, untraced, before they reach the table."""
    return of_gateway(millions) + millions * (FUNCTIONS + LOGS)


def of_traces(requests_a_second: float) -> float:
    """Return what the traces of a month cost, if requests come evenly."""
    firsts = min(requests_a_second, 1)
    traced = firsts + TRACED_OF_THE_REST * (requests_a_second - firsts)
    return traced * SECONDS_A_MONTH * TRACE


def of_units(units: workload.Units) -> float:
    """Return what a million times *units* costs."""
    return units.reads * READS + (units.table_writes + units.index_writes) * WRITES


def of_a_job(rows: int, part_rows: int, seconds: float) -> float:
    """Return what a file with so many rows costs whose parts take some seconds each to write."""
    parts = rows / part_rows
    per_part = (
        # Its rows and their outcomes; its message, which is sent, received and deleted.
        (2 * S3_WRITES + 3 * SQS_REQUESTS + INVOCATIONS) / MILLION + seconds * GB_SECOND
    )
    units = workload.OF_ROWS_IMPORTED.plus(
        workload.Units(0, 2 * workload.OF_ROWS_IMPORTED.changes_counted)
    )
    return parts * per_part + rows / workload.ROWS_IMPORTED / MILLION * of_units(units)


def monthly(contacts: int, requests_a_second: float) -> Cost:
    """Return what a stack costs that holds *contacts* and is asked so often, day and night."""
    millions = requests_a_second * SECONDS_A_MONTH / MILLION
    return Cost(
        gateway=of_gateway(millions),
        functions=millions * FUNCTIONS,
        logs=millions * LOGS + of_traces(requests_a_second),
        units=millions * of_units(workload.units_of_mix()),
        storage=stored_bytes(contacts, requests_a_second) / limits.GB * STORED_GB,
    )
