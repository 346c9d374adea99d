"""Settings from the environment. botocore finds everything about AWS there by itself."""

from collections.abc import Mapping
from typing import Final, NamedTuple

TABLE_VARIABLE: Final = "PHONEBOOK_TABLE"


class SettingsError(Exception):
    """The environment lacks a setting. The message says which."""


class Settings(NamedTuple):
    """``table_name`` is the table of the phonebook."""

    table_name: str

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the settings.

        Raises:
            SettingsError: A setting is missing.

        """
        table_name = environment.get(TABLE_VARIABLE)
        if not table_name:
            raise SettingsError(f"Set {TABLE_VARIABLE} to the name of the phonebook's table.")
        return cls(table_name)
