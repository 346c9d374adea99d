"""The numbers that AWS publishes, each with its source.

They were looked up in stored copies of these pages on 2026-11-22; what could not be read there
says so.
"""

from dataclasses import dataclass
from typing import Final

_DYNAMODB: Final = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/"
_DYNAMODB_API: Final = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/"
_LAMBDA: Final = "https://docs.aws.amazon.com/lambda/latest/dg/"
_GATEWAY: Final = "https://docs.aws.amazon.com/apigateway/latest/developerguide/"


@dataclass(frozen=True, slots=True)
class Limit:
    """A number that AWS publishes, and where."""

    name: str
    value: int
    unit: str
    source: str
    can_be_raised: bool = False
    was_read: bool = True
    """Whether the number itself was found in a copy of the source."""


GB: Final = 1_000_000_000

PARTITION_READS: Final = Limit(
    "reads of a partition", 3_000, "units/s", _DYNAMODB + "burst-adaptive-capacity.html"
)
PARTITION_WRITES: Final = Limit(
    "writes of a partition", 1_000, "units/s", _DYNAMODB + "burst-adaptive-capacity.html"
)
PARTITION_GB: Final = Limit(
    "size of a partition",
    10,
    "GB",
    "https://aws.amazon.com/blogs/database/part-3-scaling-dynamodb-how-partitions-hot-keys-and-split-for-heat-impact-performance/",
)
NEW_TABLE_READS: Final = Limit(
    "reads of a new table", 12_000, "units/s", _DYNAMODB + "warm-throughput-scenarios.html"
)
NEW_TABLE_WRITES: Final = Limit(
    "writes of a new table", 4_000, "units/s", _DYNAMODB + "warm-throughput-scenarios.html"
)
GROWTH_IN_30_MINUTES: Final = Limit(
    "growth above the last peak, in 30 minutes",
    2,
    "times",
    _DYNAMODB + "pre-warming-on-demand-capacity-mode.html",
)
TABLE_READS: Final = Limit(
    "reads of a table, and of an index",
    40_000,
    "units/s",
    _DYNAMODB + "ServiceQuotas.html",
    can_be_raised=True,
)
TABLE_WRITES: Final = Limit(
    "writes of a table, and of an index",
    40_000,
    "units/s",
    _DYNAMODB + "ServiceQuotas.html",
    can_be_raised=True,
)
TRANSACTION_ACTIONS: Final = Limit(
    "actions of a transaction", 100, "", _DYNAMODB_API + "API_TransactWriteItems.html"
)
STREAM_RECORDS: Final = Limit(
    "records that a stream hands out at once",
    1_000,
    "",
    _DYNAMODB_API + "API_streams_GetRecords.html",
)
STREAM_POLLS: Final = Limit(
    "how often Lambda asks a shard, at the least", 4, "a second", _LAMBDA + "with-ddb.html"
)
STREAM_HOURS: Final = Limit(
    "how long a stream keeps a record", 24, "hours", _DYNAMODB + "Streams.html"
)
SHARD_BATCHES: Final = Limit(
    "batches of a shard at once, by default (10 at most)",
    1,
    "",
    _LAMBDA + "services-ddb-params.html",
    can_be_raised=True,
)
CONCURRENCY: Final = Limit(
    "Lambdas running at once",
    1_000,
    "",
    _LAMBDA + "lambda-concurrency.html",
    can_be_raised=True,
)
NEW_ACCOUNT_CONCURRENCY: Final = Limit(
    "the same, in a new AWS account",
    10,
    "",
    _LAMBDA + "gettingstarted-limits.html",
    can_be_raised=True,
    # The page says "reduced" and no number; this one is what docs/operations.md reports.
    was_read=False,
)
INVOCATIONS: Final = Limit(
    "requests to each of them", 10, "a second", _LAMBDA + "gettingstarted-limits.html"
)
CONCURRENCY_GROWTH: Final = Limit(
    "further Lambdas of a function, in 10 seconds", 1_000, "", _LAMBDA + "scaling-behavior.html"
)
LAMBDA_MB: Final = Limit(
    "a Lambda's request, and its answer", 6, "MB", _LAMBDA + "gettingstarted-limits.html"
)
GATEWAY_RATE: Final = Limit(
    "requests to API Gateway (2,500 in some regions)",
    10_000,
    "a second",
    _GATEWAY + "limits.html",
    can_be_raised=True,
)
GATEWAY_BURST: Final = Limit("requests to API Gateway at once", 5_000, "", _GATEWAY + "limits.html")

ALL: Final = (
    PARTITION_READS,
    PARTITION_WRITES,
    PARTITION_GB,
    NEW_TABLE_READS,
    NEW_TABLE_WRITES,
    GROWTH_IN_30_MINUTES,
    TABLE_READS,
    TABLE_WRITES,
    TRANSACTION_ACTIONS,
    STREAM_RECORDS,
    STREAM_POLLS,
    STREAM_HOURS,
    SHARD_BATCHES,
    CONCURRENCY,
    NEW_ACCOUNT_CONCURRENCY,
    INVOCATIONS,
    CONCURRENCY_GROWTH,
    LAMBDA_MB,
    GATEWAY_RATE,
    GATEWAY_BURST,
)
