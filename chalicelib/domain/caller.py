"""Who calls, and what everything that they change says of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from chalicelib.domain.account import Account
from chalicelib.domain.credential import Credential


class Scope(Enum):
    """What a credential may do."""

    FULL = "full"


@dataclass(frozen=True, slots=True)
class Stamp:
    """When something was changed, by whom, and through what.

    ``by`` is a credential's username, or ``operator``, and ``via`` the way in and its operation,
    such as ``messagebird.update_contact``. Both are kept with what was changed.
    """

    at: datetime
    by: str
    via: str


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

        ``via`` is that program and what it does, such as ``phonebook.create_contact``.
        """
        return cls(account=account, username="operator", scope=Scope.FULL, request_id="", via=via)

    def stamp(self, now: datetime) -> Stamp:
        """Return what all that is changed *now* says of the change."""
        return Stamp(now, self.username, self.via)
