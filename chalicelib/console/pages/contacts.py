"""The list of contacts: searching, filters, and choosing many."""

from collections.abc import Mapping
from http import HTTPStatus

from chalicelib.console.pages.listed import AFTER, PAGE_ITEMS, after_of, link, taken
from chalicelib.console.rendering import page
from chalicelib.console.visits import Answer, Visit, Who
from chalicelib.domain.errors import InvalidDataError, NotFoundError
from chalicelib.domain.ids import id_of_uuid
from chalicelib.domain.search import Search, parse_search
from chalicelib.services import groups
from chalicelib.services.listing import ContactListing, list_contacts
from chalicelib.services.profiles import Profile, list_profiles

_BLACKLISTED = {"yes": True, "no": False}


def show(visit: Visit, who: Who) -> Answer:
    """Show a page of the contacts that are looked for."""
    text, group, blacklisted = (visit.asked(name).strip() for name in ("q", "group", "blacklisted"))
    errors: dict[str, str] = {}
    found: list[Profile] = []
    cursor = None
    try:
        found, cursor = _found(visit, who, text, group, blacklisted)
    except InvalidDataError as error:
        errors = {each.field: each.message for each in error.found}
    except NotFoundError:
        errors = {"group": "There is no such group any more."}
    every = groups.list_groups(who.known.account)
    asked = {"q": text, "group": group, "blacklisted": blacklisted}
    return page(
        visit,
        who,
        "contacts.html",
        status=HTTPStatus.BAD_REQUEST if errors else HTTPStatus.OK,
        profiles=found,
        groups=every,
        asked=asked,
        is_filtered=any(asked.values()),
        is_first=not visit.asked(AFTER),
        errors=errors,
        more=cursor and _link_to_more(visit, asked, cursor),
    )


def _found(
    visit: Visit, who: Who, text: str, group: str, blacklisted: str
) -> tuple[list[Profile], str | None]:
    account = who.known.account
    list_key = ("console contacts", text, group, blacklisted)
    after = after_of(visit, account, list_key)
    wanted = ContactListing(
        frozenset({id_of_uuid(group) or 0}) if group else None,
        _BLACKLISTED.get(blacklisted),
        _search(text),
    )
    contacts = list_contacts(account, wanted, after=after, expected=PAGE_ITEMS + 1)
    some, cursor = taken(account, list_key, contacts, lambda each: each.phone_number.e164)
    return list(list_profiles(account, some, are_blacklisted=wanted.is_blacklisted)), cursor


def _search(text: str) -> Search | None:
    """Read what is looked for. One character, which somebody has just begun to type, is nothing."""
    return parse_search(text) if len(text) > 1 else None


def _link_to_more(visit: Visit, asked: Mapping[str, str], cursor: str) -> str:
    return link(f"{visit.root}/contacts", **asked, **{AFTER: cursor})
