"""Signing in to the console with a credential, or by a link that works once."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

from chalicelib.domain.caller import Stamp
from chalicelib.domain.credential import Credential, PresentedCredential
from chalicelib.domain.errors import UnauthorizedError
from chalicelib.domain.sessions import hashed
from chalicelib.services.authentication import Authenticator
from chalicelib.storage import sign_ins

MAX_ATTEMPTS: Final = 10
"""Sign-ins of one username, or from one address, that may fail within :data:`SPAN`."""

SPAN: Final = timedelta(minutes=15)
"""The clock's quarters of an hour: whoever has to wait waits no longer than this."""

LINK_LASTS: Final = timedelta(hours=1)

_KEPT_AFTER: Final = timedelta(minutes=5)


class TooManySignInsError(Exception):
    """Too many sign-ins failed. ``again_at`` is when the next may be tried."""

    def __init__(self, again_at: datetime) -> None:
        super().__init__()
        self.again_at = again_at


class _Read:
    """The key, once this process has read it."""

    key: bytes | None = None


def session_key(now: datetime) -> bytes:
    """Return the key under which sessions are signed. A process reads it once."""
    if _Read.key is None:
        _Read.key = sign_ins.session_key(Stamp(now, "phonebook", "console.sign_in"))
    return _Read.key


def sign_in(
    authenticator: Authenticator, presented: PresentedCredential, source: str, now: datetime
) -> Credential:
    """Return the credential that was presented, unless too many before it were wrong.

    Each try is counted before it is decided, and taken back if it was right: so a thousand at the
    same moment are no way around the limit. One from an address that has to wait is not counted
    for its username: nobody locks out others by going on.

    Raises:
        UnauthorizedError: The credential is unknown, wrong or revoked.
        TooManySignInsError: Too many failed, of this username or from this *source*.

    """
    begins = _span_of(now)
    ends = begins + SPAN
    subjects = [
        hashed(session_key(now), f"{kind} {text}")
        for kind, text in (("address", source), ("username", presented.username))
    ]
    kept_until = ends + _KEPT_AFTER
    for each in subjects:
        if sign_ins.count_attempt(each, begins, kept_until) > MAX_ATTEMPTS:
            raise TooManySignInsError(ends)
    credential = authenticator.authenticate(presented)
    for each in subjects:
        sign_ins.count_attempt(each, begins, kept_until, step=-1)
    return credential


def make_link(username: str, stamp: Stamp) -> str:
    """Return the token of a link that signs in with a credential once, within an hour."""
    token = secrets.token_urlsafe(32)
    sign_ins.put_link(_hash(token), username, stamp.at + LINK_LASTS, stamp)
    return token


def follow_link(authenticator: Authenticator, token: str, now: datetime) -> Credential:
    """Return the credential of a link, which works no more.

    Raises:
        UnauthorizedError: There is no such link, it was used or is too old, or its credential was
            revoked.

    """
    if not token:
        raise UnauthorizedError
    return authenticator.recall(sign_ins.take_link(_hash(token), now))


def _span_of(now: datetime) -> datetime:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return now - (now - midnight) % SPAN


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
