"""The nine operations of Atom's SMS API that keep contacts and address books."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from chalicelib.dialects.atom.parse import (
    parse_address_book_edit,
    parse_contact_edit,
    parse_id,
    parse_new_address_book,
    parse_new_contact,
)
from chalicelib.dialects.atom.render import (
    render_address_book,
    render_contact,
    render_edited_address_book,
    success,
    success_of_address_book,
    success_of_address_books,
)
from chalicelib.dialects.messages import Request, Response
from chalicelib.dialects.operations import Operation
from chalicelib.domain.caller import Caller
from chalicelib.services import contacts, groups, members, memberships

CONTACT: Final = "/api/contact"
ADDRESS_BOOK: Final = "/api/address-book"


def new_contact(request: Request, caller: Caller) -> Response:
    """Create a contact in an address book, or add the existing contact with that number."""
    group_id, data = parse_new_contact(request, caller.account)
    contact = memberships.create_or_join(
        caller, group_id, data, request.received_on, refuse_member=True
    )
    return success({"id": contact.id})


def contact_detail(request: Request, caller: Caller) -> Response:
    """Retrieve a contact."""
    contact = contacts.retrieve_contact(caller.account, parse_id(request))
    return success({"contact": render_contact(contact)})


def edit_contact(request: Request, caller: Caller) -> Response:
    """Change some fields of a contact, and move it to another address book if one is named."""
    contact_id, group_id, changes = parse_contact_edit(request, caller.account)
    if group_id is None:
        contacts.change_contact(caller, contact_id, changes, request.received_on)
    else:
        memberships.move_to_group(caller, group_id, contact_id, changes, request.received_on)
    return success({"id": contact_id})


def delete_contact(request: Request, caller: Caller) -> Response:
    """Delete a contact."""
    contact_id = parse_id(request)
    contacts.delete_contact(caller, contact_id, request.received_on)
    return success({"id": contact_id})


def new_address_book(request: Request, caller: Caller) -> Response:
    """Create an address book."""
    name = parse_new_address_book(request)
    return success(render_address_book(groups.create_group(caller, name, request.received_on)))


def edit_address_book(request: Request, caller: Caller) -> Response:
    """Rename an address book, if a name is given."""
    group_id, name = parse_address_book_edit(request)
    if name is None:
        group = groups.retrieve_group(caller.account, group_id)
    else:
        group = groups.rename_group(caller, group_id, name, request.received_on)
    return success(render_edited_address_book(group))


def list_address_books(_request: Request, caller: Caller) -> Response:
    """List all address books."""
    return success_of_address_books(groups.list_groups(caller.account))


def address_book_detail(request: Request, caller: Caller) -> Response:
    """Retrieve an address book with all of its contacts."""
    group, found = members.retrieve_group_with_members(caller.account, parse_id(request))
    return success_of_address_book(group, found)


def delete_address_book(request: Request, caller: Caller) -> Response:
    """Delete an address book, but not its contacts."""
    group_id = parse_id(request)
    groups.delete_group(caller, group_id, request.received_on)
    return success({"id": group_id})


ENDPOINTS: Final[Mapping[str, Mapping[str, Operation]]] = MappingProxyType({
    f"{CONTACT}/new": {"POST": Operation(new_contact, reads_body=True)},
    f"{CONTACT}/detail": {"POST": Operation(contact_detail, only_reads=True, reads_body=True)},
    f"{CONTACT}/edit": {"POST": Operation(edit_contact, reads_body=True)},
    f"{CONTACT}/delete": {"POST": Operation(delete_contact, reads_body=True)},
    f"{ADDRESS_BOOK}/new": {"POST": Operation(new_address_book, reads_body=True)},
    f"{ADDRESS_BOOK}/edit": {"POST": Operation(edit_address_book, reads_body=True)},
    f"{ADDRESS_BOOK}/list": {"POST": Operation(list_address_books, only_reads=True)},
    f"{ADDRESS_BOOK}/detail": {
        "POST": Operation(address_book_detail, only_reads=True, reads_body=True),
    },
    f"{ADDRESS_BOOK}/delete": {"POST": Operation(delete_address_book, reads_body=True)},
})  # fmt: skip
