"""Accounts and their credentials in the table."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from typing import TypeAlias, TypeVar

from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib.domain.account import Account, AccountChanges
from chalicelib.domain.caller import Stamp
from chalicelib.domain.credential import Credential, Scope
from chalicelib.domain.errors import OperatorError, OperatorErrorCode
from chalicelib.domain.phone import Notation
from chalicelib.storage import keys
from chalicelib.storage.dynamodb.connection import table
from chalicelib.storage.dynamodb.model import Item, SparseIndex
from chalicelib.storage.dynamodb.transactions import (
    TransactionRefusedError,
    condition_failing_means,
    write_together,
)
from chalicelib.storage.items import AccountItem, CredentialItem
from chalicelib.storage.stamps import stamp_values, stamping


class UnreadableItemError(Exception):
    """An account or a credential is incomplete. The message has its key and the reason."""


_Kind = TypeVar("_Kind", AccountItem, CredentialItem)
_Made = TypeVar("_Made")

OnUnreadable: TypeAlias = Callable[[UnreadableItemError], None]


def refuse(item: UnreadableItemError) -> None:
    """Fail with the first item that cannot be read.

    Raises:
        UnreadableItemError: Always.

    """
    raise item


def put_account(account: Account, stamp: Stamp) -> None:
    """Store a new account. Idempotent, since botocore repeats a call whose answer was lost."""
    AccountItem(
        keys.account(account.id),
        keys.ACCOUNT,
        gsi1pk=keys.ACCOUNTS,
        gsi1sk=keys.account(account.id),
        name=account.name,
        default_region=account.default_region,
        notation=_value_of(account.notation),
        retention_days=account.retention_days,
        cursor_key=account.cursor_key,
        created_on=account.created_on,
        **stamp_values(stamp),
    ).save()


def change_account(account_id: str, changes: AccountChanges, stamp: Stamp) -> Account:
    """Change an account and return it. This does not change the copies in its credentials.

    Raises:
        OperatorError: There is no account with this id.
        UnreadableItemError: The account is incomplete.

    """
    item = AccountItem(keys.account(account_id), keys.ACCOUNT)
    # Fails if there is no such account: an update would otherwise create an incomplete item.
    not_found = OperatorError(OperatorErrorCode.ACCOUNT_NOT_FOUND)
    with condition_failing_means(not_found), _named_if_unreadable(item.pk):
        item.update(
            [*_setting(AccountItem, changes), AccountItem.revision.add(1), *stamping(stamp)],
            AccountItem.pk.exists(),
        )
        return _account(item)


def carry_account(account: Account, username: str, stamp: Stamp) -> None:
    """Copy an account into one of its credentials, unless that has a later copy."""
    item = CredentialItem(keys.credential(username), keys.CREDENTIAL)
    copied: AccountChanges = {
        "name": account.name,
        "default_region": account.default_region,
        "notation": account.notation,
        "retention_days": account.retention_days,
    }
    # Fails if a later change was faster, or if the account was closed.
    is_behind = CredentialItem.pk.exists() & (
        CredentialItem.account_revision.does_not_exist()
        | (CredentialItem.account_revision < account.revision)
    )
    is_ahead = OperatorError(OperatorErrorCode.ACCOUNT_IN_USE)
    with suppress(OperatorError), condition_failing_means(is_ahead):
        item.update(
            [
                *_setting(CredentialItem, copied),
                CredentialItem.account_revision.set(account.revision),
                *stamping(stamp),
            ],
            is_behind,
        )


def get_account(account_id: str) -> Account:
    """Return an account.

    Raises:
        OperatorError: There is no account with this id.
        UnreadableItemError: The account is incomplete.

    """
    return _account(_get_item(account_id))


def list_accounts(on_unreadable: OnUnreadable = refuse) -> Iterator[Account]:
    """Yield every account, in no particular order. A new one may be missing for a moment."""
    for entry in Item.query(keys.ACCOUNTS, index_name=SparseIndex.Meta.index_name):
        yield from _found(AccountItem, entry, _account, on_unreadable)


def count_credentials_issued(account_id: str) -> int:
    """Return how many credentials were ever issued for an account.

    Raises:
        OperatorError: There is no such account.
        UnreadableItemError: The account is incomplete.

    """
    return _get_item(account_id).credentials_issued


def remove_account(account_id: str, usernames: Sequence[str]) -> None:
    """Delete an account and then its credentials, if *usernames* are all that were ever issued.

    Raises:
        OperatorError: Another credential was issued.

    """
    account = AccountItem(keys.account(account_id), keys.ACCOUNT)
    # Fails if a credential was issued after the listing: it must not outlive its account.
    with condition_failing_means(OperatorError(OperatorErrorCode.ACCOUNT_IN_USE)):
        account.delete(AccountItem.credentials_issued == len(usernames))
    for username in usernames:
        CredentialItem(keys.credential(username), keys.CREDENTIAL).delete()


def put_credential(credential: Credential, stamp: Stamp) -> bool:
    """Store a new credential with a copy of its account, and count it in the account.

    Return False if the account has changed since the copy was made.
    """
    account = credential.account
    item = _credential_item(credential, stamp)

    def add_actions(transaction: TransactWrite) -> None:
        transaction.save(item)
        # Fails if the account was closed, so that nobody could find the credential; or if it has
        # changed since it was read, so that the credential would keep the old copy for ever.
        transaction.update(
            AccountItem(keys.account(account.id), keys.ACCOUNT),
            [AccountItem.credentials_issued.add(1), *stamping(stamp)],
            AccountItem.pk.exists() & _is_of_revision(account.revision),
        )

    try:
        write_together(add_actions)
    except TransactionRefusedError:
        return False
    return True


def find_credential(username: str) -> Credential | None:
    """Return a credential, even a revoked one, or None if there is none with this username."""
    try:
        item = CredentialItem.get(keys.credential(username), keys.CREDENTIAL, consistent_read=True)
    except DoesNotExist:
        return None
    return _credential(item)


def list_credentials(account_id: str, on_unreadable: OnUnreadable = refuse) -> Iterator[Credential]:
    """Yield an account's credentials. A new one may be missing for a moment."""
    for entry in Item.query(keys.account(account_id), index_name=SparseIndex.Meta.index_name):
        yield from _found(CredentialItem, entry, _credential, on_unreadable)


def revoke_credential(username: str, stamp: Stamp) -> None:
    """Revoke a credential. A Lambda that has it in its cache accepts it for up to a minute.

    If it was revoked before, it keeps its date.

    Raises:
        OperatorError: There is no credential with this username.

    """
    first_date = CredentialItem.revoked_on | stamp.at
    # Fails if there is no such credential: an update would otherwise create an incomplete item.
    with condition_failing_means(OperatorError(OperatorErrorCode.CREDENTIAL_NOT_FOUND)):
        CredentialItem(keys.credential(username), keys.CREDENTIAL).update(
            [CredentialItem.revoked_on.set(first_date), *stamping(stamp)],
            CredentialItem.pk.exists(),
        )


def note_use(username: str, day: date) -> None:
    """Record that a credential was used on *day*, unless it was on this day or a later one.

    This is not a change that somebody made, so it leaves the stamp. Its one attribute is the only
    one of a credential that the API's Lambda may write (``infra/resources.yaml``).
    """
    last_used_on = CredentialItem.last_used_on
    # Fails if another Lambda was faster, or if the account was closed.
    is_news = CredentialItem.pk.exists() & (
        last_used_on.does_not_exist() | (last_used_on < day.isoformat())
    )
    is_known = OperatorError(OperatorErrorCode.CREDENTIAL_NOT_FOUND)
    with suppress(OperatorError), condition_failing_means(is_known):
        # A model's update would ask for the whole item back, which the policy may refuse.
        table().update_item(
            keys.credential(username),
            keys.CREDENTIAL,
            actions=[last_used_on.set(day.isoformat())],
            condition=is_news,
        )


def _get_item(account_id: str) -> AccountItem:
    try:
        return _whole(AccountItem, keys.account(account_id), keys.ACCOUNT)
    except DoesNotExist as error:
        raise OperatorError(OperatorErrorCode.ACCOUNT_NOT_FOUND) from error


def _found(
    kind: type[_Kind], entry: Item, made_of: Callable[[_Kind], _Made], on_unreadable: OnUnreadable
) -> Iterator[_Made]:
    """Yield the object of an index entry, unless its item is gone or cannot be read."""
    try:
        made = made_of(_whole(kind, entry.pk, entry.sk))
    except DoesNotExist:
        return
    except UnreadableItemError as error:
        on_unreadable(error)
        return
    yield made


def _whole(kind: type[_Kind], pk: str, sk: str) -> _Kind:
    """Return an item that has all attributes that its kind needs."""
    with _named_if_unreadable(pk):
        item = kind.get(pk, sk, consistent_read=True)
        _notation_of(item.notation)
        if isinstance(item, CredentialItem):
            _scope_of(item.scope)
        for name, attribute in kind.get_attributes().items():
            if not attribute.null and getattr(item, name) is None:
                raise ValueError(f"it has no {attribute.attr_name}")
    return item


@contextmanager
def _named_if_unreadable(pk: str) -> Iterator[None]:
    try:
        yield
    except (TypeError, ValueError) as error:
        raise UnreadableItemError(f"{pk} cannot be read: {error}.") from error


def _setting(kind: type[AccountItem | CredentialItem], changes: AccountChanges) -> Iterator[Action]:
    """Yield the actions that set the account's fields in an item of either kind."""
    names = {"name": "account_name"} if kind is CredentialItem else {}
    for name, value in changes.items():
        attribute = getattr(kind, names.get(name, name))
        kept = value.value if isinstance(value, Notation) else value
        yield attribute.remove() if kept is None else attribute.set(kept)


def _is_of_revision(revision: int) -> Condition:
    """Return the condition that an account has this revision; a new one has none."""
    is_unchanged: Condition = (
        AccountItem.revision == revision if revision else AccountItem.revision.does_not_exist()
    )
    return is_unchanged


def _value_of(notation: Notation | None) -> str | None:
    return None if notation is None else notation.value


def _scope_of(value: str | None) -> Scope:
    return Scope.FULL if value is None else Scope(value)


def _notation_of(value: str | None) -> Notation | None:
    return None if value is None else Notation(value)


def _credential_item(credential: Credential, stamp: Stamp) -> CredentialItem:
    account = credential.account
    return CredentialItem(
        keys.credential(credential.username),
        keys.CREDENTIAL,
        gsi1pk=keys.account(account.id),
        gsi1sk=keys.credential(credential.username),
        account_id=account.id,
        account_name=account.name,
        account_created_on=account.created_on,
        account_revision=account.revision,
        default_region=account.default_region,
        notation=_value_of(account.notation),
        retention_days=account.retention_days,
        cursor_key=account.cursor_key,
        secret_hash=credential.secret_hash,
        scope=None if credential.scope is Scope.FULL else credential.scope.value,
        label=credential.label,
        revoked_on=credential.revoked_on,
        created_on=credential.created_on,
        **stamp_values(stamp),
    )


def _account(item: AccountItem) -> Account:
    return Account(
        id=keys.account_in(item.pk),
        name=item.name,
        default_region=item.default_region,
        notation=_notation_of(item.notation),
        retention_days=item.retention_days,
        cursor_key=item.cursor_key,
        created_on=item.created_on,
        revision=item.revision or 0,
    )


def _credential(item: CredentialItem) -> Credential:
    return Credential(
        username=keys.username_of(item.pk),
        secret_hash=item.secret_hash,
        account=Account(
            id=item.account_id,
            name=item.account_name,
            default_region=item.default_region,
            notation=_notation_of(item.notation),
            retention_days=item.retention_days,
            cursor_key=item.cursor_key,
            created_on=item.account_created_on,
            revision=item.account_revision or 0,
        ),
        scope=_scope_of(item.scope),
        label=item.label,
        revoked_on=item.revoked_on,
        created_on=item.created_on,
        last_used_on=date.fromisoformat(item.last_used_on) if item.last_used_on else None,
    )
