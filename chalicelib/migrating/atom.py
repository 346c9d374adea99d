"""Atom Telecom's contacts and address books. Only the books list contacts, and not all of each."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from chalicelib.domain.phone import Notation
from chalicelib.migrating.errors import VendorError
from chalicelib.migrating.source import (
    Source,
    SourceContact,
    SourceGroup,
    known_in,
    text_in,
)
from chalicelib.migrating.vendor import Entry, VendorKey

_DETAILS: Final = {
    "first_name": "first_name",
    "last_name": "last_name",
    "company": "company",
    "custom_1": "custom",
    "custom_2": "custom2",
    "custom_3": "custom3",
    "custom_4": "custom4",
}


class Atom(Source):
    """An account at Atom."""

    notation = Notation.NATIONAL
    not_told = ("opt-outs", "contacts in no address book")

    @staticmethod
    def authorization(key: VendorKey) -> str:
        """Return the header by which the credential is presented."""
        return f"Bearer {key.token}"

    def groups(self) -> Iterator[SourceGroup]:
        """Yield all address books."""
        for book in self._entries("/api/address-book/list", {}):
            yield SourceGroup(key=text_in(book, "id"), name=text_in(book, "name"))

    def gather(self, groups: Sequence[SourceGroup]) -> Iterator[None]:
        """Read the contacts of each address book, and then each contact by a call of its own.

        At Atom, a person in two address books is two contacts. We have one for a number, so what
        the later one says goes before what the earlier one says.
        """
        for group in groups:
            self._gathered.begin(group.key)
            result = self._result("/api/address-book/detail", {"id": _id_of(group.key)})
            for listed in self._list_in(result, "contacts"):
                self._add(listed)
                yield

    def contacts(self) -> Iterator[SourceContact]:
        """Yield all contacts that are in an address book."""
        for number, said in self._gathered.contacts():
            yield SourceContact(
                number=number, details=said["details"], groups=self._gathered.groups_of(number)
            )

    def _add(self, listed: Entry) -> None:
        number, contact_id = text_in(listed, "phone_number"), text_in(listed, "id")
        said = self._gathered.said_of(number) or {"ids": [], "details": {}}
        if contact_id not in said["ids"]:
            result = self._result("/api/contact/detail", {"id": contact_id})
            contact = result.get("contact") if isinstance(result, dict) else None
            if not isinstance(contact, dict):
                raise VendorError(f"Atom answered no contact for the id {contact_id}")
            said["ids"].append(contact_id)
            said["details"] |= known_in(contact, _DETAILS)
            self._gathered.say(number, said)
        self._gathered.add(number)

    def _entries(self, path: str, body: Entry) -> list[Any]:
        result = self._result(path, body)
        if not isinstance(result, list):
            raise VendorError(f"Atom answered something else than a list to {path}")
        return result

    @staticmethod
    def _list_in(result: object, name: str) -> list[Any]:
        found = result.get(name) if isinstance(result, dict) else None
        if not isinstance(found, list):
            raise VendorError(f"Atom answered an address book without {name}")
        return found

    def _result(self, path: str, body: Entry) -> object:
        answer = self._api.post(path, body)
        if not isinstance(answer, dict) or answer.get("status") != "success":
            raise VendorError(f"Atom answered no success to {path}")
        return answer.get("result")


def _id_of(key: str) -> int | str:
    """Return the id of an address book as Atom documents it: an integer."""
    return int(key) if key.isdecimal() else key
