"""Contacts, groups and lists as the MessageBird clients read them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from chalicelib.dialects.messagebird.parse import CUSTOM_FIELDS, NAME_FIELDS, Window
from chalicelib.dialects.messages import JSON, Request, Response
from chalicelib.dialects.pages import texts_of
from chalicelib.domain.contact import Contact
from chalicelib.domain.group import Group
from chalicelib.domain.ids import hex_of
from chalicelib.domain.text import json_text

CONTACTS: Final = "/contacts"
GROUPS: Final = "/groups"

_DATETIME: Final = "%Y-%m-%dT%H:%M:%S+00:00"
"""Python up to 1.4.1 reads only this form: no fraction, and no ``Z``."""


class Listing(NamedTuple):
    """A window of a list: its JSON values, the length of the list, and whether more follow.

    Links are made of ``path`` and ``query``, which may differ from those of the request.
    """

    path: str
    window: Window
    items: Sequence[dict[str, Any]]
    total: int
    is_more: bool
    query: Mapping[str, str] = MappingProxyType({})


def base_url(request: Request) -> str:
    """Return the part before the path in the URL that the client called."""
    steps = request.route.count("/")
    return request.url.rstrip("/").rsplit("/", steps)[0]


def render_contact(contact: Contact, base: str) -> dict[str, Any]:
    """Render a contact; an unknown value is an empty text, as in the documentation.

    An object is never null: Python up to 1.5.0 fails on that. The number is an integer: Go
    fails on a text.
    """
    href = f"{base}{CONTACTS}/{hex_of(contact.id)}"
    return {
        "id": hex_of(contact.id),
        "href": href,
        "msisdn": int(contact.phone_number.e164),
        **_texts(contact, NAME_FIELDS),
        "customDetails": _texts(contact, CUSTOM_FIELDS),
        "groups": {"totalCount": len(contact.group_ids), "href": f"{href}{GROUPS}"},
        "messages": {"totalCount": 0, "href": f"{href}/messages"},
        "createdDatetime": _render_time(contact.created_on),
        "updatedDatetime": _render_time(contact.updated_on),
    }


def render_group(group: Group, base: str) -> dict[str, Any]:
    """Render a group."""
    href = f"{base}{GROUPS}/{hex_of(group.id)}"
    return {
        "id": hex_of(group.id),
        "href": href,
        "name": group.name,
        "contacts": {"totalCount": group.contacts_count, "href": f"{href}{CONTACTS}"},
        "createdDatetime": _render_time(group.created_on),
        "updatedDatetime": _render_time(group.updated_on),
    }


def render_list(listing: Listing, base: str) -> Response:
    """Render a window of a list, with links to the other windows.

    Raises:
        RefusedError: The window does not fit into a response.

    """
    texts = texts_of(listing.items)
    window = listing.window
    envelope = {
        "offset": window.offset,
        "limit": window.limit,
        "count": len(texts),
        "totalCount": listing.total,
        "links": _links(listing, base),
    }
    head = json_text(envelope).removesuffix("}")
    body = f'{head},"items":[{",".join(texts)}]}}'
    return Response(status=200, body=body, headers={"Content-Type": JSON})


def _links(listing: Listing, base: str) -> dict[str, str | None]:
    offset, limit = listing.window.offset, listing.window.limit

    def link(to: int) -> str:
        query = urlencode({**listing.query, "offset": to, "limit": limit})
        return f"{base}{listing.path}?{query}"

    return {
        "first": link(0),
        "previous": link(max(offset - limit, 0)) if offset else None,
        "next": link(listing.window.end) if listing.is_more else None,
        "last": link(max(listing.total - 1, 0) // limit * limit),
    }


def _texts(contact: Contact, fields: Mapping[str, str]) -> dict[str, str]:
    return {field: contact.details.get(name, "") for field, name in fields.items()}


def _render_time(time: datetime) -> str:
    return time.strftime(_DATETIME)
