"""How operators call us: ``python -m chalicelib.cli``, or ``phonebook`` where it is installed.

It works on whatever the environment points to: ``PHONEBOOK_TABLE`` names the table, and
the usual variables of AWS say where it is.
"""

# Nothing else, which would take a while in which Ctrl-C is a traceback.
import os
import signal

BROKEN_OFF = 130
"""The exit code after Ctrl-C, as shells have it."""


def main() -> None:
    """Run the command that was asked for; until it begins, Ctrl-C just ends all."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, end_at_once)
    from chalicelib.cli.commands import run  # noqa: PLC0415 - it takes half a second

    run()


def end_at_once(*_: object) -> None:
    """End, on a signal: an exception would be told by whatever is being imported."""
    os._exit(BROKEN_OFF)
