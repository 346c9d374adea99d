"""The 17 operations of Messente's Phonebook API, under their operationIds."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from chalicelib.dialects.dialect import Endpoint
from chalicelib.dialects.http import JSON, Request, Response
from chalicelib.dialects.messente.parse import (
    parse_contact_changes,
    parse_group_filter,
    parse_group_id,
    parse_group_name,
    parse_new_contact,
    parse_number_to_blacklist,
    parse_phone_number,
)
from chalicelib.dialects.messente.render import render_contact, render_group
from chalicelib.dialects.pages import parse_page, render_list
from chalicelib.domain.account import Account
from chalicelib.domain.ids import uuid_of
from chalicelib.services import blacklist, contacts, groups, memberships

ROOT: Final = "/v1/phonebook"

_NO_CONTENT: Final = Response(status=204)


def fetch_contacts(request: Request, account: Account) -> Response:
    """List all contacts, or those in any of some groups."""
    group_ids = parse_group_filter(request)
    if group_ids is None:
        page = parse_page(request, account, ["contacts"])
        found = contacts.list_contacts(account, after=page.after, page_size=page.reads)
    else:
        page = parse_page(request, account, ["contacts", *map(uuid_of, sorted(group_ids))])
        found = contacts.list_contacts_of_groups(account, group_ids, after=page.after)
    entries = ((each.phone_number.e164, render_contact(each)) for each in found)
    return render_list(request, account, page, "contacts", entries)


def create_contact(request: Request, account: Account) -> Response:
    """Create a contact."""
    phone_number, details = parse_new_contact(request)
    contact = contacts.create_contact(account, phone_number, details, request.received_on)
    return _json(201, {"contact": render_contact(contact)})


def fetch_contact(request: Request, account: Account) -> Response:
    """Retrieve a contact."""
    contact = contacts.retrieve_contact(account, parse_phone_number(request))
    return _json(200, {"contact": render_contact(contact)})


def update_contact(request: Request, account: Account) -> Response:
    """Change some fields of a contact."""
    phone_number = parse_phone_number(request)
    changes = parse_contact_changes(request)
    contact = contacts.update_contact(account, phone_number, changes, request.received_on)
    return _json(200, {"contact": render_contact(contact)})


def delete_contact(request: Request, account: Account) -> Response:
    """Delete a contact."""
    contacts.delete_contact(account, parse_phone_number(request), request.received_on)
    return _NO_CONTENT


def fetch_contact_groups(request: Request, account: Account) -> Response:
    """List the groups that a contact is in."""
    found = groups.list_groups_of_contact(account, parse_phone_number(request))
    return _json(200, {"groups": [render_group(group) for group in found]})


def add_contact_to_group(request: Request, account: Account) -> Response:
    """Put a contact into a group."""
    phone_number = parse_phone_number(request)
    group_id = parse_group_id(request)
    memberships.add_to_group(account, group_id, phone_number, request.received_on)
    return _json(201, {})


def remove_contact_from_group(request: Request, account: Account) -> Response:
    """Take a contact out of a group."""
    phone_number = parse_phone_number(request)
    group_id = parse_group_id(request)
    memberships.remove_from_group(account, group_id, phone_number, request.received_on)
    return _NO_CONTENT


def fetch_groups(request: Request, account: Account) -> Response:
    """List all groups."""
    page = parse_page(request, account, ["groups"])
    found = groups.list_groups(account, after=page.after)
    entries = ((sort_key, render_group(group)) for sort_key, group in found)
    return render_list(request, account, page, "groups", entries)


def create_group(request: Request, account: Account) -> Response:
    """Create a group."""
    group = groups.create_group(account, parse_group_name(request), request.received_on)
    return _json(201, {"group": render_group(group)})


def fetch_group(request: Request, account: Account) -> Response:
    """Retrieve a group."""
    group = groups.retrieve_group(account, parse_group_id(request))
    return _json(200, {"group": render_group(group)})


def update_group(request: Request, account: Account) -> Response:
    """Rename a group."""
    group_id = parse_group_id(request)
    group = groups.rename_group(account, group_id, parse_group_name(request))
    return _json(200, {"group": render_group(group)})


def delete_group(request: Request, account: Account) -> Response:
    """Delete a group."""
    groups.delete_group(account, parse_group_id(request), request.received_on)
    return _NO_CONTENT


def fetch_blacklist(request: Request, account: Account) -> Response:
    """List all blacklisted numbers."""
    page = parse_page(request, account, ["blacklist"])
    found = blacklist.list_blacklist(account, after=page.after, page_size=page.reads)
    entries = ((number.e164, number.e164) for number in found)
    return render_list(request, account, page, "phoneNumbers", entries)


def add_to_blacklist(request: Request, account: Account) -> Response:
    """Put a number on the blacklist."""
    blacklist.blacklist_number(account, parse_number_to_blacklist(request), request.received_on)
    return _NO_CONTENT


def is_blacklisted(request: Request, account: Account) -> Response:
    """Check whether a number is on the blacklist."""
    blacklist.check_blacklisted(account, parse_phone_number(request))
    return _NO_CONTENT


def delete_from_blacklist(request: Request, account: Account) -> Response:
    """Take a number off the blacklist."""
    blacklist.unblacklist_number(account, parse_phone_number(request))
    return _NO_CONTENT


ENDPOINTS: Final[Mapping[str, Mapping[str, Endpoint]]] = MappingProxyType({
    f"{ROOT}/contacts": {"GET": fetch_contacts, "POST": create_contact},
    f"{ROOT}/contacts/{{phone}}": {
        "GET": fetch_contact, "PATCH": update_contact, "DELETE": delete_contact,
    },
    f"{ROOT}/contacts/{{phone}}/groups": {"GET": fetch_contact_groups},
    f"{ROOT}/groups": {"GET": fetch_groups, "POST": create_group},
    f"{ROOT}/groups/{{groupId}}": {
        "GET": fetch_group, "PUT": update_group, "DELETE": delete_group,
    },
    f"{ROOT}/groups/{{groupId}}/contacts/{{phone}}": {
        "POST": add_contact_to_group, "DELETE": remove_contact_from_group,
    },
    f"{ROOT}/blacklist": {"GET": fetch_blacklist, "POST": add_to_blacklist},
    f"{ROOT}/blacklist/{{phone}}": {"GET": is_blacklisted, "DELETE": delete_from_blacklist},
})  # fmt: skip


def _json(status: int, value: dict[str, Any]) -> Response:
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Response(status=status, body=body, headers={"Content-Type": JSON})
