"""Opening, changing and closing accounts; issuing and revoking their credentials."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from chalicelib.domain import account as domain
from chalicelib.domain.account import Account, AccountChanges
from chalicelib.domain.caller import Stamp
from chalicelib.domain.credential import Credential, Scope, hash_secret, new_secret, new_username
from chalicelib.domain.errors import (
    ErrorCode,
    InvalidDataError,
    OperatorError,
    OperatorErrorCode,
    ProblemCollector,
    UnavailableError,
)
from chalicelib.domain.limits import MAX_FIELD_CHARACTERS, MAX_LABEL_CHARACTERS, MAX_RETENTION_DAYS
from chalicelib.domain.phone import Notation
from chalicelib.domain.phone_reading import checked_region
from chalicelib.domain.text import checked_text
from chalicelib.storage import (
    accounts,
    blacklist,
    contacts,
    counters,
    groups,
    ledger,
    suppression,
)
from chalicelib.storage.accounts import OnUnreadable, UnreadableItemError
from chalicelib.storage.counters import Counter
from chalicelib.storage.dynamodb.tries import DECISION_TRIES, tries

TAKEN_AFTER_REVOCATION: Final = timedelta(minutes=2)
"""A Lambda caches a credential for one minute, and a request lasts up to half a minute."""


def open_account(
    name: str,
    default_region: str,
    retention_days: int,
    stamp: Stamp,
    *,
    notation: Notation | None = None,
) -> Account:
    """Open an account.

    Raises:
        InvalidDataError: The name, region or number of days is invalid.

    """
    _check({"name": name, "default_region": default_region, "retention_days": retention_days})
    account = Account(
        id=domain.new_account_id(),
        name=name,
        default_region=default_region,
        notation=notation,
        retention_days=retention_days,
        cursor_key=domain.new_cursor_key(),
        created_on=stamp.at,
    )
    accounts.put_account(account, stamp)
    return account


def change_account(account_id: str, changes: AccountChanges, stamp: Stamp) -> Account:
    """Change an account and its copies in its credentials, and return it.

    A warm Lambda uses the change within a minute. Contacts with a deletion date keep it. If this
    was interrupted, a second call completes it.

    Raises:
        OperatorError: There is no such account.
        InvalidDataError: There is no change, or a value is invalid.
        UnreadableItemError: The account or one of its credentials is incomplete; all other
            credentials are changed.
        UnavailableError: A new credential is not in the index yet.

    """
    if not changes:
        raise InvalidDataError.of("account", "name at least one thing to change")
    _check(changes)
    account = accounts.change_account(account_id, changes, stamp)
    issued = accounts.count_credentials_issued(account_id)
    for _ in tries(DECISION_TRIES):
        unreadable: list[UnreadableItemError] = []
        credentials = list(accounts.list_credentials(account_id, unreadable.append))
        for credential in credentials:
            accounts.carry_account(account, credential.username, stamp)
        if len(credentials) + len(unreadable) >= issued:
            if unreadable:
                raise UnreadableItemError(" ".join(map(str, unreadable)))
            return account
    raise UnavailableError(ErrorCode.BUSY)


def retrieve_account(account_id: str) -> Account:
    """Return an account.

    Raises:
        OperatorError: There is no such account.
        UnreadableItemError: The account is incomplete.

    """
    return accounts.get_account(account_id)


class Holdings(NamedTuple):
    """What an account holds.

    ``contacts`` is its counter, which lags by about a second. The others are exact.
    """

    contacts: int
    groups: int
    blacklisted: int


class Overview(NamedTuple):
    """An account with what it holds, and with its credentials."""

    account: Account
    holdings: Holdings
    credentials_in_force: int
    credentials_revoked: int


def count_holdings(account_id: str) -> Holdings:
    """Return what an account holds. This reads the keys of all groups and the whole blacklist."""
    return Holdings(
        contacts=counters.read_counter(Counter(account_id, None)) or 0,
        groups=groups.count_groups(account_id),
        blacklisted=blacklist.count_numbers(account_id),
    )


def survey_account(account_id: str) -> Overview:
    """Return an account with what it holds.

    Raises:
        OperatorError: There is no such account.
        UnreadableItemError: The account or one of its credentials is incomplete.

    """
    account = accounts.get_account(account_id)
    revoked = [credential.revoked for credential in accounts.list_credentials(account_id)]
    return Overview(
        account=account,
        holdings=count_holdings(account_id),
        credentials_in_force=revoked.count(False),
        credentials_revoked=revoked.count(True),
    )


def list_accounts(on_unreadable: OnUnreadable = accounts.refuse) -> list[Account]:
    """Return all readable accounts, oldest first. *on_unreadable* gets the errors of the others.

    Raises:
        UnreadableItemError: One is unreadable, and *on_unreadable* is the default.

    """
    return sorted(accounts.list_accounts(on_unreadable), key=lambda account: account.created_on)


def close_account(account_id: str, now: datetime, *, nobody_calls: bool = False) -> None:
    """Remove an empty account, its credentials, its ledger of opt-outs, jobs and webhooks.

    A warm Lambda accepts a revoked credential for a while, and its writes would remain after the
    account. So this time must be over, except if *nobody_calls*.

    Raises:
        OperatorError: There is no such account; or one of its credentials is not revoked, or was
            revoked too recently; or it has a contact, a group or a blacklisted number.
        UnavailableError: A new credential is not in the index yet.

    """
    issued = accounts.count_credentials_issued(account_id)
    credentials = list(accounts.list_credentials(account_id))
    if len(credentials) < issued:
        raise UnavailableError(ErrorCode.BUSY)
    long_ago = now if nobody_calls else now - TAKEN_AFTER_REVOCATION
    holdings = (
        contacts.list_contacts(account_id, after=None, expected=1),
        groups.list_groups(account_id),
        blacklist.list_entries(account_id, after=None, expected=1),
    )
    if any(
        credential.revoked_on is None or credential.revoked_on > long_ago
        for credential in credentials
    ) or any(next(iter(held), None) for held in holdings):
        raise OperatorError(OperatorErrorCode.ACCOUNT_IN_USE)
    accounts.remove_account(account_id, [credential.username for credential in credentials])
    ledger.forget(account_id)
    suppression.forget(account_id)
    from chalicelib.storage import (  # noqa: PLC0415 - no request needs them here
        change_feed,
        jobs,
        webhooks,
    )

    change_feed.forget(account_id)
    jobs.forget_all(account_id)
    webhooks.forget_all(account_id)


def issue_credential(
    account_id: str, stamp: Stamp, *, scope: Scope = Scope.FULL, label: str | None = None
) -> tuple[Credential, str]:
    """Issue a credential for an account, and return it with its secret, which is not stored.

    Raises:
        InvalidDataError: The label is empty or too long.
        OperatorError: There is no such account.
        UnavailableError: The account was changed at every try.

    """
    if label is not None:
        checked_text("label", label, shortest=1, longest=MAX_LABEL_CHARACTERS)
    secret = new_secret()
    for _ in tries(DECISION_TRIES):
        credential = Credential(
            username=new_username(),
            secret_hash=hash_secret(secret),
            account=accounts.get_account(account_id),
            scope=scope,
            label=label,
            revoked_on=None,
            created_on=stamp.at,
        )
        if accounts.put_credential(credential, stamp):
            return credential, secret
    raise UnavailableError(ErrorCode.BUSY)


def list_credentials(
    account_id: str, on_unreadable: OnUnreadable = accounts.refuse
) -> list[Credential]:
    """Return the readable credentials of an account, with revoked ones, oldest first.

    *on_unreadable* gets the errors of the others.

    Raises:
        OperatorError: There is no such account.
        UnreadableItemError: The account is incomplete; or a credential is, and *on_unreadable* is
            the default.

    """
    accounts.get_account(account_id)
    found = accounts.list_credentials(account_id, on_unreadable)
    return sorted(found, key=lambda each: each.created_on)


def revoke_credential(username: str, stamp: Stamp) -> None:
    """Revoke a credential. A warm Lambda may accept it for up to a minute.

    Raises:
        OperatorError: There is no credential with this username.

    """
    accounts.revoke_credential(username, stamp)


def _check(changes: AccountChanges) -> None:
    problems = ProblemCollector()
    with problems:
        if "name" in changes:
            checked_text("name", changes["name"], shortest=1, longest=MAX_FIELD_CHARACTERS)
    with problems:
        if "default_region" in changes:
            checked_region("default region", changes["default_region"])
    with problems:
        if not 0 <= changes.get("retention_days", 0) <= MAX_RETENTION_DAYS:
            raise InvalidDataError.of("retention days", f"must be 0 to {MAX_RETENTION_DAYS}")
    problems.raise_if_any()
