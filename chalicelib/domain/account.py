"""Accounts: the tenants, to one of which everything else belongs."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypedDict

from chalicelib.domain.phone import Notation


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
