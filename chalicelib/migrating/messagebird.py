"""MessageBird's Contacts and Groups, in pages by offset. They know nothing of opt-outs."""

from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import quote

from chalicelib.migrating.source import (
    Source,
    SourceContact,
    SourceGroup,
    known_in,
    text_in,
)
from chalicelib.migrating.vendor import Entry, VendorKey

_ITEMS: Final = "items"
_LIMIT: Final = 200
_NAMES: Final = {"firstName": "first_name", "lastName": "last_name"}
_CUSTOM: Final = {
    "custom1": "custom",
    "custom2": "custom2",
    "custom3": "custom3",
    "custom4": "custom4",
}


class MessageBird(Source):
    """An account at MessageBird."""

    not_told = ("opt-outs",)

    @staticmethod
    def authorization(key: VendorKey) -> str:
        """Return the header by which the credential is presented."""
        return f"AccessKey {key.token}"

    def groups(self) -> Iterator[SourceGroup]:
        """Yield all groups."""
        for group in self._api.each_of_pages("/groups", _ITEMS, limit=_LIMIT):
            yield SourceGroup(key=text_in(group, "id"), name=text_in(group, "name"))

    def gather(self, groups: Sequence[SourceGroup]) -> Iterator[None]:
        """Read the contacts of each group: a contact's own groups would take a call for each."""
        for group in groups:
            self._gathered.begin(group.key)
            path = f"/groups/{quote(group.key, safe='')}/contacts"
            for contact in self._api.each_of_pages(path, _ITEMS, limit=_LIMIT):
                self._gathered.add(text_in(contact, "id"))
                yield

    def contacts(self) -> Iterator[SourceContact]:
        """Yield all contacts."""
        for contact in self._api.each_of_pages("/contacts", _ITEMS, limit=_LIMIT):
            key = text_in(contact, "id")
            if _count_in(contact, "messages"):
                self.lost["contact with messages; they stay at MessageBird"] += 1
            number = contact.get("msisdn")
            yield SourceContact(
                # It is an integer, and international (their SDKs).
                number=f"+{number}" if isinstance(number, int) else number,
                details=_details_of(contact),
                groups=self._gathered.groups_of(key),
            )


def _details_of(contact: Entry) -> dict[str, object]:
    """Return the details that are known; an unknown one is an empty text (their documentation)."""
    custom = contact.get("customDetails")
    said = {
        **known_in(contact, _NAMES),
        **known_in(custom if isinstance(custom, dict) else {}, _CUSTOM),
    }
    return {name: value for name, value in said.items() if value != ""}


def _count_in(entry: Entry, name: str) -> int:
    linked = entry.get(name)
    count = linked.get("totalCount") if isinstance(linked, dict) else 0
    return count if isinstance(count, int) else 0
