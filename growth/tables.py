"""The tables of ``docs/scaling.md``, by name, as Markdown."""

from growth import cleaning, costs, counting, keyspace, limits, scenarios, workload
from infra.documents import as_table

_MILLISECONDS_OF_COUNTING = (15, 30, 60)
_MILLISECONDS_OF_CLEANING = (10, 20, 40)
_SHARDS_ON_ONE_COUNTER = (1, 2, 4, 8, 16, 32, 64)

_CENTS_SAY_SOMETHING = 100
_UNITS_OF_TIME = (("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1))
_PRECISE = 10


def all_tables() -> dict[str, str]:
    """Return every table."""
    return {
        "growth": _growth(),
        "order": _order(),
        "costs": _costs(),
        "imports": _imports(),
        "jobs": _jobs(),
        "account": _account(),
        "tombstones": _tombstones(),
        "keys": _keys(),
        "due": _due(),
        "counter": _counter(),
        "shard": _shard(),
        "cleaning": _cleaning(),
        "limits": _limits(),
    }


def _growth() -> str:
    order = scenarios.met_by_even_load()
    rows = []
    for contacts in scenarios.CONTACTS:
        for requests in scenarios.REQUESTS:
            met = scenarios.met(order, requests)
            rows.append(
                [
                    _number(contacts),
                    _number(requests),
                    _number(scenarios.partitions(contacts, requests)),
                    f"1 to {met}" if met else "none",
                    f"{met + 1}, at {_number(order[met].at)}",
                    _number(scenarios.doublings(requests)),
                    _number(costs.monthly(contacts, requests).total),
                ]
            )
    return as_table(
        [
            "contacts",
            "requests a second",
            "partitions",
            "limits met",
            "the next",
            "doublings of a new table",
            "dollars a month",
        ],
        rows,
    )


def _order() -> str:
    return as_table(
        ["", "requests a second", "limit", "then", "change"],
        (
            [str(place), _number(met.at), met.limit, met.then, met.change]
            for place, met in enumerate(scenarios.met_by_even_load(), start=1)
        ),
    )


def _costs() -> str:
    rows = []
    for requests in scenarios.REQUESTS:
        cost = costs.monthly(scenarios.CONTACTS[1], requests)
        parts = (cost.gateway, cost.functions, cost.logs, cost.units, cost.storage)
        rows.append([_number(requests), *map(_dollars, parts)])
    return as_table(
        [
            "requests a second, 1 million contacts",
            "API Gateway",
            "Lambda",
            "logs and traces",
            "reads and writes",
            "storage",
        ],
        rows,
    )


def _imports() -> str:
    create = workload.USE_CASES["create a contact"]
    counted = workload.Units(0, 2 * create.changes_counted)
    of_a_million = costs.of_units(create.plus(counted)) + costs.of_requests(1)
    rates = (
        scenarios.THROTTLING_RATE,
        scenarios.THROTTLING_RATE_OF_PROD,
        limits.GATEWAY_RATE.value,
    )
    return as_table(
        [
            "contacts",
            *(f"at {_number(rate)} a second" for rate in rates),
            "dollars, once",
            "purged again, if they join no group",
        ],
        (
            [
                _number(contacts),
                *(_time(contacts / rate) for rate in rates),
                _dollars(contacts / costs.MILLION * of_a_million),
                _time(86_400 * cleaning.days(contacts, cleaning.TRANSACTION_SECONDS)),
            ]
            for contacts in scenarios.CONTACTS
        ),
    )


def _jobs() -> str:
    splits = range(scenarios.SPLITS)
    return as_table(
        [
            "rows of an import into one group",
            *("at first" if each == 0 else f"after {each}" for each in splits),
            "dollars, once",
        ],
        (
            [
                _number(rows),
                *(_time(rows / scenarios.rows_a_second(each)) for each in splits),
                _dollars(scenarios.dollars_of_a_job(rows)),
            ]
            for rows in scenarios.ROWS_OF_JOBS
        ),
    )


def _account() -> str:
    return as_table(
        ["at", "of what", "then", "change"],
        (
            [_number(met.at), met.limit, met.then, met.change]
            for met in scenarios.met_by_one_account()
        ),
    )


def _tombstones() -> str:
    rows = []
    in_one_read = workload.READ_UNIT_BYTES // workload.TOMBSTONE_BYTES
    for groups in (0, in_one_read, 100, 1_000, 10_000):
        reads = workload.reads_of_query(groups, workload.TOMBSTONE_BYTES)
        rows.append(
            [
                _number(groups),
                _number(1 + reads),
                _number(limits.PARTITION_READS.value / reads),
            ]
        )
    return as_table(
        ["deleted groups not swept", "reads for a contact in groups", "of them a second"], rows
    )


def _keys() -> str:
    rows = [
        [
            traffic.name,
            _number(traffic.units),
            *(_number(served.units) for served in traffic.served),
            _number(traffic.served[-1].partitions),
        ]
        for traffic in keyspace.all_traffic()
    ]
    splits = (f"after {n}" for n in range(1, keyspace.INTERVALS))
    return as_table(["writes to", "asked a second", "served at first", *splits, "partitions"], rows)


def _due() -> str:
    rows = []
    for partitions in (4, 8, 16, 32, 64):
        shards = keyspace.shards_of_the_busiest(partitions)
        shard_share = shards / keyspace.DUE_SHARDS
        served = limits.PARTITION_WRITES.value / shard_share
        rows.append([_number(partitions), f"{shards:.1f}", _number(served)])
    return as_table(
        [
            "partitions of the index",
            "shards in the busiest",
            "dates set a second before the first 503",
        ],
        rows,
    )


def _counter() -> str:
    rows = []
    for shards in _SHARDS_ON_ONE_COUNTER:
        contention = scenarios.contention(shards)
        rows.append(
            [
                _number(shards),
                _number(contention.changes_a_second),
                f"{contention.cancelled_for_each:.1f}",
                _number(contention.gave_up / scenarios.CONTENTION_MINUTES),
                f"{contention.gave_up_in_a_row} of {counting.DELIVERIES}",
            ]
        )
    return as_table(
        [
            "shards",
            "changes counted a second",
            "cancelled, for each transaction",
            "batches given up a minute",
            "of them by one shard in a row",
        ],
        rows,
    )


def _shard() -> str:
    rows = [
        [
            _number(counters),
            _number(counting.transactions(counting.BATCH, counters)),
            f"{counting.writes(counting.BATCH, counters) / counting.BATCH:.2f}",
            *(
                _number(counting.changes_a_second(counters, milliseconds / 1000))
                for milliseconds in _MILLISECONDS_OF_COUNTING
            ),
        ]
        for counters in (1, 10, 50, counting.BATCH)
    ]
    return as_table(
        [
            "counters in a batch of 1,000",
            "transactions",
            "writes a change",
            *(f"changes a second at {each} ms" for each in _MILLISECONDS_OF_COUNTING),
        ],
        rows,
    )


def _cleaning() -> str:
    rows = []
    for milliseconds in _MILLISECONDS_OF_CLEANING:
        seconds = milliseconds / 1000
        every_11 = cleaning.MAX_RUNS_A_DAY * cleaning.a_run(seconds, sweeping=False)
        rows.append(
            [
                _number(milliseconds),
                _number(cleaning.a_run(seconds, sweeping=False)),
                _number(cleaning.a_run(seconds, sweeping=True)),
                _number(cleaning.a_day(seconds, sweeping=False)),
                _number(every_11),
                _number(keyspace.DUE_SHARDS * cleaning.a_day(seconds, sweeping=False)),
            ]
        )
    return as_table(
        [
            "milliseconds of a transaction",
            "contacts a run",
            "while sweeping, and as many memberships",
            "contacts a day",
            "with `rate(11 minutes)`",
            "16 shards side by side",
        ],
        rows,
    )


def _limits() -> str:
    return as_table(
        ["limit", "number", "can be raised", "source"],
        (
            [
                limit.name,
                f"{_number(limit.value)} {limit.unit}".strip(),
                "yes" if limit.can_be_raised else "no",
                f"[AWS]({limit.source})" + ("" if limit.was_read else ", which says no number"),
            ]
            for limit in limits.ALL
        ),
    )


def _number(value: float) -> str:
    return f"{round(value):,}"


def _dollars(value: float) -> str:
    return f"{value:,.2f}" if value < _CENTS_SAY_SOMETHING else _number(value)


def _time(seconds: float) -> str:
    name, size = next(
        (each for each in _UNITS_OF_TIME if seconds >= 2 * each[1]), _UNITS_OF_TIME[-1]
    )
    return f"{seconds / size:,.{0 if seconds >= _PRECISE * size else 1}f} {name}"
