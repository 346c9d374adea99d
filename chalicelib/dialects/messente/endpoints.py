"""The 17 operations of Messente's Phonebook API; each function has its operationId as name."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from chalicelib.dialects.bodies import refusing_changes_of
from chalicelib.dialects.messages import Request, Response, json_response
from chalicelib.dialects.messente.parse import (
    GROUP_IDS,
    parse_contact_list,
    parse_contact_update,
    parse_group_id,
    parse_group_name,
    parse_group_update,
    parse_new_contact,
    parse_number_to_blacklist,
    parse_phone_number,
)
from chalicelib.dialects.messente.render import render_contact, render_group
from chalicelib.dialects.operations import Operation
from chalicelib.dialects.pages import PAGING, Page, parse_page, render_list
from chalicelib.domain.account import Account
from chalicelib.domain.caller import Caller
from chalicelib.domain.group import Group
from chalicelib.services import blacklist, contacts, groups, memberships

ROOT: Final = "/v1/phonebook"

_NO_CONTENT: Final = Response(status=204)


def fetch_contacts(request: Request, caller: Caller) -> Response:
    """List all contacts, or those in at least one of the given groups."""
    account = caller.account
    group_ids, page = parse_contact_list(request, account)
    if group_ids is None:
        found = contacts.list_contacts(account, after=page.after, expected=page.size_to_read)
    else:
        found = contacts.list_contacts_of_groups(
            account, group_ids, after=page.after, expected=page.size_to_read
        )
    entries = ((contact.phone_number.e164, render_contact(contact)) for contact in found)
    return render_list(request, account, page, "contacts", entries)


def create_contact(request: Request, caller: Caller) -> Response:
    """Create a contact."""
    phone_number, details = parse_new_contact(request, caller.account)
    contact = contacts.create_contact(caller, phone_number, details, request.received_on)
    return json_response(201, {"contact": render_contact(contact)})


def fetch_contact(request: Request, caller: Caller) -> Response:
    """Retrieve a contact."""
    contact = contacts.retrieve_contact(caller.account, parse_phone_number(request, caller.account))
    return json_response(200, {"contact": render_contact(contact)})


def update_contact(request: Request, caller: Caller) -> Response:
    """Change some fields of a contact."""
    update = parse_contact_update(request, caller.account)
    contact = contacts.update_contact(
        caller,
        update.phone_number,
        update.details,
        request.received_on,
        check=refusing_changes_of(update.read_only, render_contact),
    )
    return json_response(200, {"contact": render_contact(contact)})


def delete_contact(request: Request, caller: Caller) -> Response:
    """Delete a contact."""
    contacts.delete_contact(
        caller, parse_phone_number(request, caller.account), request.received_on
    )
    return _NO_CONTENT


def fetch_contact_groups(request: Request, caller: Caller) -> Response:
    """List the groups that a contact is in."""
    account = caller.account
    phone_number = parse_phone_number(request, account)
    page = parse_page(request, account, ["groups of", phone_number.e164])
    found = groups.list_groups_of_contact(account, phone_number, after=page.after)
    return _render_groups(request, account, page, found)


def add_contact_to_group(request: Request, caller: Caller) -> Response:
    """Put a contact into a group."""
    phone_number = parse_phone_number(request, caller.account)
    group_id = parse_group_id(request)
    memberships.add_to_group(caller, group_id, phone_number, request.received_on)
    return json_response(201, {})


def remove_contact_from_group(request: Request, caller: Caller) -> Response:
    """Take a contact out of a group."""
    phone_number = parse_phone_number(request, caller.account)
    group_id = parse_group_id(request)
    memberships.remove_from_group(caller, group_id, phone_number, request.received_on)
    return _NO_CONTENT


def fetch_groups(request: Request, caller: Caller) -> Response:
    """List all groups."""
    account = caller.account
    page = parse_page(request, account, ["groups"])
    found = groups.list_groups(account, after=page.after)
    return _render_groups(request, account, page, found)


def create_group(request: Request, caller: Caller) -> Response:
    """Create a group."""
    group = groups.create_group(caller, parse_group_name(request), request.received_on)
    return json_response(201, {"group": render_group(group)})


def fetch_group(request: Request, caller: Caller) -> Response:
    """Retrieve a group."""
    group = groups.retrieve_group(caller.account, parse_group_id(request))
    return json_response(200, {"group": render_group(group)})


def update_group(request: Request, caller: Caller) -> Response:
    """Rename a group."""
    group_id = parse_group_id(request)
    update = parse_group_update(request)
    group = groups.rename_group(
        caller,
        group_id,
        update.name,
        request.received_on,
        check=refusing_changes_of(update.read_only, render_group),
    )
    return json_response(200, {"group": render_group(group)})


def delete_group(request: Request, caller: Caller) -> Response:
    """Delete a group."""
    groups.delete_group(caller, parse_group_id(request), request.received_on)
    return _NO_CONTENT


def fetch_blacklist(request: Request, caller: Caller) -> Response:
    """List all blacklisted numbers."""
    account = caller.account
    page = parse_page(request, account, ["blacklist"])
    found = blacklist.list_blacklist(account, after=page.after, expected=page.size_to_read)
    numbers = (entry.phone_number.e164 for entry in found)
    entries = ((number, number) for number in numbers)
    return render_list(request, account, page, "phoneNumbers", entries)


def add_to_blacklist(request: Request, caller: Caller) -> Response:
    """Put a number on the blacklist."""
    blacklist.blacklist_number(
        caller, parse_number_to_blacklist(request, caller.account), request.received_on
    )
    return _NO_CONTENT


def is_blacklisted(request: Request, caller: Caller) -> Response:
    """Check whether a number is on the blacklist."""
    blacklist.check_blacklisted(caller.account, parse_phone_number(request, caller.account))
    return _NO_CONTENT


def delete_from_blacklist(request: Request, caller: Caller) -> Response:
    """Take a number off the blacklist."""
    phone_number = parse_phone_number(request, caller.account)
    blacklist.allow_number(caller, phone_number, request.received_on)
    return _NO_CONTENT


ENDPOINTS: Final[Mapping[str, Mapping[str, Operation]]] = MappingProxyType({
    f"{ROOT}/contacts": {
        # PHP 2.0.0 to 2.1.0 sends "0=…&1=…" (fetchContactsRequest in lib/Api/ContactsApi.php).
        "GET": Operation(
            fetch_contacts,
            only_reads=True,
            one=PAGING,
            many=frozenset({GROUP_IDS}),
            by_position=GROUP_IDS,
        ),
        "POST": Operation(create_contact, reads_body=True),
    },
    f"{ROOT}/contacts/{{phone}}": {
        "GET": Operation(fetch_contact, only_reads=True),
        "PATCH": Operation(update_contact, reads_body=True),
        "DELETE": Operation(delete_contact),
    },
    f"{ROOT}/contacts/{{phone}}/groups": {
        "GET": Operation(fetch_contact_groups, only_reads=True, one=PAGING),
    },
    f"{ROOT}/groups": {
        "GET": Operation(fetch_groups, only_reads=True, one=PAGING),
        "POST": Operation(create_group, reads_body=True),
    },
    f"{ROOT}/groups/{{groupId}}": {
        "GET": Operation(fetch_group, only_reads=True),
        "PUT": Operation(update_group, reads_body=True),
        "DELETE": Operation(delete_group),
    },
    f"{ROOT}/groups/{{groupId}}/contacts/{{phone}}": {
        "POST": Operation(add_contact_to_group), "DELETE": Operation(remove_contact_from_group),
    },
    f"{ROOT}/blacklist": {
        "GET": Operation(fetch_blacklist, only_reads=True, one=PAGING),
        "POST": Operation(add_to_blacklist, reads_body=True),
    },
    f"{ROOT}/blacklist/{{phone}}": {
        "GET": Operation(is_blacklisted, only_reads=True),
        "DELETE": Operation(delete_from_blacklist),
    },
})  # fmt: skip


def _render_groups(
    request: Request, account: Account, page: Page, found: Iterable[Group]
) -> Response:
    entries = ((group.list_key, render_group(group)) for group in found)
    return render_list(request, account, page, "groups", entries)
