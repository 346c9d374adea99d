"""What the environment decides; everything else about AWS is botocore's to find there."""

from collections.abc import Mapping
from typing import Final, NamedTuple

TABLE_VARIABLE: Final = "PHONEBOOK_TABLE"


class SettingsError(Exception):
    """The environment lacks something; the message says what."""


class Settings(NamedTuple):
    """``table_name`` is the table that holds the phonebook."""

    table_name: str

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the settings.

        Raises:
            SettingsError: One is missing.

        """
        table_name = environment.get(TABLE_VARIABLE)
        if not table_name:
            raise SettingsError(f"Set {TABLE_VARIABLE} to the name of the phonebook's table.")
        return cls(table_name)
