"""Accounts, and the credentials by which clients act for them."""

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypedDict

from chalicelib.domain.phone import Notation

_USERNAME: Final = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A tenant: everything else belongs to exactly one, and no request sees another's.

    ``cursor_key`` signs the cursors of its lists. ``default_region`` (ISO 3166) is where its
    national numbers are from, and ``notation`` how its digits without a ``+`` are meant, if it is
    known. ``revision`` counts its changes.
    """

    id: str
    name: str
    default_region: str
    notation: Notation | None = None
    retention_days: int
    cursor_key: str = field(repr=False)
    created_on: datetime
    revision: int = 0


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


class AccountChanges(TypedDict, total=False):
    """What is to change of an account; what is not there stays."""

    name: str
    default_region: str
    retention_days: int
    notation: Notation | None


def new_account_id() -> str:
    """Return a random id of 16 hexadecimal digits."""
    return secrets.token_hex(8)


def new_cursor_key() -> str:
    """Return a random key of 256 bits."""
    return secrets.token_hex(32)


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
