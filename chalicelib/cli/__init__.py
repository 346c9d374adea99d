"""How operators call us: ``python -m chalicelib.cli``, or ``phonebook`` where it is installed.

It works on whatever the environment points to: ``PHONEBOOK_TABLE`` names the table, and
the usual variables of AWS say where it is.
"""

import sys

import typer

from chalicelib.cli import accounts, credentials, maintenance
from chalicelib.cli.failures import FAILURES, exit_code_of, message_of

cli = typer.Typer(
    help="Run the phonebook: its accounts and their credentials.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
cli.add_typer(accounts.commands, name="accounts")
cli.add_typer(credentials.commands, name="credentials")
cli.add_typer(maintenance.commands, name="maintenance")


def main() -> None:
    """Run the command that was asked for; a failure is one line and an exit code."""
    try:
        cli()
    except FAILURES as failure:
        typer.echo(f"phonebook: {message_of(failure)}", err=True)
        sys.exit(exit_code_of(failure))
