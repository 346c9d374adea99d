"""Messente's Phonebook. Its lists have no pages, and a contact does not say its groups."""

from collections.abc import Iterator, Sequence
from typing import Final

from chalicelib.migrating.source import (
    Source,
    SourceContact,
    SourceGroup,
    SourceOptOut,
    known_in,
    text_in,
)
from chalicelib.migrating.vendor import VendorKey

_CONTACTS: Final = "/v1/phonebook/contacts"
_GROUPS: Final = "/v1/phonebook/groups"
_BLACKLIST: Final = "/v1/phonebook/blacklist"
_NUMBER: Final = "phoneNumber"
_DETAILS: Final = {
    "email": "email",
    "firstName": "first_name",
    "lastName": "last_name",
    "company": "company",
    "title": "title",
    "custom": "custom",
    "custom2": "custom2",
    "custom3": "custom3",
    "custom4": "custom4",
}


class Messente(Source):
    """An account at Messente."""

    not_told = (
        "who stopped a number, when and why",
        "when a contact was created",
    )

    @staticmethod
    def authorization(key: VendorKey) -> str:
        """Return the header by which the credential is presented."""
        return key.basic

    def groups(self) -> Iterator[SourceGroup]:
        """Yield all groups."""
        for group in self._api.each(_GROUPS, "groups"):
            yield SourceGroup(key=text_in(group, "id"), name=text_in(group, "name"))

    def gather(self, groups: Sequence[SourceGroup]) -> Iterator[None]:
        """Read the contacts of each group."""
        for group in groups:
            self._gathered.begin(group.key)
            for contact in self._api.each(_CONTACTS, "contacts", groupIds=group.key):
                self._gathered.add(text_in(contact, _NUMBER))
                yield

    def opt_outs(self) -> Iterator[SourceOptOut]:
        """Yield the blacklist."""
        return map(SourceOptOut, self._api.each(_BLACKLIST, "phoneNumbers"))

    def contacts(self) -> Iterator[SourceContact]:
        """Yield all contacts."""
        for contact in self._api.each(_CONTACTS, "contacts"):
            number = text_in(contact, _NUMBER)
            if contact.get("scheduledDeletionDate"):
                self.lost["day on which a contact outside groups would be deleted; it is new"] += 1
            yield SourceContact(
                number=number,
                details=known_in(contact, _DETAILS),
                groups=self._gathered.groups_of(number),
            )
