"""The operations of MessageBird's Contacts and Groups APIs."""

from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from chalicelib.dialects.bodies import refusing_changes_of
from chalicelib.dialects.messagebird.parse import (
    CONTACT_PARAMETERS,
    IDS,
    MSISDN,
    NAME,
    WINDOW,
    Window,
    parse_contact_changes,
    parse_contact_id,
    parse_contact_ids,
    parse_contact_list,
    parse_group_changes,
    parse_group_id,
    parse_group_name,
    parse_new_contact,
    parse_viewed_contact,
    parse_window,
)
from chalicelib.dialects.messagebird.render import (
    CONTACTS,
    GROUPS,
    Listing,
    base_url,
    render_contact,
    render_group,
    render_list,
)
from chalicelib.dialects.messages import Request, Response, json_response
from chalicelib.dialects.operations import Operation
from chalicelib.domain.caller import Caller
from chalicelib.domain.contact import Contact
from chalicelib.domain.errors import ErrorCode, NotFoundError
from chalicelib.domain.ids import hex_of
from chalicelib.domain.phone import PhoneNumber
from chalicelib.services import contacts, groups, memberships, paging

_NO_CONTENT: Final = Response(status=204)
_NO_QUERY: Final[Mapping[str, str]] = MappingProxyType({})


def create_contact(request: Request, caller: Caller) -> Response:
    """Create a contact."""
    phone_number, details = parse_new_contact(request, caller.account)
    contact = contacts.create_contact(caller, phone_number, details, request.received_on)
    return json_response(201, render_contact(contact, base_url(request)))


def list_contacts(request: Request, caller: Caller) -> Response:
    """List all contacts, or those with a number or a name."""
    account = caller.account
    wanted, window = parse_contact_list(request, account)
    if wanted is not None:
        return _render_found(
            request, window, contacts.list_matching_contacts(account, wanted), wanted
        )
    page = paging.page_of_contacts(account, offset=window.offset, limit=window.limit)
    return _render_page(request, CONTACTS, window, page)


def view_contact(request: Request, caller: Caller) -> Response:
    """Retrieve the contact with an id or a number, or the contacts with a name."""
    wanted = parse_viewed_contact(request, caller.account)
    window = parse_window(request)
    if not isinstance(wanted, str):
        contact = contacts.retrieve_contact(caller.account, wanted)
        return json_response(200, render_contact(contact, base_url(request)))
    found = contacts.list_matching_contacts(caller.account, wanted)
    if not found:
        raise NotFoundError(ErrorCode.CONTACT_NOT_FOUND)
    if len(found) > 1:
        return _render_found(request, window, found, wanted)
    return json_response(200, render_contact(found[0], base_url(request)))


def update_contact(request: Request, caller: Caller) -> Response:
    """Change some parameters of a contact."""
    contact_id, changes, repeated = parse_contact_changes(request, caller.account)
    check = refusing_changes_of(repeated, partial(render_contact, base=base_url(request)))
    contact = contacts.change_contact(caller, contact_id, changes, request.received_on, check=check)
    return json_response(200, render_contact(contact, base_url(request)))


def delete_contact(request: Request, caller: Caller) -> Response:
    """Delete a contact."""
    contacts.delete_contact(caller, parse_contact_id(request), request.received_on)
    return _NO_CONTENT


def list_groups_of_contact(request: Request, caller: Caller) -> Response:
    """List the groups that a contact is in."""
    contact_id = parse_contact_id(request)
    window = parse_window(request)
    found = groups.list_groups_of_contact(caller.account, contact_id)
    base = base_url(request)
    items = [render_group(group, base) for group in found]
    return _render_all(request, f"{CONTACTS}/{hex_of(contact_id)}{GROUPS}", window, items)


def list_messages_of_contact(request: Request, caller: Caller) -> Response:
    """List the messages that were sent to a contact: none, since we send none."""
    contact_id = parse_contact_id(request)
    window = parse_window(request)
    contacts.retrieve_contact(caller.account, contact_id)
    return _render_all(request, f"{CONTACTS}/{hex_of(contact_id)}/messages", window, [])


def create_group(request: Request, caller: Caller) -> Response:
    """Create a group."""
    group = groups.create_group(caller, parse_group_name(request), request.received_on)
    return json_response(201, render_group(group, base_url(request)))


def list_groups(request: Request, caller: Caller) -> Response:
    """List all groups."""
    window = parse_window(request)
    base = base_url(request)
    items = [render_group(group, base) for group in groups.list_groups(caller.account)]
    return _render_all(request, GROUPS, window, items)


def view_group(request: Request, caller: Caller) -> Response:
    """Retrieve a group."""
    group = groups.retrieve_group(caller.account, parse_group_id(request))
    return json_response(200, render_group(group, base_url(request)))


def update_group(request: Request, caller: Caller) -> Response:
    """Rename a group; the response holds it, as PHP and C# need it and Go accepts it."""
    group_id, name, repeated = parse_group_changes(request)
    check = refusing_changes_of(repeated, partial(render_group, base=base_url(request)))
    group = groups.rename_group(caller, group_id, name, request.received_on, check=check)
    return json_response(200, render_group(group, base_url(request)))


def delete_group(request: Request, caller: Caller) -> Response:
    """Delete a group."""
    groups.delete_group(caller, parse_group_id(request), request.received_on)
    return _NO_CONTENT


def list_contacts_of_group(request: Request, caller: Caller) -> Response:
    """List the contacts in a group."""
    group_id = parse_group_id(request)
    window = parse_window(request)
    page = paging.page_of_group(caller.account, group_id, offset=window.offset, limit=window.limit)
    return _render_page(request, f"{GROUPS}/{hex_of(group_id)}{CONTACTS}", window, page)


def add_contacts_to_group(request: Request, caller: Caller) -> Response:
    """Put contacts into a group."""
    group_id = parse_group_id(request)
    contact_ids = parse_contact_ids(request)
    memberships.add_all_to_group(caller, group_id, contact_ids, request.received_on)
    return _NO_CONTENT


def remove_contact_from_group(request: Request, caller: Caller) -> Response:
    """Take a contact out of a group."""
    group_id = parse_group_id(request)
    contact_id = parse_contact_id(request)
    memberships.remove_from_group(caller, group_id, contact_id, request.received_on)
    return _NO_CONTENT


_ADDING: Final = Operation(add_contacts_to_group, many=frozenset({IDS}), reads_body=True)

ENDPOINTS: Final[Mapping[str, Mapping[str, Operation]]] = MappingProxyType({
    CONTACTS: {
        "GET": Operation(list_contacts, only_reads=True, one=WINDOW | {MSISDN, NAME}),
        "POST": Operation(create_contact, one=CONTACT_PARAMETERS, reads_body=True),
    },
    f"{CONTACTS}/{{contactId}}": {
        # Go sends a body with this request (Read in contact/contact.go).
        "GET": Operation(view_contact, only_reads=True, one=WINDOW, ignores_body=True),
        "PATCH": Operation(update_contact, one=CONTACT_PARAMETERS, reads_body=True),
        "DELETE": Operation(delete_contact),
    },
    f"{CONTACTS}/{{contactId}}{GROUPS}": {
        "GET": Operation(list_groups_of_contact, only_reads=True, one=WINDOW),
    },
    f"{CONTACTS}/{{contactId}}/messages": {
        "GET": Operation(list_messages_of_contact, only_reads=True, one=WINDOW),
    },
    GROUPS: {
        "GET": Operation(list_groups, only_reads=True, one=WINDOW),
        "POST": Operation(create_group, one=frozenset({NAME}), reads_body=True),
    },
    f"{GROUPS}/{{groupId}}": {
        "GET": Operation(view_group, only_reads=True),
        "PATCH": Operation(update_group, one=frozenset({NAME}), reads_body=True),
        "DELETE": Operation(delete_group),
        # Python (all versions), Node up to 3.6.4, Ruby and C# omit "/contacts".
        "PUT": _ADDING,
    },
    f"{GROUPS}/{{groupId}}{CONTACTS}": {
        "GET": Operation(list_contacts_of_group, only_reads=True, one=WINDOW),
        "PUT": _ADDING,
    },
    f"{GROUPS}/{{groupId}}{CONTACTS}/{{contactId}}": {
        "DELETE": Operation(remove_contact_from_group),
    },
})  # fmt: skip


def _render_found(
    request: Request, window: Window, found: Sequence[Contact], wanted: PhoneNumber | str
) -> Response:
    """Render a window of the contacts with a number or a name."""
    if isinstance(wanted, PhoneNumber):
        query = {MSISDN: wanted.e164.removeprefix("+")}
    else:
        query = {NAME: wanted}
    return _render_all(request, CONTACTS, window, _rendered(request, found), query)


def _render_page(request: Request, path: str, window: Window, page: paging.CountedPage) -> Response:
    listing = Listing(
        path=path,
        window=window,
        items=_rendered(request, page.contacts),
        total=page.total,
        is_more=page.is_more,
    )
    return render_list(listing, base_url(request))


def _rendered(request: Request, found: Sequence[Contact]) -> list[dict[str, Any]]:
    base = base_url(request)
    return [render_contact(contact, base) for contact in found]


def _render_all(
    request: Request,
    path: str,
    window: Window,
    items: Sequence[dict[str, Any]],
    query: Mapping[str, str] = _NO_QUERY,
) -> Response:
    """Render a window of a list whose items are all in memory."""
    listing = Listing(
        path=path,
        query=query,
        window=window,
        items=items[window.offset : window.end],
        total=len(items),
        is_more=len(items) > window.end,
    )
    return render_list(listing, base_url(request))
