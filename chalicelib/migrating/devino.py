"""Devino Telecom's address book: lists, each with contacts and fields of its own."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from chalicelib.domain.field import FieldDefinition, FieldType
from chalicelib.domain.group import GroupKind
from chalicelib.domain.phone import Notation
from chalicelib.migrating.errors import VendorError
from chalicelib.migrating.source import (
    Source,
    SourceContact,
    SourceField,
    SourceGroup,
    SourceOptOut,
    text_in,
)
from chalicelib.migrating.vendor import Entry, VendorKey

_LISTS: Final = "/address-book-api/contact-groups"
_CONTACTS: Final = "/address-book-api/contacts/http/range"
_RESULT: Final = "result"
_LIMIT: Final = 500
_KINDS: Final = {
    "STANDARD": GroupKind.STANDARD,
    "STOPLIST": GroupKind.STOPLIST,
    "PUSH": GroupKind.PUSH,
}
_DETAILS: Final = {"name": "first_name", "surname": "last_name"}
"""The fields that are details of ours."""

_OF_OUR_CHANNEL: Final = "SMS"


class Devino(Source):
    """An account at Devino."""

    notation = Notation.INTERNATIONAL
    not_told = (
        "contacts in no list",
        "opt-outs of numbers in no list",
        "lists of the type OMNI_API",
    )

    @staticmethod
    def authorization(key: VendorKey) -> str:
        """Return the header by which the credential is presented: a key, or login and password."""
        return key.basic if key.username else f"Key {key.token}"

    def groups(self) -> Iterator[SourceGroup]:
        """Yield all lists."""
        for each in self._api.each_of_pages(_LISTS, _RESULT, limit=_LIMIT):
            key = text_in(each, "contactGroupId")
            kind = str(each.get("type", "STANDARD"))
            if kind not in _KINDS:
                self.lost[f"list of the type {kind}; it is a standard one here"] += 1
            if str(each.get("segmentsCount", 0)) != "0":
                self.lost["list with segments"] += 1
            yield SourceGroup(
                key=key,
                name=text_in(each, "name"),
                kind=_KINDS.get(kind, GroupKind.STANDARD),
                fields=[*map(_definition_of, each.get("fields") or ())],
                auto_delete=True if each.get("autoDeleteEnabled") is True else None,
            )

    def gather(self, groups: Sequence[SourceGroup]) -> Iterator[None]:
        """Read the contacts of each list.

        At Devino, a person in two lists is two contacts. We have one for a number, so what the
        later list says goes before what the earlier one says.
        """
        for group in groups:
            self._gathered.begin(group.key)
            defined = {each.name: each.display_name for each in group.fields}
            for contact in self._api.each_of_pages(
                _CONTACTS, _RESULT, limit=_LIMIT, contactGroupId=group.key
            ):
                if not isinstance(contact, dict):
                    raise VendorError("Devino answered a contact that is no object")
                self._add(contact, defined)
                yield

    def opt_outs(self) -> Iterator[SourceOptOut]:
        """Yield the contacts that are unsubscribed from SMS."""
        for _, said in self._gathered.contacts():
            for channel in said["unsubscribed"]:
                if channel != _OF_OUR_CHANNEL:
                    self.lost[f"opt-out of {channel}; only those of SMS are kept"] += 1
            if _OF_OUR_CHANNEL in said["unsubscribed"]:
                yield SourceOptOut(said["phone"], said["unsubscribed"][_OF_OUR_CHANNEL])

    def contacts(self) -> Iterator[SourceContact]:
        """Yield all contacts that are in a list."""
        for key, said in self._gathered.contacts():
            yield SourceContact(
                number=said["phone"],
                details=said["details"],
                groups=self._gathered.groups_of(key),
                fields={name: SourceField(**each) for name, each in said["fields"].items()},
                devices=said["devices"],
            )

    def _add(self, contact: Entry, defined: Mapping[str, str]) -> None:
        phone = contact.get("phone")
        # One without a number cannot be kept. It gets a key of its own, to be told of.
        key = text_in(contact, "phone" if phone else "contactId")
        said = self._gathered.said_of(key) or {
            "phone": phone, "details": {}, "fields": {}, "devices": [], "unsubscribed": {},
        }  # fmt: skip
        if contact.get("email") is not None:
            said["details"]["email"] = contact["email"]
        for field in _entries_in(contact, "fields"):
            if field.get("value") is not None:
                _say_field(said, text_in(field, "name"), field, defined)
        said["devices"] = contact.get("pushInfo") or said["devices"]
        said["unsubscribed"] |= _unsubscribed_from(contact)
        self._gathered.say(key, said)
        self._gathered.add(key)


def _say_field(said: dict[str, Any], name: str, field: Entry, defined: Mapping[str, str]) -> None:
    if name in _DETAILS:
        said["details"][_DETAILS[name]] = field["value"]
        return
    kept = said["fields"].setdefault(name, {})
    kept |= {"type": field.get("type", FieldType.TEXT.value), "value": field["value"]}
    # The list shows a name that it gives a field itself. Any other one is the contact's.
    shown = field.get("displayName")
    if shown not in {None, name, defined.get(name)}:
        kept["display_name"] = shown


def _definition_of(field: object) -> FieldDefinition:
    """Return a field of a list. The vendor's own fields are kept too: their names on screens."""
    name = text_in(field, "name")
    said = field if isinstance(field, dict) else {}
    try:
        kind = FieldType(said.get("type", FieldType.TEXT.value))
    except ValueError as error:
        raise VendorError(f"Devino answered a field of the unknown type {said['type']}") from error
    return FieldDefinition(
        name, str(said.get("displayName") or name), kind, tuple(map(str, said.get("values") or ()))
    )


def _unsubscribed_from(contact: Entry) -> dict[str, str]:
    """Return what is said of each channel that a contact is unsubscribed from."""
    return {
        text_in(channel, "channel"): " ".join(
            str(channel[word]) for word in ("unsubscribedType", "unsubscribedAt") if word in channel
        )
        for unsubscribed in _entries_in(contact, "unsubscribedData")
        for channel in _entries_in(unsubscribed, "channelList")
    }


def _entries_in(entry: Entry, name: str) -> list[Entry]:
    found = entry.get(name) or []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise VendorError(f"Devino answered {name} that are no list of objects")
    return found
