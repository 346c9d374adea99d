"""Accounts and their credentials in the table."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from pynamodb.exceptions import DoesNotExist
from pynamodb.transactions import TransactWrite

from chalicelib.domain.account import Account, Credential
from chalicelib.domain.errors import ConflictError, ErrorCode, NotFoundError
from chalicelib.storage import keys
from chalicelib.storage.items import AccountItem, CredentialItem, Item, SparseIndex
from chalicelib.storage.transactions import (
    TransactionRefusedError,
    condition_failing_means,
    write_together,
)


def put_account(account: Account) -> None:
    """Keep a new account; writing it again, as after a lost answer, changes nothing."""
    AccountItem(
        keys.account(account.id),
        keys.ACCOUNT,
        gsi1pk=keys.ACCOUNTS,
        gsi1sk=keys.account(account.id),
        name=account.name,
        default_region=account.default_region,
        retention_days=account.retention_days,
        cursor_key=account.cursor_key,
        created_on=account.created_on,
    ).save()


def get_account(account_id: str) -> Account:
    """Return an account.

    Raises:
        NotFoundError: There is none of that id.

    """
    return _account(_get_item(account_id))


def list_accounts() -> Iterator[Account]:
    """Yield every account, in no particular order; one just opened may be a moment late."""
    for entry in Item.query(keys.ACCOUNTS, index_name=SparseIndex.Meta.index_name):
        yield _account(AccountItem.get(entry.pk, entry.sk, consistent_read=True))


def count_credentials_issued(account_id: str) -> int:
    """Return how many credentials an account was ever issued.

    Raises:
        NotFoundError: There is no such account.

    """
    return _get_item(account_id).credentials_issued


def remove_account(account_id: str, usernames: Sequence[str]) -> None:
    """Forget an account, and then its credentials, if these are all that it was ever issued.

    Raises:
        ConflictError: It was issued another one.

    """
    account = AccountItem(keys.account(account_id), keys.ACCOUNT)
    # Fails when a credential was issued since they were listed: it must not outlive its account.
    with condition_failing_means(ConflictError(ErrorCode.ACCOUNT_IN_USE)):
        account.delete(AccountItem.credentials_issued == len(usernames))
    for username in usernames:
        CredentialItem(keys.credential(username), keys.CREDENTIAL).delete()


def put_credential(credential: Credential) -> None:
    """Keep a new credential with a copy of its account, which counts it.

    Raises:
        NotFoundError: The account is there no longer.

    """
    account = credential.account
    item = _credential_item(credential)

    def add_actions(transaction: TransactWrite) -> None:
        transaction.save(item)
        # Fails when the account was closed: nobody could find its credential any more.
        transaction.update(
            AccountItem(keys.account(account.id), keys.ACCOUNT),
            [AccountItem.credentials_issued.add(1)],
            AccountItem.pk.exists(),
        )

    try:
        write_together(add_actions)
    except TransactionRefusedError as error:
        raise NotFoundError(ErrorCode.ACCOUNT_NOT_FOUND) from error


def find_credential(username: str) -> Credential | None:
    """Return a credential, revoked or not, or None if there is none of that name."""
    try:
        item = CredentialItem.get(keys.credential(username), keys.CREDENTIAL, consistent_read=True)
    except DoesNotExist:
        return None
    return _credential(item)


def list_credentials(account_id: str) -> Iterator[Credential]:
    """Yield an account's credentials; one just issued may be a moment late."""
    entries = Item.query(keys.account(account_id), index_name=SparseIndex.Meta.index_name)
    for entry in entries:
        yield _credential(CredentialItem.get(entry.pk, entry.sk, consistent_read=True))


def revoke_credential(username: str, now: datetime) -> None:
    """Refuse a credential from now on, or, where it is cached, within a minute.

    Raises:
        NotFoundError: There is none of that name.

    """
    # Fails when there is no such credential: an update would otherwise make half of one.
    with condition_failing_means(NotFoundError(ErrorCode.CREDENTIAL_NOT_FOUND)):
        CredentialItem(keys.credential(username), keys.CREDENTIAL).update(
            [CredentialItem.revoked_on.set(now)], CredentialItem.pk.exists()
        )


def _get_item(account_id: str) -> AccountItem:
    try:
        return AccountItem.get(keys.account(account_id), keys.ACCOUNT, consistent_read=True)
    except DoesNotExist as error:
        raise NotFoundError(ErrorCode.ACCOUNT_NOT_FOUND) from error


def _credential_item(credential: Credential) -> CredentialItem:
    account = credential.account
    return CredentialItem(
        keys.credential(credential.username),
        keys.CREDENTIAL,
        gsi1pk=keys.account(account.id),
        gsi1sk=keys.credential(credential.username),
        account_id=account.id,
        account_name=account.name,
        account_created_on=account.created_on,
        default_region=account.default_region,
        retention_days=account.retention_days,
        cursor_key=account.cursor_key,
        secret_hash=credential.secret_hash,
        revoked_on=credential.revoked_on,
        created_on=credential.created_on,
    )


def _account(item: AccountItem) -> Account:
    return Account(
        id=keys.account_in(item.pk),
        name=item.name,
        default_region=item.default_region,
        retention_days=item.retention_days,
        cursor_key=item.cursor_key,
        created_on=item.created_on,
    )


def _credential(item: CredentialItem) -> Credential:
    return Credential(
        username=keys.username_of(item.pk),
        secret_hash=item.secret_hash,
        account=Account(
            id=item.account_id,
            name=item.account_name,
            default_region=item.default_region,
            retention_days=item.retention_days,
            cursor_key=item.cursor_key,
            created_on=item.account_created_on,
        ),
        revoked_on=item.revoked_on,
        created_on=item.created_on,
    )
