"""Commands that work on the table: how they connect, and the name stored with their changes."""

import os
import signal
from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperCommand
from typer.models import CommandFunctionType

from chalicelib.cli import INTERRUPTED, end_at_once
from chalicelib.cli.output import warn
from chalicelib.settings import Settings
from chalicelib.storage import job_places, webhook_places
from chalicelib.storage.dynamodb.connection import connect


def via_of(context: typer.Context) -> str:
    """Return ``cli`` and the names of a command, such as ``cli.credentials.revoke``.

    It is stored with everything that the command changes.
    """
    names: list[str] = []
    step: Any = context
    while step.parent is not None:  # the topmost step is the program; its name may differ
        names.append(step.info_name)
        step = step.parent
    return ".".join(["cli", *reversed(names)])


class TableCommands(typer.Typer):
    """Commands that connect to the table only when they run, so that their help needs no table."""

    def command(
        self,
        name: str | None = None,
        **more: Any,  # noqa: ANN401 - as Typer has it
    ) -> Callable[[CommandFunctionType], CommandFunctionType]:
        """Return a decorator that makes a command from a function."""
        return super().command(name, cls=_TableCommand, **more)


class _TableCommand(TyperCommand):
    """A command on the table; after Ctrl-C it prints a line and ends."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - as Typer has it
        """Connect to the table that the environment names, and run.

        Raises:
            SettingsError: The environment names no table.
            Exit: The operator pressed Ctrl-C.

        """
        before = signal.getsignal(signal.SIGINT)
        try:
            if before is end_at_once:
                signal.signal(signal.SIGINT, signal.default_int_handler)
            settings = Settings.of(os.environ)
            connect(settings.table_name)
            job_places.use(settings.jobs)
            webhook_places.use(settings.webhooks)
            return super().invoke(ctx)
        except (KeyboardInterrupt, typer.Abort):
            warn("phonebook: Broken off. What was done until then stays.")
            raise typer.Exit(INTERRUPTED) from None
        finally:
            signal.signal(signal.SIGINT, before)
