"""The five operations of Devino's address book."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from chalicelib.dialects.devino.fields import definitions_of
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
from chalicelib.domain.group import Group
from chalicelib.domain.rows import Mode, Row
from chalicelib.services import emails, groups, selecting, uploading

ROOT: Final = "/address-book-api"
BATCH: Final = f"{ROOT}/contacts/batch"

ROOTS: Final = (ROOT, "/contact-groups", "/contacts-groups")
"""The last two: the vendor's sample of a deletion calls a path without the usual prefix."""


def create_list(request: Request, caller: Caller) -> Response:
    """Create a contact list."""
    new = parse_new_list(request)
    group = groups.create_group(
        caller, new.name, request.received_on, kind=new.kind, extra=new.extra
    )
    return json_response(200, {"result": str(group.id)})


def upload_contacts(request: Request, caller: Caller) -> Response:
    """Put contacts into a list; each has its own outcome."""
    with no_collecting():
        return _upload_contacts(request, caller)


def get_lists(request: Request, caller: Caller) -> Response:
    """List the contact lists, oldest first."""
    query = parse_lists_query(request)
    found = selecting.select_groups(caller.account, query.filter, query.slice)
    return _render_result(render_list(caller.account, group, query.zone_offset) for group in found)


def get_contacts(request: Request, caller: Caller) -> Response:
    """List the contacts of a list."""
    account = caller.account
    query = parse_contacts_query(request, account)
    group = groups.retrieve_group(account, query.group_id)
    check_field_names(query, definitions_of(group))
    found = selecting.select_members(account, group, query.filter, query.order, query.slice)
    return _render_result(
        render_contact(account, group, contact, unsubscribed_on, query.zone_offset)
        for contact, unsubscribed_on in found
    )


def delete_lists(request: Request, caller: Caller) -> Response:
    """Delete contact lists, but not their contacts; each list has its own outcome."""
    parameter, list_ids = parse_deleted_ids(request)
    refusals = groups.delete_groups(caller, list_ids.values(), request.received_on)
    outcomes = dict(zip(list_ids, refusals, strict=True))
    return json_response(200, render_deletion(parameter, outcomes))


_DELETION: Final = Operation(delete_lists, many=frozenset(DELETED_IDS))
_DELETED_AT: Final[Mapping[str, Operation]] = MappingProxyType({"DELETE": _DELETION})

ENDPOINTS: Final[Mapping[str, Mapping[str, Operation]]] = MappingProxyType({
    f"{ROOT}/contact-groups": {
        "GET": Operation(get_lists, only_reads=True, one=LISTS_QUERY, many=frozenset({TYPE})),
        "POST": Operation(create_list, reads_body=True),
        "DELETE": _DELETION,
    },
    # The heading of the vendor's section on deletion has this path. Its sample has the one before
    # the last, and its other operations have the first.
    f"{ROOT}/contacts-groups": _DELETED_AT,
    "/contact-groups": _DELETED_AT,
    "/contacts-groups": _DELETED_AT,
    BATCH: {"POST": Operation(upload_contacts, one=frozenset({ZONE_OFFSET}), reads_body=True)},
    f"{ROOT}/contacts/http/range": {
        "GET": Operation(get_contacts, only_reads=True, one=CONTACTS_QUERY),
    },
})  # fmt: skip


def _upload_contacts(request: Request, caller: Caller) -> Response:
    account = caller.account
    upload = parse_upload(request)
    group = groups.retrieve_group(account, upload.group_id)
    rows = _read_rows(upload, group, account)
    if upload.check is DuplicateCheck.EMAIL:
        rows = emails.refuse_known_emails(account, group, rows)
    outcomes = uploading.upload_contacts(
        caller,
        rows,
        request.received_on,
        group_id=group.id,
        mode=Mode.REFUSE_MEMBERS if upload.check is DuplicateCheck.PHONE else Mode.TOUCH,
    )
    return _render_result(render_row(group, outcome) for outcome in outcomes)


def _read_rows(upload: Upload, group: Group, account: Account) -> list[Row]:
    """Return each row of an upload as a contact, or the reason why it is not one."""
    definitions = definitions_of(group)
    return list(
        uploading.read_rows(
            upload.rows,
            lambda row: read_row(row, definitions, account, zone_offset=upload.zone_offset),
        )
    )


def _render_result(values: Iterable[Any]) -> Response:
    body = f'{{"result":[{",".join(texts_of(values))}]}}'
    return Response(status=200, body=body, headers={"Content-Type": JSON})
