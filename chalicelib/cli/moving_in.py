"""A migration, as an operator sees it."""

import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from rich.console import Console
from rich.progress import Progress, TaskID, TextColumn

from chalicelib.cli.failures import message_of
from chalicelib.cli.output import numbered, print_json, say, warn
from chalicelib.cli.progress import Speed
from chalicelib.domain.account import Account
from chalicelib.domain.caller import Caller
from chalicelib.domain.errors import InvalidDataError
from chalicelib.migrating.migration import Migration, Phase
from chalicelib.migrating.registry import VENDORS
from chalicelib.migrating.report import Report, Tally
from chalicelib.migrating.vendor import VendorApi, VendorKey, checked_url
from chalicelib.migrating.writing import Writer
from chalicelib.storage.dynamodb.clock import time_of_table

_MOST_CHARACTERS_OF_A_SECRET: Final = 10_000


class Origin(NamedTuple):
    """Whose account is read, and with which credential."""

    vendor: str
    url: str
    username: str | None
    secret_file: Path


def run_migration(origin: Origin, account: Account, *, is_rehearsal: bool, as_json: bool) -> Report:
    """Migrate into an account, and show what is done and how far it came, however it ends."""
    vendor = VENDORS[origin.vendor]
    key = VendorKey(origin.username, _secret_in(origin.secret_file))
    with closing(VendorApi(origin.url, key, vendor.authorization(key))) as api:
        source = vendor(api)
        caller = Caller.operator(account, via=f"migrate.{origin.vendor}")
        # A vendor that gives no username has only its key to tell one account from another.
        whose = f"{checked_url(origin.url)} {key.username or key.secret}"
        writer = Writer(caller, whose, source.notation, is_rehearsal=is_rehearsal)
        report = Report(source.lost, source.not_told)
        try:
            _show(Migration(source, writer, report, time_of_table, _undisturbed), as_json=as_json)
        finally:
            if as_json:
                about = {"vendor": origin.vendor, "account": account.id, "dryRun": is_rehearsal}
                print_json({**about, **report.as_json()})
            elif report.is_begun:
                _tell(report, is_rehearsal=is_rehearsal)
    return report


def _show(migration: Migration, *, as_json: bool) -> None:
    console = Console(stderr=True)
    tasks: dict[Phase, TaskID] = {}
    with Progress(
        TextColumn("{task.description}"),
        TextColumn("{task.completed:,.0f}"),
        Speed(),
        console=console,
        disable=as_json or not console.is_terminal,
    ) as bar:
        for step in migration.run():
            if step.phase not in tasks:
                tasks[step.phase] = bar.add_task(step.phase.value, total=None)
            bar.advance(tasks[step.phase], step.done)
            for number, reason in step.rejected:
                warn(f"Rejected: {number}: {message_of(reason)}")


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let Ctrl-C wait until what is being written is written.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed.

    """
    is_pressed = False
    before = signal.getsignal(signal.SIGINT)

    def press(*_: object) -> None:
        nonlocal is_pressed
        is_pressed = True

    if before is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, press)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if is_pressed:
        raise KeyboardInterrupt


def _secret_in(file: Path) -> str:
    """Return the secret in a file, without the line end that an editor adds.

    Raises:
        InvalidDataError: There is none, or more than that, or no such file.

    """
    try:
        with file.open(encoding="utf-8") as opened:
            secret = opened.read(_MOST_CHARACTERS_OF_A_SECRET).strip()
    except OSError as error:
        raise InvalidDataError.of("secret-file", error.strerror or "cannot be read") from error
    except ValueError as error:
        raise InvalidDataError.of("secret-file", "must be UTF-8") from error
    if not secret or len(secret.splitlines()) > 1:
        raise InvalidDataError.of("secret-file", "must have one line, which is the secret")
    return secret


def _tell(report: Report, *, is_rehearsal: bool) -> None:
    for what, tally in (
        ("opt-out", report.opt_outs),
        ("group", report.groups),
        ("contact", report.contacts),
        ("membership", report.memberships),
    ):
        say(f"{numbered(tally.read, what)}: {_in_words(tally)}.")
    for lost, count in report.lost.items():
        say(f"Not kept ({count:,}): {lost}.")
    for what in report.not_told:
        say(f"Not told by the vendor: {what}.")
    if not report.is_finished:
        say("It did not come to its end; the same command goes on.")
    if is_rehearsal:
        say("This was a rehearsal: nothing was written.")


def _in_words(tally: Tally) -> str:
    return ", ".join(f"{count} {word}" for word, count in tally.counted().items()) or "none"
