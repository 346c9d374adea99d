"""The ledger in the table: entries that are only ever added, each with its position."""

from collections.abc import Iterator

from pynamodb.transactions import TransactWrite

from chalicelib.domain.ledger import LedgerEntry, Reason, State
from chalicelib.domain.phone import PhoneNumber
from chalicelib.storage import keys
from chalicelib.storage.items import LedgerItem


def add_entry(
    transaction: TransactWrite, account_id: str, position: int, entry: LedgerEntry
) -> None:
    """Add to a transaction that an entry is written.

    The transaction fails if the number already has an entry at this position: somebody else
    changed its state, so the caller has to decide again.
    """
    transaction.save(
        LedgerItem(
            keys.ledger(account_id),
            keys.ledger_entry(entry.phone_number.e164, position),
            state=entry.state.value,
            reason=entry.reason.value,
            note=entry.note,
            at=entry.at,
            changed_by=entry.actor,
            changed_via=entry.source,
        ),
        LedgerItem.pk.does_not_exist(),
    )


def count_entries(account_id: str, phone_number: PhoneNumber) -> int:
    """Return how many entries a number has. This reads only the newest one."""
    newest = next(iter(_items(account_id, phone_number, before=None, expected=1)), None)
    return 0 if newest is None else keys.number_and_position(newest.sk)[1]


def list_entries(
    account_id: str, phone_number: PhoneNumber, *, before: int | None, expected: int | None
) -> Iterator[tuple[int, LedgerEntry]]:
    """Yield the entries of a number with their positions, the newest first.

    *before* is the position of the last entry that the caller has. *expected* is how many entries
    it expects to use; None means all. It sets only how many are read at a time.
    """
    for item in _items(account_id, phone_number, before=before, expected=expected):
        yield keys.number_and_position(item.sk)[1], _entry_in(item)


def forget(account_id: str) -> None:
    """Delete the ledger of an account that does not exist any more."""
    for item in LedgerItem.query(keys.ledger(account_id), consistent_read=True):
        item.delete()


def forget_number(account_id: str, phone_number: PhoneNumber) -> None:
    """Delete the entries of a number, the oldest first: a call that is repeated finds the rest."""
    for item in [*_items(account_id, phone_number, before=None, expected=None)][::-1]:
        item.delete()


def _items(
    account_id: str, phone_number: PhoneNumber, *, before: int | None, expected: int | None
) -> Iterator[LedgerItem]:
    e164 = phone_number.e164
    wanted = (
        LedgerItem.sk.startswith(keys.ledger_of(e164))
        if before is None
        else LedgerItem.sk.between(keys.ledger_of(e164), keys.ledger_entry(e164, before - 1))
    )
    return LedgerItem.query(
        keys.ledger(account_id),
        wanted,
        scan_index_forward=False,
        consistent_read=True,
        page_size=expected,
    )


def _entry_in(item: LedgerItem) -> LedgerEntry:
    e164, _ = keys.number_and_position(item.sk)
    return LedgerEntry(
        phone_number=PhoneNumber(e164),
        state=State(item.state),
        reason=Reason(item.reason),
        source=item.changed_via,
        actor=item.changed_by,
        note=item.note,
        at=item.at,
    )
