"""Groups, the blacklist and the account as JSON. No key is ever absent; what is not set is null."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from chalicelib.dialects.messages import JSON, Request, Response
from chalicelib.dialects.pages import Page, link_to_next, take_page
from chalicelib.domain.account import Account
from chalicelib.domain.caller import Caller
from chalicelib.domain.group import Group
from chalicelib.domain.ids import uuid_of
from chalicelib.domain.ledger import LedgerEntry, OptOut
from chalicelib.domain.text import json_text
from chalicelib.services.accounts import Holdings

_MOMENT: Final = "%Y-%m-%dT%H:%M:%S.%fZ"


def render_list(
    request: Request, account: Account, page: Page, name: str, entries: Iterable[tuple[str, Any]]
) -> Response:
    """Render a page of *entries*, each a sort key and a JSON value, as the list *name*.

    ``next`` is the cursor of the next page, or null.
    """
    texts, cursor = take_page(account, page, entries)
    headers = {"Content-Type": JSON}
    if cursor is not None:
        headers["Link"] = link_to_next(request, cursor)
    body = f'{{"{name}":[{",".join(texts)}],"next":{json_text(cursor)}}}'
    return Response(200, body, headers)


def render_group(group: Group) -> dict[str, Any]:
    """Render a group."""
    return {
        "id": uuid_of(group.id),
        "name": group.name,
        "kind": group.kind.value,
        "contactsCount": group.contacts_count,
        "createdOn": render_moment(group.created_on),
        "updatedOn": render_moment(group.updated_on),
    }


def render_ledger_entry(account: Account, entry: LedgerEntry) -> dict[str, Any]:
    """Render an entry of the ledger, which is also how the blacklist lists a number.

    ``numberId`` is how changes tell of the number: once it is erased, nobody says whose it was.
    """
    from chalicelib.domain.changes import number_id  # noqa: PLC0415 - few requests need it

    e164 = entry.phone_number.e164
    return {
        "phoneNumber": e164,
        "numberId": number_id(account.cursor_key, e164),
        "state": entry.state.value,
        "reason": entry.reason.value,
        "source": entry.source,
        "actor": entry.actor,
        "note": entry.note,
        "at": render_moment(entry.at),
    }


def render_opt_out(
    request: Request,
    account: Account,
    page: Page,
    opt_out: OptOut,
    entries: Iterable[tuple[str, Any]],
) -> Response:
    """Render the current state of a number, since when it has it, and a page of its ledger."""
    listed = render_list(request, account, page, "entries", entries)
    state = {**render_ledger_entry(account, opt_out.entry), "since": render_moment(opt_out.since)}
    return listed._replace(body=f"{json_text(state)[:-1]},{listed.body[1:]}")


def render_account(caller: Caller, holdings: Holdings) -> dict[str, Any]:
    """Render the account of the caller, with its counts and the caller's own credential."""
    account = caller.account
    return {
        "id": account.id,
        "name": account.name,
        "defaultRegion": account.default_region,
        "notation": account.notation and account.notation.value,
        "retentionDays": account.retention_days,
        "contactsCount": holdings.contacts,
        "groupsCount": holdings.groups,
        "blacklistCount": holdings.blacklisted,
        "credential": {"username": caller.username, "scope": caller.scope.value},
    }


def render_moment(moment: datetime) -> str:
    """Render a time in UTC."""
    return moment.strftime(_MOMENT)
