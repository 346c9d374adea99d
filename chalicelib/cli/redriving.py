"""``phonebook maintenance redrive``: count the stream's records that were not counted."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Annotated, Final

import typer

from chalicelib.cli.failures import NOT_MENDED
from chalicelib.cli.output import AsJson, Row, print_done, print_json, print_rows, say
from chalicelib.cli.program import command_line
from chalicelib.domain.errors import PhonebookError
from chalicelib.domain.ids import uuid_of
from chalicelib.observability import masked
from chalicelib.services import redriving
from chalicelib.services.redriving import Fate, Resent
from chalicelib.storage.aside import Aside
from chalicelib.storage.counters import counter_told_by
from chalicelib.storage.dead_letters import DeadLetters
from chalicelib.storage.dynamodb.clock import time_of_table
from chalicelib.storage.stream_records import told_by

COLUMNS: Final = ("id", "since", "what", "why", "outcome")

_LEFT_OVER: Final = frozenset({Fate.STAYS, Fate.GONE, Fate.ELSEWHERE})


def redrive(
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Only list the records put aside, and the dead letters."),
    ] = False,
    dead_letters: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="The queue of dead letters, too; `make deploy` named it CounterDeadLettersUrl.",
        ),
    ] = None,
    show: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Print this record whole, as JSON, and do nothing else."),
    ] = None,
    forget: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID", help="Forget this record for good, and do nothing else. May be repeated."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Count what could not be counted before: records put aside, and dead letters.

    What can be counted by now is counted once, and leaves. Exits with 5 if something stays.
    """
    letters = DeadLetters(dead_letters) if dead_letters else None
    if show:
        print_json(redriving.record_of(show))
        return
    if forget:
        redriving.forget(forget, letters)
        row: Row = {"forgotten": len(forget)}
        print_done(f"{len(forget)} forgotten.", row, as_json=as_json)
        return
    outcomes = _looks(letters) if dry_run else _sent(letters, time_of_table())
    seen: list[Resent] = []
    try:
        for each in outcomes:
            seen.append(each)  # noqa: PERF402 - what came before a failure is kept
    except PhonebookError:
        # For example, the table or the queue failed in the middle: print what was done so far.
        if seen:
            print_rows(COLUMNS, [_row(each) for each in seen], none="", as_json=as_json)
        raise
    none = (
        "No record is put aside, and no dead letter waits."
        if letters
        else "No record is put aside."
    )
    print_rows(COLUMNS, [_row(each) for each in seen], none=none, as_json=as_json)
    if seen and not as_json:
        _say(seen, ["--dead-letters", dead_letters] if dead_letters else [])
    if any(each.fate in _LEFT_OVER for each in seen):
        raise typer.Exit(NOT_MENDED)


def _looks(letters: DeadLetters | None) -> Iterator[Resent]:
    return chain(redriving.look(), redriving.look_into(letters) if letters else ())


def _sent(letters: DeadLetters | None, now: datetime) -> Iterator[Resent]:
    # Dead letters first: their records that can never be counted are then put aside.
    if letters:
        yield from redriving.send_letters_again(letters, now)
    yield from redriving.send_again(now)


def _row(each: Resent) -> Row:
    what = each.what
    if isinstance(what, Aside):
        since = what.put_aside_on.isoformat(timespec="seconds")
        described = " ".join(filter(None, told_by(what.record))) or "nothing of ours"
    else:
        since = what.arrived
        described = f"{what.records} records from {what.first} of {what.shard}"
    return {
        "id": what.id,
        "since": since,
        "what": masked(described),
        "why": masked(each.why),
        "outcome": each.fate.value,
    }


def _say(seen: list[Resent], letters: Sequence[str]) -> None:
    """Name the recount for each record that cannot be sent again: nothing else corrects it."""
    left_over = [each for each in seen if each.fate in _LEFT_OVER]
    say(f"{len(seen)} looked at, {len(left_over)} of them stay.")
    if any(each.fate is Fate.ELSEWHERE for each in left_over):
        say("Send the letters of another table again with that table named.")
    left_over = [each for each in left_over if each.fate is not Fate.ELSEWHERE]
    if left_over:
        say("They cannot be counted. Repair what they are about, and then let go of them:")
        for options in sorted({_recount_of(each) for each in left_over}):
            say(f"  {command_line('maintenance', 'recount', '--fix', *options)}")
        forget = chain.from_iterable(("--forget", each.what.id) for each in left_over)
        say(f"  {command_line('maintenance', 'redrive', *letters, *forget)}")


def _recount_of(each: Resent) -> tuple[str, ...]:
    """Return the options that recount the counter of a record, if the record names one."""
    counter = counter_told_by(each.what.record) if isinstance(each.what, Aside) else None
    if counter is None:
        return ()
    group = ("--group", uuid_of(counter.group_id)) if counter.group_id else ()
    return ("--account", counter.account_id, *group)
