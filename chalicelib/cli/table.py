"""Which table the commands work on."""

import os

from chalicelib.settings import Settings
from chalicelib.storage.connection import connect


def connect_to_table() -> None:
    """Connect to the table that the environment names.

    Raises:
        SettingsError: It names none.

    """
    connect(Settings.of(os.environ).table_name)
