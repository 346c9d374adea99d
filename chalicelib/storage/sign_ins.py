"""What signing in to the console keeps: the key of its sessions, counts of tries, and links."""

import secrets
from datetime import UTC, datetime

from pynamodb.exceptions import DoesNotExist

from chalicelib.domain.caller import Stamp
from chalicelib.domain.errors import UnauthorizedError
from chalicelib.storage import keys
from chalicelib.storage.dynamodb.transactions import condition_failing_means
from chalicelib.storage.items import SessionKeyItem, SignInCountItem, SignInLinkItem
from chalicelib.storage.stamps import stamp_values

_KEY_BYTES = 32


class _MadeByAnotherError(Exception):
    """Another process made the key first."""


def session_key(stamp: Stamp) -> bytes:
    """Return the key under which sessions are signed; whoever is first makes it."""
    found = _find_session_key()
    if found is not None:
        return found
    item = SessionKeyItem(
        keys.sessions(),
        keys.SESSION_KEY,
        key=secrets.token_hex(_KEY_BYTES),
        **stamp_values(stamp),
    )
    try:
        # Fails if another process was faster: then all use its key.
        with condition_failing_means(_MadeByAnotherError()):
            item.save(SessionKeyItem.pk.does_not_exist())
    except _MadeByAnotherError:
        found = _find_session_key()
        if found is None:
            raise
        return found
    return bytes.fromhex(item.key)


def count_attempt(hashed: str, begins: datetime, ends: datetime, step: int = 1) -> int:
    """Count a try in a span, and return how many there are; a *step* of -1 takes one back.

    The engine adds, so tries at the same time count too.
    """
    item = SignInCountItem(keys.sign_ins(hashed), keys.arrived(begins))
    item.update(
        [
            SignInCountItem.attempts.add(step),
            SignInCountItem.expires_at.set(int(ends.timestamp())),
        ]
    )
    return int(item.attempts)


def put_link(hashed: str, username: str, ends: datetime, stamp: Stamp) -> None:
    """Store a link by the hash of its token."""
    SignInLinkItem(
        keys.sign_in_link(hashed),
        keys.SIGN_IN_LINK,
        username=username,
        expires_at=int(ends.timestamp()),
        **stamp_values(stamp),
    ).save()


def take_link(hashed: str, now: datetime) -> str:
    """Remove a link, and return its username.

    Raises:
        UnauthorizedError: There is none, or it has expired, or somebody took it before.

    """
    try:
        item = SignInLinkItem.get(
            keys.sign_in_link(hashed), keys.SIGN_IN_LINK, consistent_read=True
        )
    except DoesNotExist:
        raise UnauthorizedError from None
    # Fails if somebody else took it meanwhile, or if it has expired: a link works once.
    is_good = SignInLinkItem.pk.exists() & (SignInLinkItem.expires_at > _seconds(now))
    with condition_failing_means(UnauthorizedError()):
        item.delete(is_good)
    return str(item.username)


def _find_session_key() -> bytes | None:
    try:
        item = SessionKeyItem.get(keys.sessions(), keys.SESSION_KEY, consistent_read=True)
    except DoesNotExist:
        return None
    return bytes.fromhex(item.key)


def _seconds(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp())
