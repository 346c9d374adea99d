"""Warm requests: what the processor does for one, beside the floor and the peers."""

from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks import exchanges, packages
from benchmarks.contenders import FLOOR, NO_ENGINE, PEERS, PHONEBOOK, compared
from benchmarks.lambdas import Lambda, running
from benchmarks.report import Row, Subject

ROUNDS: Final = 30
SECONDS_A_TURN: Final = 0.01
FLOOR_MARK: Final = 1.25
FUNCTIONS_MARK: Final = 1.0
"""Calls of functions beside the floor's: a count, the same on every machine with one Python."""

MEMORY_MARK: Final = 1.5
"""Memory in use at once, beside the floor's."""


def measure(quick: bool) -> Subject:  # noqa: FBT001 - what every subject takes
    """Measure, or only count."""
    with TemporaryDirectory() as folder, ExitStack() as stack:
        names = [PHONEBOOK, FLOOR, *([] if quick else PEERS)]
        packaged = {name: packages.package(name) for name in names}
        runtime = packages.runtime(Path(folder))
        lambdas = {
            name: stack.enter_context(running(each, runtime)) for name, each in packaged.items()
        }
        for name, each in lambdas.items():
            each.ask("load", packaged[name].module, packaged[name].handler)
            each.ask("stub", exchanges.answers())
        _assert_answers_are_equal(lambdas)
        rows = _counts(lambdas)
        if quick:
            return _subject(rows, [])
        times = _times(lambdas)
    for operation, by_name in times.items():
        rows += compared(operation, by_name, floor_mark=FLOOR_MARK)
    notes = [
        f"Microseconds of {operation} here: "
        + ", ".join(f"{name} {median(all_) * 1e6:,.0f}" for name, all_ in by_name.items())
        + "."
        for operation, by_name in times.items()
    ]
    return _subject(rows, notes)


def _subject(rows: list[Row], notes: list[str]) -> Subject:
    return Subject(
        name="warm",
        title="Warm requests",
        engine=NO_ENGINE,
        method=(
            "Time of the processor for one request from event to answer, each contender in a"
            f" process of its own, by turns; the median of {ROUNDS} rounds, and its quartiles."
        ),
        rows=rows,
        footnotes=notes,
    )


def _assert_answers_are_equal(lambdas: dict[str, Lambda]) -> None:
    for operation, event in exchanges.events().items():
        answered = {name: _seen(each.ask("answer", event)) for name, each in lambdas.items()}
        different = [name for name, seen in answered.items() if seen != answered[FLOOR]]
        if different:
            raise AssertionError(f"{operation}: {different} answer otherwise than the floor")


def _seen(reply: dict[str, Any]) -> tuple[int, Any]:
    return reply["statusCode"], exchanges.read_body(reply)


def _counts(lambdas: dict[str, Lambda]) -> list[Row]:
    rows = []
    for operation, event in exchanges.events().items():
        ours = lambdas[PHONEBOOK].ask("count", event)
        least = lambdas[FLOOR].ask("count", event)
        rows += [
            Row(
                name=f"{operation}, calls to DynamoDB",
                unit="calls",
                measured=ours["calls"],
                against="the least possible",
                mark=least["calls"],
            ),
            Row(
                name=f"{operation}, calls of functions",
                unit="×",
                measured=round(ours["functions"] / least["functions"], 2),
                against="floor",
                mark=FUNCTIONS_MARK,
            ),
            Row(
                name=f"{operation}, memory allocated at once",
                unit="KB",
                measured=round(ours["bytes"] / 1024, 1),
                against="half more than the floor",
                mark=round(MEMORY_MARK * least["bytes"] / 1024, 1),
            ),
        ]
    return rows


def _times(lambdas: dict[str, Lambda]) -> dict[str, dict[str, list[float]]]:
    """Return the seconds of each operation, contender and round, all by turns."""
    times: dict[str, dict[str, list[float]]] = {}
    names = [PHONEBOOK, FLOOR, *PEERS]
    for operation, event in exchanges.events().items():
        by_name: dict[str, list[float]] = defaultdict(list)
        repeats = {}
        for name in names:
            lambdas[name].ask("time", event, 10)
            seconds = lambdas[name].ask("time", event, 10)["seconds"]
            repeats[name] = max(3, round(SECONDS_A_TURN / seconds))
        for turn in range(ROUNDS):
            for name in names if turn % 2 else reversed(names):
                by_name[name].append(lambdas[name].ask("time", event, repeats[name])["seconds"])
        times[operation] = dict(by_name)
    return times
