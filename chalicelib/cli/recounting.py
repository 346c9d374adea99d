"""``phonebook maintenance recount``: check every counter, and repair it."""

from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import Progress

from chalicelib.cli.failures import NOT_MENDED
from chalicelib.cli.output import AsJson, Row, numbered, print_rows, say
from chalicelib.domain.errors import InvalidDataError, PhonebookError
from chalicelib.domain.ids import id_of_decimal, id_of_hex, id_of_uuid, uuid_of
from chalicelib.services import recounting
from chalicelib.services.recounting import Obstacle, Recount, StreamStuckError

COLUMNS: Final = ("account", "group", "count", "truth", "fixed")


def recount(
    account: Annotated[
        list[str] | None, typer.Option(help="Only this account and its groups; may be repeated.")
    ] = None,
    group: Annotated[
        list[str] | None,
        typer.Option(help="Only this group of the one --account; may be repeated."),
    ] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Repair the counters that are wrong.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compare how many contacts each account and group says it has with how many it has.

    Traffic may go on meanwhile; the Lambda that counts has to run. Exits with 5 if a counter is
    not right, and 4 if the stream stands still.
    """
    counters = (
        recounting.some_counters(account or [], [_group_id(each) for each in group or ()])
        if account or group
        else recounting.all_counters()
    )
    looked_at = 0
    wrong: list[Recount] = []
    try:
        console = Console(stderr=True)
        with Progress(console=console, disable=as_json or not console.is_terminal) as bar:
            task = bar.add_task("Recounting", total=None)
            for result in recounting.recount_all(counters, fix=fix):
                bar.advance(task)
                looked_at += 1
                if result.drift or result.obstacle:
                    wrong.append(result)
    except PhonebookError:
        # For example, the table failed in the middle: print what was found and fixed so far.
        if looked_at:
            _print(looked_at, wrong, so_far=" so far", as_json=as_json)
        raise
    _print(looked_at, wrong, so_far="", as_json=as_json)
    if any(result.obstacle is Obstacle.STUCK for result in wrong):
        raise StreamStuckError
    if not all(result.is_right for result in wrong):
        raise typer.Exit(NOT_MENDED)


def _print(looked_at: int, wrong: list[Recount], *, so_far: str, as_json: bool) -> None:
    counters = numbered(looked_at, "counter")
    none = f"{counters}, all right{so_far}."
    print_rows(COLUMNS, [_row(result) for result in wrong], none=none, as_json=as_json)
    if wrong and not as_json:
        say(f"{counters}, {len(wrong)} of them not right{so_far}.")


def _group_id(text: str) -> int:
    found = id_of_uuid(text) or id_of_hex(text) or id_of_decimal(text)
    if found is None:
        raise InvalidDataError.of("group", f"{text} is no id of a group")
    return found


def _row(result: Recount) -> Row:
    group_id = result.counter.group_id
    return {
        "account": result.counter.account_id,
        "group": "" if group_id is None else uuid_of(group_id),
        "count": result.count,
        "truth": result.obstacle.value if result.obstacle else result.truth,
        "fixed": result.is_fixed,
    }
