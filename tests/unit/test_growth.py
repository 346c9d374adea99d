"""The model behind docs/scaling.md: its arithmetic, and that it models what the code does."""

import re
from datetime import UTC, datetime

import pytest

from benchmarks.use_cases.documented import documented
from chalicelib.domain import limits as own_limits
from chalicelib.entrypoints import cleanup_schedule, counter_stream
from chalicelib.importing import plan
from chalicelib.services.counting import count
from chalicelib.storage import counters, keys
from chalicelib.storage.dynamodb import tries
from growth import cleaning, costs, counting, keyspace, scenarios, workload
from growth.partitions import Partitions, even_heat, follow, place
from growth.tables import all_tables
from infra.aws.package import stages
from infra.documents import put_into, table
from infra.resources import defaults, properties_of
from tests.paths import PROJECT

LIMIT = 1_000.0


def settled(heat, start=1):
    partitions = Partitions(start)
    while partitions.split_the_hot(heat, LIMIT):
        pass
    return partitions


def numbers(many):
    return [place(keys.contacts("a"), f"+{n:08d}") for n in range(many)]


# Partitions


def test_partitions_begin_at_equal_distances_of_the_hash():
    partitions = Partitions(4)

    loads = partitions.loads({(f"{quarter}{'0' * 31}", ""): 1.0 for quarter in "048c"})

    assert loads == [1.0, 1.0, 1.0, 1.0]


def test_even_load_on_many_keys_is_nearly_even():
    heat = even_heat((place(keys.contacts(str(n)), "") for n in range(10_000)), 4_000)

    assert all(900 < load < 1_100 for load in Partitions(4).loads(heat))


def test_no_partition_serves_more_than_its_limit():
    heat = {("0", ""): 5_000.0, ("f", ""): 300.0}

    served = Partitions(2).serve(heat, LIMIT)

    assert (served.units, served.busiest, served.partitions) == (1_300, 5_000, 2)


def test_hot_partition_is_split_in_two_equal_halves_by_sort_key():
    heat = even_heat(numbers(100), 2_000)

    partitions = Partitions(1)
    assert partitions.split_the_hot(heat, LIMIT)

    assert partitions.loads(heat) == [pytest.approx(1_000)] * 2


def test_splitting_goes_on_until_nothing_is_hot():
    heat = even_heat(numbers(128), 8_000)

    partitions = settled(heat)

    assert partitions.serve(heat, LIMIT).units == pytest.approx(8_000)
    assert len(partitions) == 8


def test_one_item_cannot_be_split():
    heat = {place("TOMBSTONES#a", ""): 8_000.0}

    partitions = Partitions(4)

    assert not partitions.split_the_hot(heat, LIMIT)
    assert partitions.serve(heat, LIMIT).units == LIMIT


def test_hot_item_is_split_off_from_the_others():
    heat = {**even_heat(numbers(10), 500), place(keys.contacts("a"), "+5"): 5_000.0}

    partitions = settled(heat)

    assert max(partitions.loads(heat)) == 5_000
    assert partitions.serve(heat, LIMIT).units == pytest.approx(1_500)


def test_writes_behind_the_last_key_gain_nothing_by_splits():
    intervals = [even_heat(numbers(400)[n * 100 : n * 100 + 100], 2_000) for n in range(4)]

    served = list(follow(intervals, Partitions(1), LIMIT))

    assert [each.units for each in served] == [LIMIT] * 4


def test_what_is_not_hot_is_not_split():
    assert len(settled(even_heat(numbers(10), LIMIT))) == 1


def test_each_midnight_the_due_index_has_only_its_shards():
    at_midnight = keyspace.all_traffic()[-1].served

    assert at_midnight[0].units == keys.DUE_SHARDS * LIMIT
    assert at_midnight[-1].units == 24_000


def test_one_partition_holds_all_shards_of_the_due_index():
    assert keyspace.shards_of_the_busiest(1) == keys.DUE_SHARDS


# Counting


@pytest.mark.parametrize("many", [1, 99, 100, 1_000])
@pytest.mark.parametrize("distinct", [1, 2, 49, 50, 60, 1_000])
def test_transactions_are_those_that_the_code_makes(many, distinct, monkeypatch):
    sent = []
    monkeypatch.setattr(
        "chalicelib.services.counting.apply_once", lambda part, _: sent.append(part[:])
    )
    records = [
        {
            "eventID": str(n),
            "eventName": "INSERT",
            "dynamodb": {
                "Keys": {"PK": {"S": keys.members("a", n % distinct + 1)}, "SK": {"S": "+1"}}
            },
        }
        for n in range(many)
    ]

    list(count(records, datetime.now(UTC)))

    assert counting.transactions(many, distinct) == len(sent)
    assert counting.writes(many, distinct) == sum(
        2 * len(part) + 2 * len({change.counter for change in part}) for part in sent
    )


def test_a_shard_alone_is_never_cancelled():
    alone = counting.contend(1, transaction_seconds=0.03, seconds=60, seed=1)

    assert (alone.cancelled_for_each, alone.gave_up) == (0, 0)
    assert alone.changes_a_second == pytest.approx(counting.changes_a_second(1, 0.03), rel=0.01)


def test_one_counter_is_written_by_one_transaction_at_a_time():
    contention = counting.contend(32, transaction_seconds=0.05, seconds=60, seed=1)

    assert contention.transactions_a_second <= 1 / 0.05
    assert contention.cancelled_for_each > 1


def test_the_same_seed_gives_the_same_contention():
    once, again = (counting.contend(4, 0.03, seconds=60, seed=1) for _ in range(2))

    assert once == again


# Cleaning


def test_a_run_purges_what_its_seconds_hold():
    assert cleaning.a_run(0.045, sweeping=False) == 11_800
    assert cleaning.a_run(0.045, sweeping=True) == 5_900
    assert cleaning.a_day(0.045, sweeping=False) == 96 * 11_800
    assert cleaning.days(96 * 11_800, 0.045) == 1


# Costs, as docs/operations.md has them


def documented_prices(what):
    rows = {row[0]: row[2] for row in table("docs/operations.md", "what")}
    return [float(number) for number in re.findall(r"\d+\.\d+", rows[what])]


def counted(units, writes):
    return units.plus(workload.Units(0, writes * units.changes_counted))


def test_price_of_requests_is_documented():
    assert [round(costs.of_requests(1), 2)] == documented_prices("1 million requests")


def test_price_of_traces_is_documented():
    """Between the two extremes: all requests of a month in one second, and all alike apart."""
    at_once = costs.MILLION * costs.TRACED_OF_THE_REST * costs.TRACE
    evenly = costs.of_traces(costs.MILLION / costs.SECONDS_A_MONTH)

    assert [round(at_once, 2), round(evenly, 2)] == documented_prices("... traced")


@pytest.mark.parametrize(
    ("what", "units"),
    [
        ("... that retrieve a contact", workload.USE_CASES["retrieve a contact in no group"]),
        ("... that create a contact", workload.USE_CASES["create a contact"]),
        ("... that the search learns of", workload.INDEXED),
        ("... that add to a group", workload.USE_CASES["join the first group"]),
        ("1 million contacts, purged", workload.PURGE),
    ],
)
def test_price_of_units_is_documented(what, units):
    """A change costs 2 writes to count among many, and 4 alone; reading costs none."""
    prices = sorted({costs.of_units(counted(units, writes)) for writes in (2, 4)})

    assert prices == pytest.approx(documented_prices(what), abs=0.0051)


def test_prices_of_storage_and_of_nothing_are_documented():
    stored = costs.monthly(1_000_000, 0).storage
    assert [stored] == documented_prices("1 million contacts, stored")
    assert sum(documented_prices("idle")) == pytest.approx(costs.IDLE)


def test_many_requests_are_cheaper():
    assert costs.of_gateway(1) == 3.50
    assert costs.of_gateway(1_000) == 333 * 3.50 + 667 * 2.80
    assert costs.of_gateway(20_001) == costs.of_gateway(20_000) + 1.51


def test_markers_of_a_week_are_stored():
    changes = workload.units_of_mix().changes_counted * 10

    assert costs.stored_bytes(7, 10) == 7_000 + changes * 604_800 * 166


# Scenarios


@pytest.mark.parametrize("name", workload.USE_CASES)
def test_units_are_those_of_the_access_patterns(name):
    units, said = workload.USE_CASES[name], documented()[name]

    assert units.reads == said.reads
    assert units.table_writes + units.index_writes == said.writes


def test_mix_is_all_requests():
    assert sum(workload.MIX.values()) == pytest.approx(1)


def test_limits_are_met_in_their_order():
    at = [met.at for met in scenarios.met_by_even_load()]

    assert at == sorted(at)
    assert scenarios.met(scenarios.met_by_even_load(), at[0] - 1) == 0
    assert scenarios.met(scenarios.met_by_even_load(), at[-1]) == len(at)


def test_partitions_are_as_many_as_size_or_requests_ask_for():
    assert scenarios.partitions(0, 0) == keyspace.NEW_TABLE_PARTITIONS
    assert scenarios.partitions(100_000_000, 0) == 10
    assert scenarios.partitions(0, 10_000) == 11  # 100.4 GB of markers
    assert scenarios.partitions(0, 9_900) == 10  # 29,403 reads


def test_new_table_doubles_until_it_takes_what_it_is_asked():
    writes = workload.units_of_mix().table_writes
    reads = workload.units_of_mix().reads

    assert scenarios.doublings(1) == 0
    assert scenarios.doublings(12_000 / reads) == 0
    assert scenarios.doublings(12_001 / reads) == 1
    assert scenarios.doublings(5 * 4_000 / writes) == 3


def test_units_of_the_search_are_those_of_the_access_patterns():
    said = documented()["index a new contact"]

    assert (workload.INDEXED.reads, workload.INDEXED.table_writes) == (said.reads, said.writes)


def test_units_of_an_imported_row_are_those_of_the_access_patterns():
    units, said = workload.OF_ROWS_IMPORTED, documented()[workload.IMPORTED]

    assert (units.reads, units.table_writes) == (said.reads, said.writes)


# What the model takes from the code and the template


def test_model_has_the_numbers_of_the_code():
    assert counting.BATCH == counter_stream.BATCH_SIZE
    assert plan.PART_ROWS == scenarios.PART_ROWS
    assert counting.TRIES == tries.SEND_TRIES
    assert counting.FIRST_PAUSE == tries._FIRST_PAUSE_SECONDS
    assert counting.MAX_PAUSE == tries._MAX_PAUSE_SECONDS
    assert counters.MARKER_LIFETIME.total_seconds() == workload.MARKER_SECONDS
    assert cleaning.RUNS_A_DAY == 24 * 60 / cleanup_schedule.EVERY_MINUTES
    assert workload.MAX_RESPONSE_BYTES == own_limits.MAX_RESPONSE_BYTES


def test_model_has_the_numbers_of_the_template():
    counter, purge = (properties_of(name) for name in ("CounterStream", "PurgeSchedule"))
    worker = properties_of("ImportWorker")["Events"]["ImportWorkerSqsEventSource"]["Properties"]
    mapping = counter["Events"]["CounterStreamDynamodbEventSource"]["Properties"]

    assert int(defaults()["ThrottlingRate"]) == scenarios.THROTTLING_RATE
    assert int(stages()["prod"]["ThrottlingRate"]) == scenarios.THROTTLING_RATE_OF_PROD
    assert counter["ReservedConcurrentExecutions"]["Fn::If"][1] == scenarios.COUNTING_LAMBDAS
    assert mapping["MaximumRetryAttempts"] == counting.DELIVERIES
    assert worker["ScalingConfig"]["MaximumConcurrency"] == scenarios.PARTS_AT_ONCE
    assert purge["Timeout"] - cleanup_schedule.SECONDS_KEPT == cleaning.RUN_SECONDS


# The document


def test_tables_of_the_document_are_those_of_the_model():
    document = (PROJECT / "docs" / "scaling.md").read_text()

    assert put_into(document, all_tables()) == document, "make scaling WRITE=1 mends it"


def test_document_has_a_place_for_each_table():
    with pytest.raises(ValueError, match="no place for the table"):
        put_into("nothing", {"growth": ""})
