"""Webhooks in our own API: what a client asks, and what it gets.

Its endpoints are here too, so that no other request loads what webhooks need.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from chalicelib.dialects.bodies import read_object, refuse_changed, refuse_unknown, required
from chalicelib.dialects.messages import Request, Response, json_response
from chalicelib.dialects.v2.parse import (
    parse_id,
    parse_list,
    parse_position,
    read_array,
    read_merge_patch,
    under,
)
from chalicelib.dialects.v2.render import render_list, render_moment
from chalicelib.domain.caller import Caller
from chalicelib.domain.changes import ChangeType
from chalicelib.domain.deliveries import Attempt
from chalicelib.domain.errors import (
    ErrorCode,
    InvalidDataError,
    Problem,
    ProblemCollector,
)
from chalicelib.domain.ids import uuid_of
from chalicelib.domain.limits import MAX_URL_CHARACTERS
from chalicelib.domain.moments import read_moment
from chalicelib.domain.text import checked_text
from chalicelib.domain.webhooks import Webhook
from chalicelib.services import webhooks
from chalicelib.services.changes import refuse_if_off
from chalicelib.services.webhooks import WebhookChanges

URL: Final = "url"
TYPES: Final = "types"
IS_ON: Final = "isOn"
SINCE: Final = "since"

_FIELDS: Final = frozenset({URL, TYPES, IS_ON})
_READ_ONLY: Final = frozenset({"id", "offBecause", "failingSince", "createdOn"})


class Sent(NamedTuple):
    """The changes of a webhook, and the read-only fields that were sent with them."""

    changes: WebhookChanges
    read_only: Mapping[str, Any]


def create_webhook(request: Request, caller: Caller) -> Response:
    """Add a webhook, and show its secret this once."""
    refuse_if_off()
    new = _parse_new(request)
    webhook = webhooks.add_webhook(
        caller,
        new.url or "",
        request.received_on,
        types=new.types or (),
        is_on=new.is_on is not False,
    )
    rendered = _render_with_secret(webhook)
    return json_response(201, rendered, {"Location": f"{request.url}/{rendered['id']}"})


def list_webhooks(request: Request, caller: Caller) -> Response:
    """List the webhooks of the account, oldest first."""
    account = caller.account
    page = parse_list(request, account, "v2 webhooks")
    found = webhooks.list_webhooks(account, after=parse_position(page), expected=page.size_to_read)
    entries = ((str(webhook.id), _render(webhook)) for webhook in found)
    return render_list(request, account, page, "webhooks", entries)


def get_webhook(request: Request, caller: Caller) -> Response:
    """Retrieve a webhook, without its secret."""
    return json_response(
        200, _render(webhooks.retrieve_webhook(caller.account, _parse_id(request)))
    )


def update_webhook(request: Request, caller: Caller) -> Response:
    """Change a webhook (RFC 7396), or turn it on again."""
    webhook_id = _parse_id(request)
    sent = _parse_patch(request)

    def check(webhook: Webhook) -> None:
        with under(""):
            refuse_changed(sent.read_only, _render(webhook))

    webhook = webhooks.change_webhook(
        caller, webhook_id, sent.changes, request.received_on, check_before=check
    )
    return json_response(200, _render(webhook))


def delete_webhook(request: Request, caller: Caller) -> Response:
    """Remove a webhook and its deliveries."""
    webhooks.remove_webhook(caller, _parse_id(request), request.received_on)
    return Response(status=204)


def rotate_webhook_secret(request: Request, caller: Caller) -> Response:
    """Give a webhook a new secret, and show it this once."""
    webhook = webhooks.rotate_secret(caller, _parse_id(request), request.received_on)
    return json_response(200, _render_with_secret(webhook))


def test_webhook(request: Request, caller: Caller) -> Response:
    """Send a message to a webhook at once, and answer what came of it."""
    from chalicelib.services.delivering import Sender  # noqa: PLC0415 - no other operation sends

    answer = Sender().test(caller, _parse_id(request), request.received_on)
    return json_response(
        200,
        {
            "delivered": answer.problem is None,
            "status": answer.status,
            "problem": answer.problem,
            "seconds": round(answer.seconds, 3),
            "answer": answer.text,
        },
    )


def replay_webhook(request: Request, caller: Caller) -> Response:
    """Tell a webhook again of what happened since a moment."""
    from chalicelib.services.replaying import replay_since  # noqa: PLC0415 - as above

    webhook_id = _parse_id(request)
    since = _parse_since(request)
    replayed = replay_since(caller.account, webhook_id, since, request.received_on)
    go_on = replayed.go_on_since
    return json_response(
        200, {"changes": replayed.changes, "goOnSince": go_on and render_moment(go_on)}
    )


def list_webhook_deliveries(request: Request, caller: Caller) -> Response:
    """List the last attempts to send messages to a webhook, newest first."""
    account = caller.account
    webhook_id = _parse_id(request)
    page = parse_list(request, account, "v2 deliveries", str(webhook_id))
    found = webhooks.list_deliveries(
        account, webhook_id, before=parse_position(page), expected=page.size_to_read
    )
    entries = ((str(attempt.position), _render_attempt(attempt)) for attempt in found)
    return render_list(request, account, page, "deliveries", entries)


def _render(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": uuid_of(webhook.id),
        URL: webhook.url,
        TYPES: sorted(webhook.types),
        IS_ON: webhook.is_on,
        "offBecause": webhook.off_because,
        "failingSince": webhook.failing_since and render_moment(webhook.failing_since),
        "createdOn": render_moment(webhook.created_on),
    }


def _render_with_secret(webhook: Webhook) -> dict[str, Any]:
    return {**_render(webhook), "secret": webhook.secrets[0].text}


def _render_attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "at": render_moment(attempt.at),
        "messageId": attempt.message_id,
        "type": attempt.type,
        "attempt": attempt.number,
        "outcome": attempt.outcome.name.lower(),
        "status": attempt.status,
        "problem": attempt.problem,
        "seconds": attempt.seconds,
        "againAt": attempt.again_at and render_moment(attempt.again_at),
    }


def _parse_id(request: Request) -> int:
    return parse_id(request, "webhook", ErrorCode.WEBHOOK_NOT_FOUND)


def _parse_since(request: Request) -> datetime:
    """Read since when changes are to be told again.

    Raises:
        InvalidDataError: It is missing or no moment, or something else is said.

    """
    with under(""):
        body = read_object(request)
        problems = ProblemCollector()
        with problems:
            moment = read_moment(required(body, SINCE), SINCE)
        with problems:
            refuse_unknown(body, known={SINCE})
        problems.raise_if_any()
    return moment


def _parse_new(request: Request) -> WebhookChanges:
    """Read a webhook to add.

    Raises:
        InvalidDataError: For every field that is missing, unknown or not acceptable.

    """
    with under(""):
        body = read_object(request)
        problems = ProblemCollector()
        with problems:
            required(body, URL)
        # What a new webhook does not say is as it is by default, and null too.
        said = {name: value for name, value in body.items() if name == URL or value is not None}
        changes = _read_fields(said, problems)
        with problems:
            refuse_unknown(body, known=_FIELDS)
        problems.raise_if_any()
    return changes


def _parse_patch(request: Request) -> Sent:
    """Read the changes of a webhook. A client may send back a whole one.

    Raises:
        InvalidDataError: For every field that is unknown or not acceptable.

    """
    with under(""):
        body = read_merge_patch(request)
        problems = ProblemCollector()
        changes = _read_fields(body, problems)
        with problems:
            refuse_unknown(body, known=_FIELDS | _READ_ONLY)
        problems.raise_if_any()
    return Sent(changes, {field: body[field] for field in _READ_ONLY & body.keys()})


def _read_fields(body: Mapping[str, Any], problems: ProblemCollector) -> WebhookChanges:
    url = types = is_on = None
    with problems:
        if URL in body:
            url = checked_text(URL, body[URL], longest=MAX_URL_CHARACTERS)
            webhooks.check(WebhookChanges(url=url))
    with problems:
        if TYPES in body:
            types = _read_types(body)
    with problems:
        if IS_ON in body:
            is_on = _read_boolean(body[IS_ON])
    return WebhookChanges(url, types, is_on)


def _read_types(body: Mapping[str, Any]) -> frozenset[str]:
    if body[TYPES] is None:
        return frozenset()
    names = read_array(body, TYPES, most=len(ChangeType))
    known = {each.value for each in ChangeType}
    wrong = [
        Problem(f"/{TYPES}/{place}", f"must be one of {', '.join(ChangeType)}")
        for place, name in enumerate(names)
        if not isinstance(name, str) or name not in known
    ]
    if wrong:
        raise InvalidDataError(wrong)
    return frozenset(names)


def _read_boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidDataError.of(IS_ON, "must be true or false")
    return value
