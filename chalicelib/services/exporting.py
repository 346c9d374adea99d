"""Exporting: what an account has, as another phonebook can take it over."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from chalicelib.domain.account import Account
from chalicelib.domain.contact import Contact
from chalicelib.domain.extra import OWN, Extra
from chalicelib.domain.ledger import LedgerEntry
from chalicelib.domain.phone import PhoneNumber
from chalicelib.services import blacklist, contacts
from chalicelib.services.members import list_members
from chalicelib.services.profiles import list_profiles


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
    """Yield all contacts, or those of a group, in the order of numbers."""
    found: Iterable[Contact] = (
        contacts.list_contacts(account) if group_id is None else list_members(account, [group_id])
    )
    for profile in list_profiles(account, found):
        yield ExportedContact(
            phone_number=profile.contact.phone_number,
            details=profile.contact.details,
            attributes={
                name.removeprefix(OWN): value
                for name, value in sorted(profile.contact.extra.items())
            },
            groups=sorted({group.name for group in profile.groups}),
            is_blacklisted=profile.is_blacklisted,
        )


def export_blacklist(account: Account) -> Iterator[ExportedNumber]:
    """Yield every blacklisted number with its ledger, in the order of numbers."""
    for newest in blacklist.list_blacklist(account):
        entries = [entry for _, entry in blacklist.list_ledger(account, newest.phone_number)]
        yield ExportedNumber(newest, entries[::-1])
