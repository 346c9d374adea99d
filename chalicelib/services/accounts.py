"""Opening accounts, and giving and taking the credentials that act for them."""

from datetime import datetime, timedelta
from typing import Final

from chalicelib.domain import account as domain
from chalicelib.domain.account import Account, Credential
from chalicelib.domain.errors import (
    ConflictError,
    ErrorCode,
    InvalidDataError,
    ProblemCollector,
    UnavailableError,
)
from chalicelib.domain.limits import FIELD_CHARACTERS, LONGEST_RETENTION_DAYS
from chalicelib.domain.phone_reading import is_region
from chalicelib.domain.text import checked_text
from chalicelib.storage import accounts, blacklist, contacts, groups

TAKEN_AFTER_REVOCATION: Final = timedelta(minutes=2)
"""A Lambda keeps what it read of a credential for one minute, and a request takes half of one."""


def open_account(name: str, default_region: str, retention_days: int, now: datetime) -> Account:
    """Open an account.

    Raises:
        InvalidDataError: The name, region or number of days is not one we take.

    """
    problems = ProblemCollector()
    with problems:
        checked_text("name", name, shortest=1, longest=FIELD_CHARACTERS)
    with problems:
        if not is_region(default_region):
            raise InvalidDataError.of("default region", "must be two letters, such as EE")
    with problems:
        if not 0 <= retention_days <= LONGEST_RETENTION_DAYS:
            raise InvalidDataError.of("retention days", f"must be 0 to {LONGEST_RETENTION_DAYS}")
    problems.raise_if_any()
    account = Account(
        id=domain.new_account_id(),
        name=name,
        default_region=default_region,
        retention_days=retention_days,
        cursor_key=domain.new_cursor_key(),
        created_on=now,
    )
    accounts.put_account(account)
    return account


def list_accounts() -> list[Account]:
    """Return every account, oldest first."""
    return sorted(accounts.list_accounts(), key=lambda account: account.created_on)


def close_account(account_id: str, now: datetime, *, nobody_calls: bool = False) -> None:
    """Remove an account in which nothing is left, and its credentials.

    Where a credential was read before it was revoked, it is taken for a while yet, and what it
    writes would be left behind: unless *nobody_calls*, that while has to be over.

    Raises:
        NotFoundError: There is no such account.
        ConflictError: A credential of it is not revoked, or only just, or it holds a contact, a
            group or a blacklisted number.
        UnavailableError: A credential was issued so lately that it cannot be listed yet.

    """
    issued = accounts.count_credentials_issued(account_id)
    credentials = list(accounts.list_credentials(account_id))
    if len(credentials) < issued:
        raise UnavailableError(ErrorCode.BUSY)
    long_ago = now if nobody_calls else now - TAKEN_AFTER_REVOCATION
    holdings = (
        contacts.list_contacts(account_id, after=None, page_size=1),
        groups.list_groups(account_id),
        blacklist.list_numbers(account_id, after=None, page_size=1),
    )
    if any(
        credential.revoked_on is None or credential.revoked_on > long_ago
        for credential in credentials
    ) or any(next(iter(held), None) for held in holdings):
        raise ConflictError(ErrorCode.ACCOUNT_IN_USE)
    accounts.remove_account(account_id, [credential.username for credential in credentials])


def issue_credential(account_id: str, now: datetime) -> tuple[Credential, str]:
    """Issue a credential for an account, and return it with its secret, which is not kept.

    Raises:
        NotFoundError: There is no such account.

    """
    secret = domain.new_secret()
    credential = Credential(
        username=domain.new_username(),
        secret_hash=domain.hash_secret(secret),
        account=accounts.get_account(account_id),
        revoked_on=None,
        created_on=now,
    )
    accounts.put_credential(credential)
    return credential, secret


def list_credentials(account_id: str) -> list[Credential]:
    """Return an account's credentials, revoked ones too, oldest first.

    Raises:
        NotFoundError: There is no such account.

    """
    accounts.get_account(account_id)
    return sorted(accounts.list_credentials(account_id), key=lambda each: each.created_on)


def revoke_credential(username: str, now: datetime) -> None:
    """Refuse a credential from now on; a warm Lambda learns of it within a minute.

    Raises:
        NotFoundError: There is none of that name.

    """
    accounts.revoke_credential(username, now)
