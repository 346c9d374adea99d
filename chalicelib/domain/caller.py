"""Who calls, and what is recorded with each of their changes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from chalicelib.domain.account import Account
from chalicelib.domain.credential import Credential, Scope

_OPERATOR: Final = "operator"
"""Anyone who runs our programs. AWS knows which of its users it was; we do not."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """When a change was made, by whom, and through which operation.

    ``by`` is the username of a credential, or ``operator``, or ``phonebook``. ``via`` is an entry
    point and its operation, such as ``messagebird.update_contact``, ``cli.accounts.open`` or
    ``schedule.clean_up``. Both are stored in the changed item.
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
    """Who calls: the account, the credential, the request and the operation.

    ``via`` is a dialect and its operation, such as ``messagebird.update_contact``.
    """

    account: Account
    username: str
    scope: Scope
    request_id: str
    via: str

    @classmethod
    def of(cls, credential: Credential, *, request_id: str, via: str) -> "Caller":
        """Return the caller that presented a credential."""
        return cls(
            account=credential.account,
            username=credential.username,
            scope=credential.scope,
            request_id=request_id,
            via=via,
        )

    @classmethod
    def operator(cls, account: Account, *, via: str) -> "Caller":
        """Return an operator, who acts for an account with our programs and has no credential.

        ``via`` is the program and its operation, such as ``cli.contacts.create``.
        """
        return cls(account=account, username=_OPERATOR, scope=Scope.FULL, request_id="", via=via)

    def stamp(self, now: datetime) -> Stamp:
        """Return the stamp of the changes that this caller makes at *now*."""
        return Stamp(now, self.username, self.via)
