"""The five operations of Devino's address book."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from types import MappingProxyType
from typing import Any, Final

from chalicelib.dialects.devino.errors import EmailExistsError
from chalicelib.dialects.devino.fields import DETAILS, definitions_of
from chalicelib.dialects.devino.parse import (
    DELETED_IDS,
    DuplicateCheck,
    Upload,
    parse_deleted_ids,
    parse_new_list,
    parse_upload,
)
from chalicelib.dialects.devino.queries import (
    CONTACTS_QUERY,
    LISTS_QUERY,
    TYPE,
    ContactsQuery,
    check_field_names,
    parse_contacts_query,
    parse_lists_query,
)
from chalicelib.dialects.devino.render import (
    render_contact,
    render_deletion,
    render_list,
    render_row,
)
from chalicelib.dialects.devino.rows import read_row
from chalicelib.dialects.devino.values import ZONE_OFFSET
from chalicelib.dialects.messages import JSON, Request, Response, json_response
from chalicelib.dialects.operations import Operation
from chalicelib.dialects.pages import texts_of
from chalicelib.domain.account import Account
from chalicelib.domain.caller import Caller
from chalicelib.domain.collecting import no_collecting
from chalicelib.domain.contact import Contact, ContactData
from chalicelib.domain.errors import ErrorCode, NotFoundError, PhonebookError
from chalicelib.domain.group import Group
from chalicelib.domain.ids import id_of_decimal
from chalicelib.domain.limits import PAGE_ITEMS
from chalicelib.domain.text import composed
from chalicelib.services import blacklist, contacts, groups, paging, uploading

ROOT: Final = "/address-book-api"
BATCH: Final = f"{ROOT}/contacts/batch"

ROOTS: Final = (ROOT, "/contact-groups", "/contacts-groups")
"""The vendor's sample of a deletion calls a path without the prefix of all others."""


def create_list(request: Request, caller: Caller) -> Response:
    """Create a contact list."""
    new = parse_new_list(request)
    group = groups.create_group(
        caller, new.name, request.received_on, kind=new.kind, extra=new.extra
    )
    return json_response(200, {"result": str(group.id)})


def upload_contacts(request: Request, caller: Caller) -> Response:
    """Put contacts into a list, each with an outcome of its own."""
    with no_collecting():
        return _upload_contacts(request, caller)


def get_lists(request: Request, caller: Caller) -> Response:
    """List the contact lists, oldest first."""
    query = parse_lists_query(request)
    found = (
        group
        for group in groups.list_groups(caller.account)
        if query.filter.takes(group, query.zone_offset)
    )
    return _render_result(
        render_list(caller.account, group, query.zone_offset) for group in query.slice.of(found)
    )


def get_contacts(request: Request, caller: Caller) -> Response:
    """List the contacts of a list."""
    account = caller.account
    query = parse_contacts_query(request, account)
    group = groups.retrieve_group(account, query.group_id)
    check_field_names(query, definitions_of(group))
    found = _with_subscriptions(account, _find_contacts(account, query))
    return _render_result(
        render_contact(account, group, contact, unsubscribed_on, query.zone_offset)
        for contact, unsubscribed_on in found
    )


def delete_lists(request: Request, caller: Caller) -> Response:
    """Delete contact lists, each with an outcome of its own; their contacts stay."""
    parameter, list_ids = parse_deleted_ids(request)
    outcomes = {list_id: _delete_list(caller, list_id, request.received_on) for list_id in list_ids}
    return json_response(200, render_deletion(parameter, outcomes))


_DELETION: Final = Operation(delete_lists, many=frozenset(DELETED_IDS))
_DELETED_AT: Final[Mapping[str, Operation]] = MappingProxyType({"DELETE": _DELETION})

ENDPOINTS: Final[Mapping[str, Mapping[str, Operation]]] = MappingProxyType({
    f"{ROOT}/contact-groups": {
        "GET": Operation(get_lists, one=LISTS_QUERY, many=frozenset({TYPE})),
        "POST": Operation(create_list, reads_body=True),
        "DELETE": _DELETION,
    },
    # The vendor's heading of the deletion has this path, its sample the last but one, and its
    # other operations the first.
    f"{ROOT}/contacts-groups": _DELETED_AT,
    "/contact-groups": _DELETED_AT,
    "/contacts-groups": _DELETED_AT,
    BATCH: {"POST": Operation(upload_contacts, one=frozenset({ZONE_OFFSET}), reads_body=True)},
    f"{ROOT}/contacts/http/range": {"GET": Operation(get_contacts, one=CONTACTS_QUERY)},
})  # fmt: skip


def _upload_contacts(request: Request, caller: Caller) -> Response:
    account = caller.account
    upload = parse_upload(request)
    group = groups.retrieve_group(account, upload.group_id)
    rows = _read_rows(upload, group, account)
    if upload.check is DuplicateCheck.EMAIL:
        rows = _refuse_known_emails(account, group, rows)
    written = iter(
        uploading.upload_contacts(
            caller,
            group.id,
            [row for row in rows if isinstance(row, ContactData)],
            request.received_on,
            refuse_members=upload.check is DuplicateCheck.PHONE,
        )
    )
    outcomes = (next(written) if isinstance(row, ContactData) else row for row in rows)
    return _render_result(render_row(group, outcome) for outcome in outcomes)


def _read_rows(
    upload: Upload, group: Group, account: Account
) -> list[ContactData | PhonebookError]:
    """Return each row of an upload as a contact, or why it is none."""
    definitions = definitions_of(group)
    return uploading.read_rows(
        upload.rows,
        lambda row: read_row(row, definitions, account, zone_offset=upload.zone_offset),
    )


def _refuse_known_emails(
    account: Account, group: Group, rows: Sequence[ContactData | PhonebookError]
) -> list[ContactData | PhonebookError]:
    """Refuse the rows whose email a contact of the list has, or an earlier row.

    Emails are no keys, so all contacts of the list are read, and two uploads at the same time
    may each bring the same email.
    """
    members = contacts.list_contacts_of_groups(account, [group.id])
    known = {_email_of(contact) for contact in members} - {None}
    checked: list[ContactData | PhonebookError] = []
    for row in rows:
        email = _email_of(row) if isinstance(row, ContactData) else None
        checked.append(EmailExistsError() if email in known else row)
        known |= {email} - {None}
    return checked


def _email_of(contact: Contact | ContactData) -> str | None:
    email = contact.details.get(DETAILS["email"])
    return composed(email).casefold() if email else None


def _find_contacts(account: Account, query: ContactsQuery) -> Iterable[Contact]:
    """Return the contacts that are asked for.

    Only in the order of numbers and without a filter can those before be skipped; for anything
    else the whole list is read.
    """
    wanted = query.slice
    if query.filter.takes_all and query.order.is_by_number and wanted.limit is not None:
        page = paging.page_of_group(
            account, query.group_id, offset=wanted.offset, limit=wanted.limit
        )
        return page.contacts
    members = contacts.list_contacts_of_groups(account, [query.group_id])
    found: Iterable[Contact] = filter(query.filter.takes, members)
    subscription = query.filter.subscription
    if subscription is not None:
        found = (
            contact
            for contact, since in _with_subscriptions(account, found)
            if subscription.takes(is_blacklisted=since is not None)
        )
    return wanted.of(query.order.first(found, wanted.end, query.zone_offset))


def _with_subscriptions(
    account: Account, found: Iterable[Contact]
) -> Iterator[tuple[Contact, datetime | None]]:
    """Yield each contact, and since when its number is on the blacklist if it is."""
    rest = iter(found)
    while some := list(islice(rest, PAGE_ITEMS)):
        since = blacklist.blacklisted_since(account, [contact.phone_number for contact in some])
        for contact in some:
            yield contact, since.get(contact.phone_number)


def _delete_list(caller: Caller, list_id: str, now: datetime) -> PhonebookError | None:
    """Delete a list, and return why it was not if it was not."""
    group_id = id_of_decimal(list_id)
    if group_id is None:
        return NotFoundError(ErrorCode.GROUP_NOT_FOUND)
    try:
        groups.delete_group(caller, group_id, now)
    except PhonebookError as error:
        return error
    return None


def _render_result(values: Iterable[Any]) -> Response:
    body = f'{{"result":[{",".join(texts_of(values))}]}}'
    return Response(status=200, body=body, headers={"Content-Type": JSON})
