"""Contacts and address books in Atom's envelope."""

from collections.abc import Iterable
from typing import Any

from chalicelib.dialects.atom.parse import DETAIL_FIELDS
from chalicelib.dialects.messages import JSON, Response
from chalicelib.dialects.pages import texts_of
from chalicelib.domain.contact import Contact
from chalicelib.domain.group import Group
from chalicelib.domain.text import json_text


def render_contact(contact: Contact) -> dict[str, Any]:
    """Render a contact with all keys; an unknown value is null.

    The pages of this API do not say how an unknown value looks. Those of the vendor's Atomic API
    (``api-atomic-intro``) do: null, not an empty string.
    """
    return {
        "id": contact.id,
        "first_name": contact.details.get("first_name"),
        "last_name": contact.details.get("last_name"),
        "company": contact.details.get("company"),
        "phone_number": contact.phone_number.e164,
        "custom_1": contact.details.get(DETAIL_FIELDS["custom_1"]),
        "custom_2": contact.details.get(DETAIL_FIELDS["custom_2"]),
        "custom_3": contact.details.get(DETAIL_FIELDS["custom_3"]),
        "custom_4": contact.details.get(DETAIL_FIELDS["custom_4"]),
    }


def render_listed_contact(contact: Contact) -> dict[str, Any]:
    """Render the part of a contact that the details of an address book show."""
    return {
        "id": contact.id,
        "first_name": contact.details.get("first_name"),
        "last_name": contact.details.get("last_name"),
        "phone_number": contact.phone_number.e164,
    }


def render_address_book(group: Group) -> dict[str, Any]:
    """Render an address book without its contacts."""
    return {"id": group.id, "name": group.name}


def render_edited_address_book(group: Group) -> dict[str, Any]:
    """Render an address book in the response to ``edit``, with its id as text.

    Only the vendor's sample of ``edit`` shows text; a client written from it reads a string.
    """
    return {"id": str(group.id), "name": group.name}


def success(result: object) -> Response:
    """Put a result into the vendor's envelope."""
    return _success_of_text(json_text(result))


def success_of_address_books(groups: Iterable[Group]) -> Response:
    """Put all address books into the vendor's envelope.

    Raises:
        RefusedError: They do not fit into a response.

    """
    return _success_of_text(_json_list(map(render_address_book, groups)))


def success_of_address_book(group: Group, contacts: Iterable[Contact]) -> Response:
    """Put an address book with all of its contacts into the vendor's envelope.

    Raises:
        RefusedError: They do not fit into a response.

    """
    listed = _json_list(map(render_listed_contact, contacts))
    opened = json_text(render_address_book(group)).removesuffix("}")
    return _success_of_text(f'{opened},"contacts":{listed}}}')


def _json_list(values: Iterable[dict[str, Any]]) -> str:
    return f"[{','.join(texts_of(values))}]"


def _success_of_text(result: str) -> Response:
    return Response(
        status=200,
        body=f'{{"status":"success","result":{result}}}',
        headers={"Content-Type": JSON},
    )
