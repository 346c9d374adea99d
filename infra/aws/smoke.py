"""The test of a deployed phonebook from outside, in an account that is deleted afterwards."""

import base64
import json
import time
import urllib.error
import urllib.request
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

from chalicelib.domain.account import Account
from chalicelib.domain.caller import Caller, Stamp
from chalicelib.domain.errors import NotFoundError
from chalicelib.domain.phone import PhoneNumber
from chalicelib.entrypoints.public import HEALTH_PATH
from chalicelib.services import accounts, contacts
from chalicelib.storage.dynamodb.connection import connect

NUMBER: Final = "+37251000000"
CONTACTS: Final = "/v1/phonebook/contacts"

_VIA: Final = "make.deploy"
"""What the test's own writes name as their source."""

SECONDS_TO_ANSWER: Final = 60.0
"""How long a new API may take until it answers."""

SECONDS_OF_A_CALL: Final = 30.0


class SmokeError(Exception):
    """The deployed phonebook failed the test; the message says how."""


def smoke_test(url: str, table: str) -> None:
    """Ask the API at *url* whether it is up, and create, read and delete a contact through it.

    Raises:
        SmokeError: One of these steps failed.

    """
    connect(table)
    now = datetime.now(UTC)
    account = accounts.open_account("Smoke test", "EE", 1, Stamp.operator(now, via=_VIA))
    try:
        credential, secret = accounts.issue_credential(account.id, Stamp.operator(now, via=_VIA))
        pair = base64.b64encode(f"{credential.username}:{secret}".encode()).decode()
        _try_api(url, f"Basic {pair}")
    finally:
        _throw_away(account)


def _throw_away(account: Account) -> None:
    """Delete all data of the test; nobody else has the credential of its account."""
    now = datetime.now(UTC)
    caller = Caller.operator(account, via=_VIA)
    with suppress(NotFoundError):
        contacts.delete_contact(caller, PhoneNumber(NUMBER), now)
    for credential in accounts.list_credentials(account.id):
        accounts.revoke_credential(credential.username, Stamp.operator(now, via=_VIA))
    accounts.close_account(account.id, now, nobody_calls=True)


def _try_api(url: str, authorization: str) -> None:
    _await_answer(url)
    one = f"{CONTACTS}/{NUMBER}"
    for method, path, body, expected in (
        ("GET", HEALTH_PATH, None, HTTPStatus.OK),
        ("POST", CONTACTS, {"phoneNumber": NUMBER}, HTTPStatus.CREATED),
        ("GET", one, None, HTTPStatus.OK),
        ("DELETE", one, None, HTTPStatus.NO_CONTENT),
        ("GET", one, None, HTTPStatus.NOT_FOUND),
    ):
        credential = "" if path == HEALTH_PATH else authorization
        status, answer = _send(method, url + path, credential, body)
        if status != expected:
            raise SmokeError(f"{method} {path} answered {status}, and not {expected}: {answer}")


def _await_answer(url: str) -> None:
    """Wait until our own code answers: with 401, since the request has no credential."""
    deadline = time.monotonic() + SECONDS_TO_ANSWER
    while (status := _send("GET", url + CONTACTS, "", None)[0]) != HTTPStatus.UNAUTHORIZED:
        if time.monotonic() > deadline:
            raise SmokeError(f"{url} does not answer as it should: {status or 'not at all'}")
        time.sleep(1)


def _send(
    method: str, url: str, authorization: str, body: dict[str, str] | None
) -> tuple[int, str]:
    request = urllib.request.Request(  # noqa: S310 - the URL that the stack gave out
        url,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": authorization, "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=SECONDS_OF_A_CALL) as response:  # noqa: S310
            return int(response.status), response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)
