"""The tree of commands, and how a command runs."""

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from chalicelib.cli import (
    accounts,
    blacklist,
    contacts,
    credentials,
    maintenance,
    moving,
    webhooks,
)
from chalicelib.cli.failures import FAILURES, exit_code_of, message_of
from chalicelib.cli.output import say, take_any_terminal, warn

cli = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="markdown")
cli.add_typer(accounts.commands, name="accounts")
cli.add_typer(credentials.commands, name="credentials")
cli.add_typer(contacts.commands, name="contacts")
cli.add_typer(blacklist.commands, name="blacklist")
cli.add_typer(webhooks.commands, name="webhooks")
cli.add_typer(maintenance.commands, name="maintenance")
cli.add_typer(moving.commands)


def run() -> None:
    """Run the command; a failure prints one line and sets the exit code."""
    take_any_terminal()
    try:
        cli(prog_name="phonebook")
    except FAILURES as failure:
        warn(f"phonebook: {message_of(failure)}")
        sys.exit(exit_code_of(failure))


def _say_version(is_asked_for: bool) -> None:
    if is_asked_for:
        say(f"phonebook {version('phonebook')}")
        raise typer.Exit


@cli.callback()
def phonebook(
    _version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_say_version, help="Print the version."),
    ] = False,
) -> None:
    """Manage accounts, their contacts and credentials, and maintain the data.

    PHONEBOOK_TABLE names the table, and AWS_PROFILE, AWS_DEFAULT_REGION and the other variables
    of AWS say where it is. Begin with `accounts open` and `credentials issue`.
    """
