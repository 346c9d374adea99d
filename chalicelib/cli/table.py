"""Commands that work on the table, which one that is, and what such a command is called."""

import os
import signal
from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperCommand
from typer.models import CommandFunctionType

from chalicelib.cli import BROKEN_OFF, end_at_once
from chalicelib.cli.output import warn
from chalicelib.settings import Settings
from chalicelib.storage.dynamodb.connection import connect


def via_of(context: typer.Context) -> str:
    """Return through what a command changes things: ``cli`` and its names.

    It is kept with all that the command changes, as in ``cli.credentials.revoke``.
    """
    names: list[str] = []
    step: Any = context
    while step.parent is not None:  # above all commands is the program, whatever it is called
        names.append(step.info_name)
        step = step.parent
    return ".".join(["cli", *reversed(names)])


class TableCommands(typer.Typer):
    """Commands that are connected to the table when they run, so that their help needs none."""

    def command(
        self,
        name: str | None = None,
        **more: Any,  # noqa: ANN401 - as Typer has it
    ) -> Callable[[CommandFunctionType], CommandFunctionType]:
        """Return what makes a command of a function."""
        return super().command(name, cls=_TableCommand, **more)


class _TableCommand(TyperCommand):
    """A command on the table; Ctrl-C ends it with a line."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - as Typer has it
        """Connect to the table that the environment names, and run.

        Raises:
            SettingsError: It names none.
            Exit: Somebody broke it off.

        """
        before = signal.getsignal(signal.SIGINT)
        try:
            if before is end_at_once:
                signal.signal(signal.SIGINT, signal.default_int_handler)
            connect(Settings.of(os.environ).table_name)
            return super().invoke(ctx)
        except (KeyboardInterrupt, typer.Abort):
            warn("phonebook: Broken off. What was done until then stays.")
            raise typer.Exit(BROKEN_OFF) from None
        finally:
            signal.signal(signal.SIGINT, before)
