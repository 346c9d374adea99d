"""Signing in and out."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from math import ceil
from typing import Final

from chalicelib.console.rendering import page
from chalicelib.console.routing import Signing, signed_in, signed_out, with_session
from chalicelib.console.visits import Answer, Fields, Visit, Who, last, redirect
from chalicelib.domain.credential import PresentedCredential
from chalicelib.domain.errors import UnauthorizedError
from chalicelib.services.signing_in import TooManySignInsError, follow_link
from chalicelib.services.signing_in import sign_in as check

_OURS: Final = re.compile(
    r"/(contacts|groups|blacklist|webhooks)(/[A-Za-z0-9+-]+)*|/imports(/[a-f0-9-]+)?"
    "|/(recipients|exports|changes)"
)
"""The pages that somebody may come to after signing in: no other host's, none by its look, and no
file, which would be saved unasked."""


def show(visit: Visit, who: Who, signing: Signing) -> Answer:
    """Show the form, or go on if somebody has signed in already."""
    to = _ours(visit.asked("next"))
    if who.caller is not None:
        return redirect(visit, to)
    return with_session(_form(visit, who, next=to), visit, who, signing)


def sign_in(visit: Visit, who: Who, form: Fields, signing: Signing) -> Answer:
    """Sign in with a credential."""
    username, to = last(form, "username").strip(), _ours(last(form, "next"))
    presented = PresentedCredential(username, last(form, "secret").strip())
    try:
        credential = check(signing.authenticator, presented, visit.source, visit.received_on)
    except UnauthorizedError:
        errors = {"secret": "This is no username with its secret, or it was revoked."}
        return _form(visit, who, HTTPStatus.FORBIDDEN, username=username, next=to, errors=errors)
    except TooManySignInsError as error:
        minutes = ceil((error.again_at - visit.received_on).total_seconds() / 60)
        errors = {"secret": f"Too many sign-ins failed. Try again in {minutes} minutes."}
        answer = _form(
            visit, who, HTTPStatus.TOO_MANY_REQUESTS, username=username, next=to, errors=errors
        )
        return answer._replace(headers={**answer.headers, "Retry-After": str(60 * minutes)})
    return signed_in(visit, credential, signing, to)


def enter(visit: Visit, who: Who, signing: Signing) -> Answer:
    """Sign in by a link that works once."""
    try:
        credential = follow_link(signing.authenticator, visit.asked("by"), visit.received_on)
    except UnauthorizedError:
        errors = {"username": "This link works once, and for an hour. Sign in with the credential."}
        answer = _form(visit, who, HTTPStatus.FORBIDDEN, errors=errors)
        return with_session(answer, visit, who, signing) if who.caller is None else answer
    return signed_in(visit, credential, signing, "")


def sign_out(visit: Visit, who: Who, form: Fields, signing: Signing) -> Answer:  # noqa: ARG001 - as the others
    """Sign out."""
    return signed_out(visit)


def _form(  # noqa: PLR0913 - what a form may have to tell
    visit: Visit,
    who: Who,
    status: int = HTTPStatus.OK,
    *,
    username: str = "",
    next: str = "",  # noqa: A002 - the field's name
    errors: Mapping[str, str] | None = None,
) -> Answer:
    return page(
        visit, who, "sign_in.html", status=status, username=username, next=next, errors=errors or {}
    )


def _ours(path: str) -> str:
    """Return a path of ours to go on to; the overview if it is none."""
    return path if _OURS.fullmatch(path) else ""
