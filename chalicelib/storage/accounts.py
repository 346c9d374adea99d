"""Accounts and their credentials in the table."""

from collections.abc import Iterable, Iterator

from pynamodb.exceptions import DoesNotExist

from chalicelib.domain.account import Account, Credential
from chalicelib.domain.errors import ErrorCode, NotFoundError
from chalicelib.storage import keys
from chalicelib.storage.items import AccountItem, CredentialItem, Item, SparseIndex
from chalicelib.storage.transactions import condition_failing_means


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
    try:
        item = AccountItem.get(keys.account(account_id), keys.ACCOUNT, consistent_read=True)
    except DoesNotExist as error:
        raise NotFoundError(ErrorCode.ACCOUNT_NOT_FOUND) from error
    return _account(item)


def list_accounts() -> Iterator[Account]:
    """Yield every account, in no particular order; one just opened may be a moment late."""
    for entry in Item.query(keys.ACCOUNTS, index_name=SparseIndex.Meta.index_name):
        yield _account(AccountItem.get(entry.pk, entry.sk, consistent_read=True))


def remove_account(account_id: str, usernames: Iterable[str]) -> None:
    """Forget an account, and first its credentials; may be broken off and repeated."""
    for username in usernames:
        CredentialItem(keys.credential(username), keys.CREDENTIAL).delete()
    AccountItem(keys.account(account_id), keys.ACCOUNT).delete()


def put_credential(credential: Credential) -> None:
    """Keep a new credential with a copy of its account; writing it again changes nothing."""
    account = credential.account
    CredentialItem(
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
        revoked=credential.revoked,
        created_on=credential.created_on,
    ).save()


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


def revoke_credential(username: str) -> None:
    """Refuse a credential from now on, or, where it is cached, within a minute.

    Raises:
        NotFoundError: There is none of that name.

    """
    # Fails when there is no such credential: an update would otherwise make half of one.
    with condition_failing_means(NotFoundError(ErrorCode.CREDENTIAL_NOT_FOUND)):
        CredentialItem(keys.credential(username), keys.CREDENTIAL).update(
            [CredentialItem.revoked.set(True)], CredentialItem.pk.exists()
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
        revoked=item.revoked,
        created_on=item.created_on,
    )
