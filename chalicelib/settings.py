"""Settings from the environment. botocore finds everything about AWS there by itself."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

TABLE_VARIABLE: Final = "PHONEBOOK_TABLE"
ORIGINS_VARIABLE: Final = "PHONEBOOK_ALLOWED_ORIGINS"

_ORIGIN: Final = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?")


class SettingsError(Exception):
    """The environment lacks a setting, or one is not acceptable. The message says which."""


class Settings(NamedTuple):
    """``table_name`` is the table of the phonebook.

    ``allowed_origins`` are those, such as ``https://crm.example.com``, whose web pages may call
    our own API; the variable has them with commas between them.
    """

    table_name: str
    allowed_origins: frozenset[str] = frozenset()

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the settings.

        Raises:
            SettingsError: The table is missing, or an origin is none.

        """
        table_name = environment.get(TABLE_VARIABLE)
        if not table_name:
            raise SettingsError(f"Set {TABLE_VARIABLE} to the name of the phonebook's table.")
        origins = frozenset(filter(None, environment.get(ORIGINS_VARIABLE, "").split(",")))
        for origin in sorted(origins):
            if not _ORIGIN.fullmatch(origin):
                raise SettingsError(f"{ORIGINS_VARIABLE} has {origin!r}, which is not an origin.")
        return cls(table_name, origins)
