"""Changes: what happened here, by whom and through what, the newest first."""

from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import Any, Final, NamedTuple

from chalicelib.console.pages.listed import AFTER, PAGE_ITEMS, after_of, link, taken
from chalicelib.console.rendering import page
from chalicelib.console.visits import Answer, Visit, Who, redirect
from chalicelib.console.words import CHANGES
from chalicelib.domain.account import Account
from chalicelib.domain.changes import ChangeType
from chalicelib.domain.errors import NotFoundError
from chalicelib.domain.ids import uuid_of
from chalicelib.services import changes
from chalicelib.services.changes import number_told_as

LOOKED_THROUGH: Final = 1_000

_KEY: Final = ("console changes",)
_ENDINGS: Final = frozenset({
    ChangeType.CONTACT_DELETED, ChangeType.CONTACT_PURGED, ChangeType.CONTACT_ERASED,
    ChangeType.GROUP_DELETED, ChangeType.NUMBER_ERASED,
})  # fmt: skip


class Told(NamedTuple):
    """A change, as a page tells of it. ``path`` leads to what it is about, if that is there."""

    place: str
    words: str
    at: datetime
    fields: str
    actor: str | None
    source: str | None
    path: str | None


def show(visit: Visit, who: Who) -> Answer:
    """Show the changes of the last 30 days, page by page."""
    account = who.known.account
    before = after_of(visit, account, _KEY)
    found = latest(account, visit.received_on, limit=PAGE_ITEMS + 1, before=before)
    some, cursor = taken(account, _KEY, found or (), lambda each: each.place)
    return page(
        visit,
        who,
        "changes.html",
        changes=None if found is None else some,
        more=cursor and link(f"{visit.root}/changes", **{AFTER: cursor}),
        is_first=before is None,
    )


def show_number(visit: Visit, who: Who) -> Answer:
    """Lead to the number that a change is about."""
    number = number_told_as(who.known.account, visit.ids["number"])
    return redirect(visit, f"/blacklist/{number}")


def latest(
    account: Account, now: datetime, *, limit: int, before: str | None = None
) -> list[Told] | None:
    """Return the latest changes before a place, or None if they are turned off."""
    try:
        found = changes.list_latest(account, limit=limit, now=now, before=before)
    except NotFoundError:
        return None
    return [_told(each.place, each.change) for each in found]


def latest_of_contact(account: Account, contact_id: int, now: datetime) -> list[Told] | None:
    """Return the latest changes of a contact, or None if they are turned off.

    The feed has all changes of the account in the order of time. Of these, the latest
    :data:`LOOKED_THROUGH` are read: about as much as a page of a list costs.
    """
    try:
        found = changes.list_latest(account, limit=LOOKED_THROUGH, now=now)
    except NotFoundError:
        return None
    contact = uuid_of(contact_id)
    of_contact = (each for each in found if each.change["subject"].get("contact") == contact)
    return [_told(each.place, each.change) for each in islice(of_contact, PAGE_ITEMS)]


def _told(place: str, change: Mapping[str, Any]) -> Told:
    return Told(
        place,
        CHANGES.get(change["type"], change["type"]),
        datetime.fromisoformat(change["at"]),
        ", ".join(change["fields"]),
        change["actor"],
        change["source"],
        None if change["type"] in _ENDINGS else _path_to(change["subject"]),
    )


def _path_to(subject: Mapping[str, str]) -> str:
    if "contact" in subject:
        return f"/contacts/{subject['contact']}"
    if "group" in subject:
        return f"/groups/{subject['group']}"
    return f"/changes/numbers/{subject['number']}"
