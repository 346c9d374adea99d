"""Settings from the environment. botocore finds everything about AWS there by itself."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

TABLE_VARIABLE: Final = "PHONEBOOK_TABLE"
SEARCH_VARIABLE: Final = "PHONEBOOK_SEARCH"
CONSOLE_VARIABLE: Final = "PHONEBOOK_CONSOLE"
CHANGES_VARIABLE: Final = "PHONEBOOK_CHANGES"
BUS_VARIABLE: Final = "PHONEBOOK_CHANGES_BUS"
WHOLE_CONTACTS_VARIABLE: Final = "PHONEBOOK_CHANGES_WITH_CONTACTS"
ORIGINS_VARIABLE: Final = "PHONEBOOK_ALLOWED_ORIGINS"

BUCKET_VARIABLE: Final = "PHONEBOOK_JOBS_BUCKET"
PLANNING_QUEUE_VARIABLE: Final = "PHONEBOOK_PLANNING_QUEUE"
PARTS_QUEUE_VARIABLE: Final = "PHONEBOOK_PARTS_QUEUE"
EXPORTS_QUEUE_VARIABLE: Final = "PHONEBOOK_EXPORTS_QUEUE"

WEBHOOK_QUEUE_VARIABLE: Final = "PHONEBOOK_WEBHOOK_QUEUE"
LOOPBACK_VARIABLE: Final = "PHONEBOOK_WEBHOOKS_LOOPBACK"

_ORIGIN: Final = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?")


class SettingsError(Exception):
    """The environment lacks a setting, or one is not acceptable. The message says which."""


class JobSettings(NamedTuple):
    """Where imports and exports keep their files and wait: a bucket's name, and queues' URLs."""

    bucket: str
    planning_queue: str
    parts_queue: str
    exports_queue: str


class WebhookSettings(NamedTuple):
    """The URL of the queue in which messages to webhooks wait; without it, none can be sent later.

    ``allows_loopback`` says whether a receiver may be on this very machine, as with ``make dev``.
    """

    queue: str | None = None
    allows_loopback: bool = False


class Settings(NamedTuple):
    """``table_name`` is the table of the phonebook.

    ``allowed_origins`` are those, such as ``https://crm.example.com``, whose web pages may call
    our own API; the variable has them with commas between them. Without ``jobs``, there are no
    imports and exports but those of the command line. ``has_search`` says whether the index of the
    search is kept, ``has_changes`` whether the feed of changes is, and ``has_console`` whether
    there is the console; the variables have ``no`` if not. ``bus`` is the name of the bus on which
    changes are events too, if there is one, and ``tells_contacts`` says whether these have whole
    contacts. ``webhooks`` says how changes are sent.
    """

    table_name: str
    allowed_origins: frozenset[str] = frozenset()
    jobs: JobSettings | None = None
    has_search: bool = True
    has_changes: bool = True
    has_console: bool = True
    bus: str | None = None
    tells_contacts: bool = False
    webhooks: WebhookSettings = WebhookSettings()

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the settings.

        Raises:
            SettingsError: The table is missing, or an origin is none, or only a part of what jobs
                need is there, or what is on or off is neither.

        """
        table_name = environment.get(TABLE_VARIABLE)
        if not table_name:
            raise SettingsError(f"Set {TABLE_VARIABLE} to the name of the phonebook's table.")
        origins = frozenset(filter(None, environment.get(ORIGINS_VARIABLE, "").split(",")))
        for origin in sorted(origins):
            if not _ORIGIN.fullmatch(origin):
                raise SettingsError(f"{ORIGINS_VARIABLE} has {origin!r}, which is not an origin.")
        return cls(
            table_name,
            origins,
            _jobs_in(environment),
            has_search=_is_yes(environment, SEARCH_VARIABLE, default="yes"),
            has_changes=_is_yes(environment, CHANGES_VARIABLE, default="yes"),
            has_console=_is_yes(environment, CONSOLE_VARIABLE, default="yes"),
            bus=environment.get(BUS_VARIABLE) or None,
            tells_contacts=_is_yes(environment, WHOLE_CONTACTS_VARIABLE, default="no"),
            webhooks=WebhookSettings(
                queue=environment.get(WEBHOOK_QUEUE_VARIABLE) or None,
                allows_loopback=_is_yes(environment, LOOPBACK_VARIABLE, default="no"),
            ),
        )


def _is_yes(environment: Mapping[str, str], name: str, *, default: str) -> bool:
    value = environment.get(name, default)
    if value not in {"yes", "no"}:
        raise SettingsError(f"{name} has {value!r}, which is neither yes nor no.")
    return value == "yes"


def _jobs_in(environment: Mapping[str, str]) -> JobSettings | None:
    found = {
        name: environment.get(name, "")
        for name in (
            BUCKET_VARIABLE,
            PLANNING_QUEUE_VARIABLE,
            PARTS_QUEUE_VARIABLE,
            EXPORTS_QUEUE_VARIABLE,
        )
    }
    if not any(found.values()):
        return None
    for name, value in found.items():
        if not value:
            raise SettingsError(f"Set {name} too, or none of {', '.join(found)}.")
    return JobSettings(*found.values())
