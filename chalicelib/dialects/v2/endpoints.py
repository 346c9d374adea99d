"""The operations of our own API; each function has its operationId in ``docs/openapi`` as name."""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

from chalicelib.dialects.bodies import refuse_changed
from chalicelib.dialects.messages import Request, Response, json_response
from chalicelib.dialects.operations import Operation, loaded_later
from chalicelib.dialects.pages import PAGING
from chalicelib.dialects.v2.contacts import (
    SEARCH,
    Sent,
    contact_response,
    parse_contact,
    parse_contact_patch,
    parse_filter,
    parse_groups_of_contact,
    parse_new_contact,
    parse_precondition,
    render_contact,
)
from chalicelib.dialects.v2.parse import (
    DEFAULT_LIMIT,
    parse_contact_key,
    parse_group_id,
    parse_group_update,
    parse_list,
    parse_new_group,
    parse_note,
    parse_phone_number,
    parse_position,
    parse_stop,
    parse_told_number,
    under,
)
from chalicelib.dialects.v2.render import (
    render_account,
    render_group,
    render_ledger_entry,
    render_list,
    render_opt_out,
)
from chalicelib.domain.caller import Caller
from chalicelib.domain.contact import Contact, ContactKey
from chalicelib.domain.cursors import write_cursor
from chalicelib.domain.group import Group
from chalicelib.domain.ids import uuid_of
from chalicelib.domain.ledger import Stopping
from chalicelib.domain.limits import MAX_CAMPAIGN_BYTES, MAX_UPLOAD_BYTES
from chalicelib.domain.rows import Mode
from chalicelib.services import (
    accounts,
    blacklist,
    contacts,
    groups,
    listing,
    members,
    memberships,
    uploading,
    writing,
)
from chalicelib.services.listing import ContactListing
from chalicelib.services.profiles import list_profiles, profile_of

ROOT: Final = "/v2"
CONTACTS_BATCH: Final = f"{ROOT}/contacts/batch"
BLACKLIST_BATCH: Final = f"{ROOT}/blacklist/batch"

REQUEST_BYTES: Final[Mapping[str, int]] = MappingProxyType(
    {
        CONTACTS_BATCH: MAX_UPLOAD_BYTES,
        BLACKLIST_BATCH: MAX_UPLOAD_BYTES,
        f"{ROOT}/recipients": MAX_CAMPAIGN_BYTES,
    }
)
"""The largest body of each path that takes more than others."""

_of_changes = partial(loaded_later, "chalicelib.dialects.v2.changes")
_of_jobs = partial(loaded_later, "chalicelib.dialects.v2.jobs")
_of_webhooks = partial(loaded_later, "chalicelib.dialects.v2.webhooks")

_NO_CONTENT: Final = Response(status=204)


def get_account(_request: Request, caller: Caller) -> Response:
    """Retrieve the account of the credential, what it holds, and what the credential may do."""
    holdings = accounts.count_holdings(caller.account.id)
    return json_response(200, render_account(caller, holdings))


def list_contacts(request: Request, caller: Caller) -> Response:
    """List contacts in the order of numbers: all, of groups, by the blacklist or by a search."""
    account = caller.account
    group_ids, is_blacklisted, search = parse_filter(request)
    text = request.last_in_query(SEARCH) or ""
    list_key = ["v2 contacts", str(is_blacklisted), *map(str, sorted(group_ids)), text]
    page = parse_list(request, account, *list_key)
    found = listing.list_contacts(
        account,
        ContactListing(frozenset(group_ids) or None, is_blacklisted, search),
        after=page.after,
        expected=page.size_to_read,
    )
    entries = (
        (profile.contact.phone_number.e164, render_contact(profile))
        for profile in list_profiles(
            account, found, most=page.size_to_read, are_blacklisted=is_blacklisted
        )
    )
    return render_list(request, account, page, "contacts", entries)


def create_contact(request: Request, caller: Caller) -> Response:
    """Create a contact, in the given groups."""
    phone_number, sent = parse_new_contact(request, caller.account)
    contact = writing.create_contact(caller, phone_number, sent.write, request.received_on)
    location = {"Location": f"{request.url}/{uuid_of(contact.id)}"}
    return contact_response(201, profile_of(caller.account, contact), location)


def upsert_contacts(request: Request, caller: Caller) -> Response:
    """Create or change up to 1,000 contacts; each row has its own outcome."""
    from chalicelib.dialects.v2 import batches  # noqa: PLC0415 - few processes need it

    rows = batches.parse_contact_rows(request, caller.account)
    outcomes = uploading.upload_contacts(caller, rows, request.received_on, mode=Mode.UPSERT)
    return json_response(200, {"outcomes": batches.render_outcomes(batches.CONTACTS, outcomes)})


def get_contact(request: Request, caller: Caller) -> Response:
    """Retrieve a contact by its id or its number."""
    key = parse_contact_key(request, caller.account)
    contact = contacts.retrieve_contact(caller.account, key)
    return contact_response(200, profile_of(caller.account, contact))


def put_contact(request: Request, caller: Caller) -> Response:
    """Replace a contact, or create the one of a number."""
    account = caller.account
    key = parse_contact_key(request, account)
    sent = parse_contact(request, account, key)
    return _write(request, caller, key, sent)


def update_contact(request: Request, caller: Caller) -> Response:
    """Change some fields of a contact (RFC 7396)."""
    key = parse_contact_key(request, caller.account)
    return _write(request, caller, key, parse_contact_patch(request, caller.account))


def delete_contact(request: Request, caller: Caller) -> Response:
    """Delete a contact. If its number is on the blacklist, it stays there."""
    contacts.delete_contact(
        caller,
        parse_contact_key(request, caller.account),
        request.received_on,
        precondition=parse_precondition(request),
    )
    return _NO_CONTENT


def set_groups_of_contact(request: Request, caller: Caller) -> Response:
    """Put a contact into exactly the given groups."""
    key = parse_contact_key(request, caller.account)
    write = parse_groups_of_contact(request)
    contact, _ = writing.write_contact(caller, key, write, request.received_on)
    return contact_response(200, profile_of(caller.account, contact))


def erase_contact(request: Request, caller: Caller) -> Response:
    """Erase a person: the contact, and the opt-out and the ledger of its number."""
    from chalicelib.dialects.v2 import erasure  # noqa: PLC0415 - few processes need it
    from chalicelib.services.erasing import erase  # noqa: PLC0415 - as above

    key = parse_contact_key(request, caller.account)
    keeps_opt_out = erasure.parse_erasure(request)
    is_suppressed = erase(caller, key, request.received_on, keeps_opt_out=keeps_opt_out)
    return json_response(200, {"suppressed": is_suppressed})


def get_everything(request: Request, caller: Caller) -> Response:
    """Retrieve all that is kept about a person, for a request of access."""
    from chalicelib.dialects.v2 import erasure  # noqa: PLC0415 - few processes need it
    from chalicelib.services.erasing import retrieve_everything  # noqa: PLC0415 - as above

    key = parse_contact_key(request, caller.account)
    everything = retrieve_everything(caller.account, key)
    return json_response(200, erasure.render_everything(caller.account, everything))


def list_members(request: Request, caller: Caller) -> Response:
    """List the contacts of a group, in the order of numbers."""
    account = caller.account
    group_id = parse_group_id(request)
    page = parse_list(request, account, "v2 members", str(group_id))
    group = groups.retrieve_group(account, group_id)
    found = members.list_members(account, [group.id], after=page.after, expected=page.size_to_read)
    entries = (
        (profile.contact.phone_number.e164, render_contact(profile))
        for profile in list_profiles(account, found, most=page.size_to_read)
    )
    return render_list(request, account, page, "contacts", entries)


def change_members(request: Request, caller: Caller) -> Response:
    """Put contacts into a group and take others out of it; each has its own outcome."""
    from chalicelib.dialects.v2 import batches  # noqa: PLC0415 - few processes need it

    group_id = parse_group_id(request)
    rows = batches.parse_member_rows(request, caller.account)
    joined, left = memberships.change_members(
        caller, group_id, add=rows.add, remove=rows.remove, now=request.received_on
    )
    added = batches.render_outcomes(batches.ADD, joined)
    removed = batches.render_outcomes(batches.REMOVE, left)
    return json_response(200, {"added": added, "removed": removed})


def list_groups(request: Request, caller: Caller) -> Response:
    """List all groups, oldest first."""
    page = parse_list(request, caller.account, "v2 groups")
    found = groups.list_groups(caller.account, after=page.after)
    entries = ((group.list_key, render_group(group)) for group in found)
    return render_list(request, caller.account, page, "groups", entries)


def create_group(request: Request, caller: Caller) -> Response:
    """Create a group. Repetitions with one Idempotency-Key create one group."""
    new = parse_new_group(request)
    if new.idempotency_key is None:
        group = groups.create_group(caller, new.name, request.received_on, kind=new.kind)
    else:
        group = groups.create_group_once(
            caller,
            new.name,
            request.received_on,
            kind=new.kind,
            idempotency_key=new.idempotency_key,
        )
    rendered = render_group(group)
    return json_response(201, rendered, {"Location": f"{request.url}/{rendered['id']}"})


def get_group(request: Request, caller: Caller) -> Response:
    """Retrieve a group."""
    return json_response(
        200,
        render_group(groups.retrieve_group(caller.account, parse_group_id(request))),
    )


def update_group(request: Request, caller: Caller) -> Response:
    """Rename a group."""
    group_id = parse_group_id(request)
    update = parse_group_update(request)

    def check(group: Group) -> None:
        with under(""):
            refuse_changed(update.read_only, render_group(group))

    if update.name is None:
        group = groups.retrieve_group(caller.account, group_id)
        check(group)
    else:
        group = groups.rename_group(
            caller,
            group_id,
            update.name,
            request.received_on,
            check=check if update.read_only else None,
        )
    return json_response(200, render_group(group))


def delete_group(request: Request, caller: Caller) -> Response:
    """Delete a group, but not its contacts."""
    groups.delete_group(caller, parse_group_id(request), request.received_on)
    return _NO_CONTENT


def list_recipients(request: Request, caller: Caller) -> Response:
    """List who may be messaged now, of groups and given numbers, and who is left out and why."""
    from chalicelib.dialects.v2 import recipients  # noqa: PLC0415 - few processes need it
    from chalicelib.services.recipients import page_of_recipients  # noqa: PLC0415 - as above

    account = caller.account
    asked = recipients.parse_recipients(request, account)
    page = page_of_recipients(
        account, asked.campaign, after=asked.page.after, limit=asked.page.limit or DEFAULT_LIMIT
    )
    cursor = None
    if page.last is not None:
        cursor = write_cursor(account.cursor_key, asked.page.list_key, page.last)
    return json_response(200, recipients.render_recipients(asked, page, cursor))


def list_blacklist(request: Request, caller: Caller) -> Response:
    """List all blacklisted numbers in their order, each with its newest ledger entry."""
    page = parse_list(request, caller.account, "v2 blacklist")
    found = blacklist.list_blacklist(caller.account, after=page.after, expected=page.size_to_read)
    entries = (
        (entry.phone_number.e164, render_ledger_entry(caller.account, entry)) for entry in found
    )
    return render_list(request, caller.account, page, "entries", entries)


def get_opt_out(request: Request, caller: Caller) -> Response:
    """Retrieve whether a number is stopped, and its ledger, newest entry first."""
    account = caller.account
    phone_number = parse_told_number(request, account)
    page = parse_list(request, account, "v2 ledger", phone_number.e164)
    opt_out = blacklist.retrieve_opt_out(account, phone_number)
    found = blacklist.list_ledger(
        account, phone_number, before=parse_position(page), expected=page.size_to_read
    )
    entries = ((str(position), render_ledger_entry(account, entry)) for position, entry in found)
    return render_opt_out(request, account, page, opt_out, entries)


def stop_number(request: Request, caller: Caller) -> Response:
    """Put a number on the blacklist; 201 if it was not there, 200 if it was."""
    phone_number = parse_phone_number(request, caller.account)
    reason, note = parse_stop(request)
    stopping = blacklist.stop_number(
        caller, phone_number, request.received_on, reason=reason, note=note
    )
    opt_out = blacklist.retrieve_opt_out(caller.account, phone_number)
    return json_response(
        201 if stopping is Stopping.NEW else 200, render_ledger_entry(caller.account, opt_out.entry)
    )


def stop_numbers(request: Request, caller: Caller) -> Response:
    """Put up to 1,000 numbers on the blacklist; each row has its own outcome."""
    from chalicelib.dialects.v2 import batches  # noqa: PLC0415 - few processes need it

    rows = batches.parse_stop_rows(request, caller.account)
    outcomes = blacklist.stop_numbers(caller, rows, request.received_on)
    return json_response(200, {"outcomes": batches.render_outcomes(batches.ENTRIES, outcomes)})


def allow_number(request: Request, caller: Caller) -> Response:
    """Take a number off the blacklist."""
    phone_number = parse_phone_number(request, caller.account)
    note = parse_note(request)
    blacklist.allow_number(caller, phone_number, request.received_on, note=note)
    return _NO_CONTENT


def _write(request: Request, caller: Caller, key: ContactKey, sent: Sent) -> Response:
    """Write a contact and answer it: 201 if it was created, 200 if it was changed."""

    def check(contact: Contact | None) -> None:
        numbers = [contact.phone_number] if contact and sent.names_blacklist else []
        stopped = blacklist.blacklisted_since(caller.account, numbers)
        sent.check(contact, is_blacklisted=bool(stopped))

    contact, is_created = writing.write_contact(
        caller, key, sent.write, request.received_on, check=check
    )
    profile = profile_of(caller.account, contact)
    return contact_response(201 if is_created else 200, profile)


ENDPOINTS: Final[Mapping[str, Mapping[str, Operation]]] = MappingProxyType({
    f"{ROOT}/account": {"GET": Operation(get_account, only_reads=True)},
    f"{ROOT}/contacts": {
        "GET": Operation(
            list_contacts,
            only_reads=True,
            one=PAGING | {"blacklisted", SEARCH},
            many=frozenset({"group"}),
        ),
        "POST": Operation(create_contact, reads_body=True),
    },
    CONTACTS_BATCH: {"POST": Operation(upsert_contacts, reads_body=True)},
    f"{ROOT}/contacts/{{contact}}": {
        "GET": Operation(get_contact, only_reads=True),
        "PUT": Operation(put_contact, reads_body=True),
        "PATCH": Operation(update_contact, reads_body=True),
        "DELETE": Operation(delete_contact),
    },
    f"{ROOT}/contacts/{{contact}}/groups": {
        "PUT": Operation(set_groups_of_contact, reads_body=True),
    },
    f"{ROOT}/contacts/{{contact}}/erase": {"POST": Operation(erase_contact, reads_body=True)},
    f"{ROOT}/contacts/{{contact}}/everything": {
        "GET": Operation(get_everything, only_reads=True),
    },
    f"{ROOT}/groups": {
        "GET": Operation(list_groups, only_reads=True, one=PAGING),
        "POST": Operation(create_group, reads_body=True),
    },
    f"{ROOT}/groups/{{group}}": {
        "GET": Operation(get_group, only_reads=True),
        "PATCH": Operation(update_group, reads_body=True),
        "DELETE": Operation(delete_group),
    },
    f"{ROOT}/groups/{{group}}/members": {
        "GET": Operation(list_members, only_reads=True, one=PAGING),
        "PATCH": Operation(change_members, reads_body=True),
    },
    f"{ROOT}/recipients": {
        "POST": Operation(list_recipients, only_reads=True, reads_body=True),
    },
    f"{ROOT}/blacklist": {"GET": Operation(list_blacklist, only_reads=True, one=PAGING)},
    BLACKLIST_BATCH: {"POST": Operation(stop_numbers, reads_body=True)},
    f"{ROOT}/blacklist/{{phone}}": {
        "GET": Operation(get_opt_out, only_reads=True, one=PAGING),
        "PUT": Operation(stop_number, reads_body=True),
        "DELETE": Operation(allow_number, one=frozenset({"note"})),
    },
    f"{ROOT}/changes": {
        "GET": Operation(
            _of_changes("list_changes"), only_reads=True, one=frozenset({"after", "limit"})
        ),
    },
    f"{ROOT}/imports": {
        "GET": Operation(_of_jobs("list_imports"), only_reads=True, one=PAGING),
        "POST": Operation(_of_jobs("start_import"), reads_body=True),
    },
    f"{ROOT}/imports/{{import}}": {
        "GET": Operation(_of_jobs("get_import"), only_reads=True),
        "DELETE": Operation(_of_jobs("cancel_import")),
    },
    f"{ROOT}/exports": {
        "GET": Operation(_of_jobs("list_exports"), only_reads=True, one=PAGING),
        "POST": Operation(_of_jobs("start_export"), only_reads=True, reads_body=True),
    },
    f"{ROOT}/exports/{{export}}": {
        "GET": Operation(_of_jobs("get_export"), only_reads=True),
        "DELETE": Operation(_of_jobs("cancel_export")),
    },
    f"{ROOT}/webhooks": {
        "GET": Operation(_of_webhooks("list_webhooks"), only_reads=True, one=PAGING),
        "POST": Operation(_of_webhooks("create_webhook"), reads_body=True),
    },
    f"{ROOT}/webhooks/{{webhook}}": {
        "GET": Operation(_of_webhooks("get_webhook"), only_reads=True),
        "PATCH": Operation(_of_webhooks("update_webhook"), reads_body=True),
        "DELETE": Operation(_of_webhooks("delete_webhook")),
    },
    f"{ROOT}/webhooks/{{webhook}}/rotate": {
        "POST": Operation(_of_webhooks("rotate_webhook_secret")),
    },
    f"{ROOT}/webhooks/{{webhook}}/test": {"POST": Operation(_of_webhooks("test_webhook"))},
    f"{ROOT}/webhooks/{{webhook}}/replay": {
        "POST": Operation(_of_webhooks("replay_webhook"), reads_body=True),
    },
    f"{ROOT}/webhooks/{{webhook}}/deliveries": {
        "GET": Operation(_of_webhooks("list_webhook_deliveries"), only_reads=True, one=PAGING),
    },
})  # fmt: skip
"""The operations by path and method."""
