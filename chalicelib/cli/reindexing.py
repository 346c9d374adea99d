"""``phonebook maintenance reindex``: write the index of the search anew."""

from typing import Annotated

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from chalicelib.cli.output import AsJson, numbered, print_json, say
from chalicelib.domain.account import Account
from chalicelib.domain.phone import PhoneNumber
from chalicelib.services import accounts
from chalicelib.services.indexing import reindex as reindex_contacts


def reindex(
    account: Annotated[
        list[str] | None, typer.Option(help="Only this account; may be repeated.")
    ] = None,
    after: Annotated[
        str | None,
        typer.Option(help="Go on after this number of the one --account, such as +37251000000."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write what the search finds contacts by anew, of all contacts or those of some accounts.

    A table that is older than the search needs it once. Traffic may go on meanwhile. It may be
    repeated, and broken off: it says after which number it goes on.
    """
    if after is not None and len(account or ()) != 1:
        raise typer.BadParameter("goes with one --account", param_hint="--after")
    chosen = [accounts.retrieve_account(each) for each in account] if account else _all_accounts()
    done = 0
    last: tuple[Account, PhoneNumber] | None = None
    console = Console(stderr=True)
    try:
        with Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            MofNCompleteColumn(),
            console=console,
            disable=as_json or not console.is_terminal,
        ) as bar:
            task = bar.add_task("Contacts", total=None)
            for each in chosen:
                for numbers in reindex_contacts(each, after=after):
                    done += len(numbers)
                    last = each, numbers[-1]
                    bar.advance(task, len(numbers))
    except (Exception, KeyboardInterrupt):
        if last is not None:
            told, number = last
            say(f"Broken off; go on with --account {told.id} --after {number.e164},")
            say("and then with the accounts behind it, in the order of `accounts list`.")
        raise
    if as_json:
        print_json({"contacts": done})
    else:
        say(f"{numbered(done, 'contact')} can be found by searching.")


def _all_accounts() -> list[Account]:
    return list(accounts.list_accounts())
