"""Accounts: the tenants. Everything else belongs to one of them."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypedDict

from chalicelib.domain.phone import Notation


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A tenant. A request sees only the data of its own account.

    ``default_region`` (ISO 3166) is the region of its national numbers. ``notation`` says how it
    writes numbers without a ``+``, if this is known. ``cursor_key`` signs the cursors of its
    lists. ``revision`` counts its changes.
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
    """The fields of an account to change; an absent field does not change."""

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
