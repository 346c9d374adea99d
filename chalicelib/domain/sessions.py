"""Sessions of the console: who signed in, and until when, signed so that nobody else can make one.

A session is kept nowhere but in the browser's cookie. It names a credential, and each page asks
whether that credential is still in force.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

LASTS: Final = timedelta(hours=12)

_SIGNATURE_BYTES: Final = 32
_MAX_CHARACTERS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Session:
    """A session. It has no username before somebody signs in: then it only binds the form.

    ``nonce`` makes each session another one, and with it the tokens of its forms.
    """

    username: str | None
    ends: datetime
    nonce: str


def new_session(username: str | None, now: datetime) -> Session:
    """Return a session that begins now."""
    return Session(username, now.replace(microsecond=0) + LASTS, secrets.token_hex(16))


def write_session(key: bytes, session: Session) -> str:
    """Return the value of a session's cookie."""
    said = json.dumps([session.username, int(session.ends.timestamp()), session.nonce]).encode()
    return base64.urlsafe_b64encode(_signature(key, "session", said) + said).decode().rstrip("=")


def read_session(key: bytes, text: str, now: datetime) -> Session | None:
    """Return the session in a cookie's value; None if we did not make it, or it has ended."""
    if len(text) > _MAX_CHARACTERS:
        return None
    try:
        padding = "=" * (-len(text) % 4)
        signed = base64.b64decode(text + padding, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    signature, said = signed[:_SIGNATURE_BYTES], signed[_SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _signature(key, "session", said)):
        return None
    username, ends, nonce = json.loads(said)
    session = Session(username, datetime.fromtimestamp(ends, UTC), nonce)
    return session if now < session.ends else None


def form_token(key: bytes, session: Session) -> str:
    """Return the token that each form of a session carries; no other session has it."""
    return _signature(key, "form", session.nonce.encode()).hex()


def is_form_token(key: bytes, session: Session, text: str) -> bool:
    """Say whether a form's token is that of a session."""
    return hmac.compare_digest(form_token(key, session).encode(), text.encode())


def hashed(key: bytes, text: str) -> str:
    """Return a keyed hash, so that what is counted by it need not be kept itself."""
    return _signature(key, "counted", text.encode("utf-8", "surrogatepass")).hex()


def _signature(key: bytes, purpose: str, said: bytes) -> bytes:
    return hmac.digest(key, f"{purpose} ".encode() + said, hashlib.sha256)
