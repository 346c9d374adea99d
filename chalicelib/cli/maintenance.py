"""``phonebook maintenance``: looking after what runs unattended."""

import typer

from chalicelib.cli.purging import purge
from chalicelib.cli.recounting import recount
from chalicelib.cli.redriving import redrive
from chalicelib.cli.table import connect_to_table
from chalicelib.cli.verifying import verify

commands = typer.Typer(no_args_is_help=True)
commands.command("purge")(purge)
commands.command("recount")(recount)
commands.command("redrive")(redrive)
commands.command("verify")(verify)


@commands.callback()
def connect() -> None:
    """Look after counts and the purge."""
    connect_to_table()
