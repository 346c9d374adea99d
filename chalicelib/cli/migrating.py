"""``phonebook migrate``: moving in from a vendor's account, through the vendor's API."""

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from chalicelib.cli.accounts import account_named
from chalicelib.cli.failures import REJECTED_ROWS
from chalicelib.cli.output import AsJson


class VendorName(Enum):
    """The vendors, as they are named on the command line."""

    MESSENTE = "messente"
    MESSAGEBIRD = "messagebird"
    ATOM = "atom"
    DEVINO = "devino"


def migrate(
    vendor: Annotated[VendorName, typer.Argument(metavar="VENDOR", help="Whose account is read.")],
    url: Annotated[str, typer.Option(help="Where its API is, such as https://api.messente.com.")],
    secret_file: Annotated[
        Path,
        typer.Option(help="A file that has the vendor's password or key, and nothing else."),
    ],
    to: Annotated[str, typer.Option(help="The account of ours: its id, or its name.")],
    username: Annotated[
        str | None, typer.Option(help="The vendor's username, if it gave one.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read all, tell the outcomes, and write nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Copy a vendor's groups, contacts and opt-outs into an account; no opt-out is lifted.

    It may be run again: it brings what is new. Exits with 1 if something was rejected.
    """
    from chalicelib.cli.moving_in import (  # noqa: PLC0415 - httpx takes a fifth of a second
        Origin,
        run_migration,
    )

    origin = Origin(vendor.value, url, username, secret_file)
    report = run_migration(origin, account_named(to), is_rehearsal=dry_run, as_json=as_json)
    if report.rejected:
        raise typer.Exit(REJECTED_ROWS)
