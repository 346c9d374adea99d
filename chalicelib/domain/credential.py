"""Credentials: what is stored, and what a client presents."""

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Final

from chalicelib.domain.account import Account
from chalicelib.domain.errors import UnauthorizedError

_USERNAME: Final = re.compile(r"[0-9a-f]{16}")


class Scope(Enum):
    """What a credential may do: everything in its account, or only read."""

    FULL = "full"
    READ = "read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A credential as it is stored: with the SHA-256 of its secret, without the secret.

    ``label`` is an operator's note. ``last_used_on`` is a day in UTC, None before the first use.
    """

    username: str
    secret_hash: str = field(repr=False)
    account: Account
    scope: Scope
    label: str | None = None
    revoked_on: datetime | None
    created_on: datetime
    last_used_on: date | None = None

    @property
    def revoked(self) -> bool:
        """Whether it is refused. A Lambda that read it before still accepts it for a minute."""
        return self.revoked_on is not None


@dataclass(frozen=True, slots=True)
class PresentedCredential:
    """What a client sent, in the form of any dialect."""

    username: str
    secret: str = field(repr=False)

    @classmethod
    def of_pair(cls, text: str, separator: str) -> "PresentedCredential":
        """Split ``username<separator>secret``.

        Raises:
            UnauthorizedError: *text* does not contain the separator.

        """
        username, separator_found, secret = text.partition(separator)
        if not separator_found:
            raise UnauthorizedError
        return cls(username, secret)


def new_username() -> str:
    """Return a random public name of 16 hexadecimal digits."""
    return secrets.token_hex(8)


def new_secret() -> str:
    """Return a random secret of 256 bits. Only its :func:`hash_secret` is stored."""
    return secrets.token_urlsafe(32)


def token_of(username: str, secret: str) -> str:
    """Return both as one token, as the clients of some dialects present it."""
    return f"{username}.{secret}"


def is_username(text: str) -> bool:
    """Say whether *text* has the form of a username. If not, there is no need to look it up."""
    return _USERNAME.fullmatch(text) is not None


def hash_secret(secret: str) -> str:
    """Return the SHA-256 that is stored instead of *secret*.

    A fast hash is safe only because each secret is a random value of 256 bits: the
    phonebook generates it, and nobody chooses it.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
