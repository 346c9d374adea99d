"""Exporting: what an account has, as another phonebook can take it over."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

from chalicelib.domain.account import Account
from chalicelib.domain.contact import Contact
from chalicelib.domain.extra import OWN, Extra
from chalicelib.domain.ledger import LedgerEntry
from chalicelib.domain.phone import PhoneNumber
from chalicelib.services import blacklist, contacts
from chalicelib.services.members import list_members
from chalicelib.services.sorted_numbers import SortedNumbers
from chalicelib.storage import blacklist as stored_blacklist
from chalicelib.storage import suppression
from chalicelib.storage.dynamodb.batches import in_batches
from chalicelib.storage.groups import list_groups_by_id

CONTACTS_AT_ONCE: Final = 1_000


class ExportedContact(NamedTuple):
    """A contact with what it keeps wherever it goes: no ids and no dates.

    ``groups`` are their names in order, each once.
    """

    phone_number: PhoneNumber
    details: Mapping[str, str]
    attributes: Extra
    groups: Sequence[str]
    is_blacklisted: bool


class ExportedNumber(NamedTuple):
    """A blacklisted number: its newest ledger entry, and all of them, the oldest first."""

    newest: LedgerEntry
    entries: Sequence[LedgerEntry]


def export_contacts(account: Account, group_id: int | None = None) -> Iterator[ExportedContact]:
    """Yield all contacts, or those of a group, in the order of numbers.

    For each 1,000 contacts, this reads those groups of theirs that it has not met before. Of all
    contacts, the blacklist is read beside them, page by page; of a group, for its numbers alone.
    """
    found: Iterable[Contact] = (
        contacts.list_contacts(account) if group_id is None else list_members(account, [group_id])
    )
    all_stopped = (
        SortedNumbers(stored_blacklist.list_numbers(account.id, after=None, expected=None))
        if group_id is None
        else None
    )
    names: dict[int, str] = {}
    for batch in in_batches(found, CONTACTS_AT_ONCE):
        _learn_names(account, names, batch)
        stopped = _stopped_of(account, [each.phone_number for each in batch], all_stopped)
        for contact in batch:
            yield ExportedContact(
                phone_number=contact.phone_number,
                details=contact.details,
                attributes={
                    name.removeprefix(OWN): value for name, value in sorted(contact.extra.items())
                },
                groups=sorted({names[each] for each in contact.group_ids if each in names}),
                is_blacklisted=contact.phone_number in stopped,
            )


def export_blacklist(account: Account) -> Iterator[ExportedNumber]:
    """Yield every blacklisted number with its ledger, in the order of numbers."""
    for newest in blacklist.list_blacklist(account):
        entries = [entry for _, entry in blacklist.list_ledger(account, newest.phone_number)]
        yield ExportedNumber(newest, entries[::-1])


def _learn_names(account: Account, names: dict[int, str], contacts: Iterable[Contact]) -> None:
    new = {each for contact in contacts for each in contact.group_ids if each not in names}
    names.update((group.id, group.name) for group in list_groups_by_id(account.id, new))


def _stopped_of(
    account: Account, numbers: Sequence[PhoneNumber], all_stopped: SortedNumbers | None
) -> AbstractSet[PhoneNumber]:
    """Return which of some numbers are stopped, from *all_stopped* where that is read anyway."""
    if all_stopped is None:
        return blacklist.blacklisted_since(account, numbers).keys()
    stopped = {number for number in numbers if all_stopped.has(number.e164)}
    # Read after the blacklist: an erasure suppresses a number before it takes its entry off.
    left = [number for number in numbers if number not in stopped]
    return stopped | suppression.suppressed_since(account.id, left).keys()
