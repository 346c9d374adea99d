"""``phonebook import``: the contacts of a file, each row with an outcome of its own."""

import signal
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from chalicelib.cli import INTERRUPTED
from chalicelib.cli.accounts import account_named
from chalicelib.cli.failures import REJECTED_ROWS
from chalicelib.cli.groups import find_group
from chalicelib.cli.output import AsJson, numbered, print_json, say, warn
from chalicelib.cli.progress import Speed
from chalicelib.cli.table import via_of
from chalicelib.domain.caller import Caller
from chalicelib.domain.errors import InvalidDataError
from chalicelib.domain.group import Group
from chalicelib.domain.imports import REJECTED, FileFormat, ImportMode, ReadingOptions
from chalicelib.domain.limits import MAX_IMPORT_BYTES
from chalicelib.domain.phone import Notation
from chalicelib.domain.rows import Effect
from chalicelib.importing.files import Source, open_source
from chalicelib.importing.people import check_groups
from chalicelib.importing.plan import Plan
from chalicelib.services.importing import Import, outcomes_of
from chalicelib.storage.dynamodb.clock import time_of_table

OUTCOMES: Final = (*(effect.value for effect in Effect), REJECTED)

_CHUNK_BYTES: Final = 1 << 20
_TOLD: Final = 20
"""Rejected rows that are told one by one."""


@dataclass(frozen=True, slots=True)
class _Progress:
    """How far an import came, and whether it was broken off before its end."""

    plan: Plan
    source: Source
    is_broken_off: bool


def import_file(
    context: typer.Context,
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="CSV, Excel (.xlsx), vCard or NDJSON; - is the input."),
    ],
    account: Annotated[str, typer.Option(help="The account's id, or its name.")],
    group: Annotated[
        str | None,
        typer.Option(help="Every contact joins this group: its id, or a name, created if needed."),
    ] = None,
    mode: Annotated[
        ImportMode,
        typer.Option(
            help="Change contacts that are there, leave them, or only stop messages to the numbers."
        ),
    ] = ImportMode.UPSERT,
    mapped: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="COLUMN=FIELD",
            help="What a column holds, such as Handy=phoneNumber; - leaves it out. Repeatable.",
        ),
    ] = None,
    attributes: Annotated[
        bool, typer.Option("--attributes", help="Keep columns that nobody knows as attributes.")
    ] = False,
    notation: Annotated[
        Notation | None, typer.Option(help="What digits without a plus mean in this file.")
    ] = None,
    file_format: Annotated[
        FileFormat | None, typer.Option("--format", help="If the file does not show it.")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Of a CSV file, if it is neither UTF-8 nor Windows-1252.")
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option(help="Of a CSV file: a comma, a semicolon, a bar, or tab.")
    ] = None,
    sheet: Annotated[str | None, typer.Option(help="Of a workbook, if not the first.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell the same outcomes, and write nothing.")
    ] = False,
    rejected: Annotated[
        Path | None,
        typer.Option(help="Write the rejected rows and their reasons to this file."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Import the contacts of a file. Nothing in it allows messages to a number that is stopped.

    It may be run again: what is there already stays. Exits with 1 if rows are rejected.
    """
    whose = account_named(account)
    if rejected and rejected.exists() and Path(file).exists() and rejected.samefile(file):
        raise InvalidDataError.of("rejected", "must be another file than the one to import")
    options = ReadingOptions(
        format=file_format,
        encoding=encoding,
        delimiter="\t" if delimiter == "tab" else delimiter,
        sheet=sheet,
        mapped=_mapped(mapped or ()),
        keeps_unknown=attributes,
        notation=notation,
        mode=mode,
    )
    caller = Caller.operator(whose, via=via_of(context))
    with _opened(file) as content, tempfile.TemporaryDirectory() as folder:
        source = open_source(content, whose, options)
        with Plan(Path(folder) / "plan") as plan:
            plan.take(source.rows())
            importing = Import(caller, mode, is_rehearsal=dry_run)
            if group is not None:
                importing = replace(importing, group=_group_named(importing, group))
            done = _write(importing, plan, source, as_json=as_json)
            if rejected is not None and not done.is_broken_off:
                _write_rejected(rejected, source, plan)
            _tell(done, rejected, is_rehearsal=dry_run, as_json=as_json)
            if done.is_broken_off:
                raise typer.Exit(INTERRUPTED)
            if plan.counts().get(REJECTED):
                raise typer.Exit(REJECTED_ROWS)


def _group_named(importing: Import, text: str) -> Group:
    """Return the group of an id, or the one of a name, which is created if there is none.

    Raises:
        NotFoundError: There is no group with that id.
        InvalidDataError: Several groups have that name, or it is no name.

    """
    there = find_group(importing.caller.account, text)
    (name,) = check_groups([text])
    return there or importing.make_group(name, time_of_table())


def _write(importing: Import, plan: Plan, source: Source, *, as_json: bool) -> _Progress:
    """Write the parts of a plan. Ctrl-C ends it after the part that is being written."""
    now = time_of_table()
    named = importing.make_groups(plan.groups(), now)
    console = Console(stderr=True)
    with (
        _asked_to_stop() as stop,
        Progress(
            TextColumn("Importing"),
            BarColumn(),
            MofNCompleteColumn(),
            Speed("rows"),
            TimeRemainingColumn(),
            console=console,
            disable=as_json or not console.is_terminal,
        ) as bar,
    ):
        task = bar.add_task("", total=plan.size, completed=plan.counts().get(REJECTED, 0))
        for part in plan.parts():
            if stop.is_asked:
                return _Progress(plan, source, is_broken_off=True)
            written = importing.write([row for _, row in part], named, now)
            plan.record(outcomes_of(part, written))
            bar.advance(task, len(part))
    return _Progress(plan, source, is_broken_off=False)


class _Stop:
    """Whether Ctrl-C was pressed."""

    is_asked = False

    def ask(self, *_: object) -> None:
        """Ask for the end; the second time, end at once."""
        if self.is_asked:
            raise KeyboardInterrupt
        self.is_asked = True


@contextmanager
def _asked_to_stop() -> Iterator[_Stop]:
    """Let Ctrl-C only ask for the end, so that a part which is being written is written."""
    stop = _Stop()
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, stop.ask)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


def _tell(done: _Progress, rejected: Path | None, *, is_rehearsal: bool, as_json: bool) -> None:
    counts = done.plan.counts()
    finished = sum(counts.values())
    told = done.plan.rejections(_TOLD)
    if as_json:
        print_json({
            "rows": done.plan.size,
            **{name: counts.get(name, 0) for name in OUTCOMES},
            "dryRun": is_rehearsal,
            "isFinished": not done.is_broken_off,
            "columnsLeftOut": list(done.source.left_out),
            "rejections": [{"line": each.line, "reason": each.reason} for each in told],
        })  # fmt: skip
        return
    for each in told:
        warn(f"Line {each.line}: {each.reason}")
    more = counts.get(REJECTED, 0) - len(told)
    if more > 0:
        warn(f"{numbered(more, 'more row')} {'is' if more == 1 else 'are'} rejected.")
    if done.source.left_out:
        warn(
            f"Not imported: {', '.join(done.source.left_out)}. --attributes keeps such columns, "
            "and --map gives one a field."
        )
    said = ", ".join(f"{counts[name]} {name}" for name in OUTCOMES if counts.get(name))
    if done.is_broken_off:
        say(f"Broken off after {finished} of {numbered(done.plan.size, 'row')}: {said or 'none'}.")
        say("The same command goes on.")
        return
    say(f"{numbered(done.plan.size, 'row')}: {said or 'nothing to import'}.")
    if is_rehearsal:
        say("This was a rehearsal: nothing was written.")
    elif counts.get(REJECTED):
        say(
            f"{rejected} has the rejected rows: mend them there, and import that file."
            if rejected
            else "--rejected FILE writes the rejected rows to a file, to mend them there."
        )


def _write_rejected(path: Path, source: Source, plan: Plan) -> None:
    # With a byte order mark, as Excel needs it to read UTF-8.
    is_table = source.format in {FileFormat.CSV, FileFormat.XLSX}
    encoding = "utf-8-sig" if is_table else "utf-8"
    # A card may name another encoding for a text, whose bytes stay as they are.
    with path.open("w", encoding=encoding, errors="surrogateescape", newline="") as written:
        written.writelines(source.rejected(plan.why_rejected))


def _mapped(pairs: Iterable[str]) -> Mapping[str, str]:
    mapped: dict[str, str] = {}
    for pair in pairs:
        column, equals, target = pair.rpartition("=")
        if not equals or not column:
            raise InvalidDataError.of("map", f"{pair} is not COLUMN=FIELD")
        mapped[column] = target
    return mapped


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    """Open a file, or the input if it is ``-``, which is copied since it is read more than once.

    Raises:
        InvalidDataError: There is no such file, or it cannot be read.

    """
    if name != "-":
        try:
            with Path(name).open("rb") as file:
                yield file
        except OSError as error:
            raise InvalidDataError.of(name, error.strerror or "cannot be read") from error
        return
    with tempfile.TemporaryFile() as copy:
        while (chunk := sys.stdin.buffer.read(_CHUNK_BYTES)) and copy.tell() <= MAX_IMPORT_BYTES:
            copy.write(chunk)
        yield copy
