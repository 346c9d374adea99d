"""Who calls, and what everything that they change says of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from chalicelib.domain.account import Account
from chalicelib.domain.credential import Credential

_OPERATOR: Final = "operator"
"""Whoever runs our programs: AWS knows which of its users that is, and we do not."""


class Scope(Enum):
    """What a credential may do."""

    FULL = "full"


@dataclass(frozen=True, slots=True)
class Stamp:
    """When something was changed, by whom, and through what.

    ``by`` is a credential's username, ``operator``, or ``phonebook`` itself, and ``via`` the way in
    and its operation, such as ``messagebird.update_contact``, ``cli.accounts.open`` or
    ``schedule.clean_up``. Both are kept with what was changed.
    """

    at: datetime
    by: str
    via: str

    @classmethod
    def operator(cls, at: datetime, *, via: str) -> "Stamp":
        """Return the stamp of an operator, who has no credential."""
        return cls(at, _OPERATOR, via)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls: for which account, by which credential, in which request, and through what.

    ``via`` is a dialect and its operation, such as ``messagebird.update_contact``.
    """

    account: Account
    username: str
    scope: Scope
    request_id: str
    via: str

    @classmethod
    def of(cls, credential: Credential, *, request_id: str, via: str) -> "Caller":
        """Return who calls with a credential."""
        return cls(
            account=credential.account,
            username=credential.username,
            scope=Scope.FULL,
            request_id=request_id,
            via=via,
        )

    @classmethod
    def operator(cls, account: Account, *, via: str) -> "Caller":
        """Return an operator, who acts for an account without a credential, by a program of ours.

        ``via`` is that program and what it does, such as ``cli.contacts.create``.
        """
        return cls(account=account, username=_OPERATOR, scope=Scope.FULL, request_id="", via=via)

    def stamp(self, now: datetime) -> Stamp:
        """Return what all that is changed *now* says of the change."""
        return Stamp(now, self.username, self.via)
