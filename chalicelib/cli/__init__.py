"""The operators' command line: ``python -m chalicelib.cli``, or ``phonebook`` if installed.

``PHONEBOOK_TABLE`` in the environment names the table, and the usual variables of AWS say where
it is.
"""

# Import nothing slow here: until `main` runs, Ctrl-C prints a traceback.
import os
import signal

INTERRUPTED = 130
"""The exit code after Ctrl-C, as in shells."""


def main() -> None:
    """Run the command; until it begins, Ctrl-C ends the process without a message."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, end_at_once)
    from chalicelib.cli.commands import run  # noqa: PLC0415 - it takes half a second

    run()


def end_at_once(*_: object) -> None:
    """End the process on a signal: an exception would show a traceback of the current import."""
    os._exit(INTERRUPTED)
