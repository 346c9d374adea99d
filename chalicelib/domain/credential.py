"""Credentials: what is kept of one, and what a client presents."""

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from chalicelib.domain.account import Account
from chalicelib.domain.errors import UnauthorizedError

_USERNAME: Final = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What a client presents, as it is kept: only a SHA-256 of its secret."""

    username: str
    secret_hash: str = field(repr=False)
    account: Account
    revoked_on: datetime | None
    created_on: datetime

    @property
    def revoked(self) -> bool:
        """Whether it is refused; where it was read before, it is taken for a moment yet."""
        return self.revoked_on is not None


@dataclass(frozen=True, slots=True)
class PresentedCredential:
    """What a client sent, of whatever form its dialect has."""

    username: str
    secret: str = field(repr=False)

    @classmethod
    def of_pair(cls, text: str, separator: str) -> "PresentedCredential":
        """Split ``username<separator>secret``.

        Raises:
            UnauthorizedError: There is no separator in it.

        """
        username, separator_found, secret = text.partition(separator)
        if not separator_found:
            raise UnauthorizedError
        return cls(username, secret)


def new_username() -> str:
    """Return a random public name of 16 hexadecimal digits."""
    return secrets.token_hex(8)


def new_secret() -> str:
    """Return a random secret of 256 bits, of which only :func:`hash_secret` is kept."""
    return secrets.token_urlsafe(32)


def token_of(username: str, secret: str) -> str:
    """Return both as the one token that some dialects' clients present."""
    return f"{username}.{secret}"


def is_username(text: str) -> bool:
    """Say whether *text* has the form of a username, so that it may be looked up."""
    return _USERNAME.fullmatch(text) is not None


def hash_secret(secret: str) -> str:
    """Return the SHA-256 that is kept in place of *secret*.

    A fast hash is enough for a random value of 256 bits, and only for such a one:
    a secret is always generated, never chosen.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
