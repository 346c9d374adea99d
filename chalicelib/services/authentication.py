"""Checking a presented credential; a warm Lambda needs no read."""

import hmac
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Final, NamedTuple

from chalicelib.domain.credential import Credential, PresentedCredential, hash_secret, is_username
from chalicelib.domain.errors import UnauthorizedError
from chalicelib.storage.accounts import find_credential

CACHE_SECONDS: Final = 60.0
"""How long a Lambda that knows a credential may accept it after it was revoked."""

MAX_CACHE_ENTRIES: Final = 1_000
"""The limit for known credentials, and for unknown usernames: guesses never evict known ones."""

_NO_SECRET_HASHES_TO_THIS: Final = "0" * 64


class Authenticator:
    """Checks credentials, with a cache. Threads can share it.

    *clock* returns the time of day, since a monotonic clock stops while a Lambda is frozen.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._known = _RecentlyRead(clock)
        self._unknown = _RecentlyRead(clock)

    def authenticate(self, presented: PresentedCredential) -> Credential:
        """Return the credential that was presented, with its account.

        An unknown username and a wrong secret take the same time: one hash, one comparison in
        constant time, and a read if the username was not read within :data:`CACHE_SECONDS`.

        Raises:
            UnauthorizedError: The credential is unknown, wrong or revoked.

        """
        credential = self._find(presented.username)
        expected = credential.secret_hash if credential else _NO_SECRET_HASHES_TO_THIS
        is_right = hmac.compare_digest(hash_secret(presented.secret), expected)
        if credential is None or credential.revoked or not is_right:
            raise UnauthorizedError
        return credential

    def _find(self, username: str) -> Credential | None:
        if not is_username(username):
            return None
        known = self._known.get(username) or self._unknown.get(username)
        if known:
            return known.credential
        read_at = self._clock()
        credential = find_credential(username)
        recently_read = self._known if credential else self._unknown
        recently_read.put(username, _Entry(credential, read_at))
        return credential


class _Entry(NamedTuple):
    credential: Credential | None
    read_at: float


class _RecentlyRead:
    """A cache of the usernames that were read last, with their credentials."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._lock = Lock()

    def get(self, username: str) -> _Entry | None:
        with self._lock:
            entry = self._entries.get(username)
            if entry and not 0 <= self._clock() - entry.read_at < CACHE_SECONDS:
                del self._entries[username]
                return None
            return entry

    def put(self, username: str, entry: _Entry) -> None:
        with self._lock:
            self._entries[username] = entry
            self._entries.move_to_end(username)
            while len(self._entries) > MAX_CACHE_ENTRIES:
                self._entries.popitem(last=False)
