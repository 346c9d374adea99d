"""An account to migrate from, and what each vendor's dialect can say of an account."""

import random
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from chalicelib.domain.account import Account
from chalicelib.domain.contact import MAX_DETAIL_CHARACTERS, ContactData
from chalicelib.domain.extra import AUTO_DELETE, PUSH_INFO
from chalicelib.domain.field import (
    Field,
    FieldDefinition,
    FieldType,
    extra_of_definitions,
    extra_of_field,
)
from chalicelib.domain.group import GroupKind
from chalicelib.domain.ledger import Reason, Stop
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.rows import Mode, Rejected
from chalicelib.services import blacklist, groups, uploading
from tests.account import caller_of
from tests.atom import Atom
from tests.devino import LISTS, MESSENTE, contacts_of
from tests.served import Client
from tests.sizes import CONTACTS_TO_MIGRATE

GROUPS: Final = 40
OPT_OUTS: Final = CONTACTS_TO_MIGRATE // 10

_NAMES: Final = ("Õnne", "Любовь", "東京", 'Quote " and \\', "", "e\u0301", "null", "]}")
_FIELDS: Final = {
    "visits": (FieldDefinition("visits", "Number of visits", FieldType.NUMBER), 7),
    "vip": (FieldDefinition("vip", "vip", FieldType.BOOLEAN), True),
    "seen": (FieldDefinition("seen", "Last seen", FieldType.DATE_TIME), "2026-01-02 03:04:05"),
    "gender": (FieldDefinition("gender", "Gender"), "gender.male"),
    "basket": (FieldDefinition("basket", "basket", FieldType.OBJECT), {"a": [1, {"b": None}]}),
    "tags": (FieldDefinition("tags", "tags"), ["x", "y"]),
}
_DEVICE: Final = {"appId": "1", "os": 0, "pushToken": "token"}


def number_of(index: int) -> PhoneNumber:
    """Return the number of a contact."""
    return PhoneNumber(f"+3725{index:07d}")


def fill(account: Account) -> None:
    """Fill an account with contacts, groups and opt-outs of every kind."""
    chance = random.Random(15)
    now = datetime.now(UTC)
    caller = caller_of(account)
    made = [
        groups.create_group(caller, name, now, kind=kind, extra=extra)
        for name, kind, extra in _groups()
    ]
    rows = [
        ContactData(
            number_of(index),
            details=_details(index),
            extra=_extra(index),
            group_ids=[each.id for each in chance.sample(made, 1 + index % 3 if index % 10 else 0)],
        )
        for index in range(CONTACTS_TO_MIGRATE)
    ]
    outcomes = list(uploading.upload_contacts(caller, rows, now, mode=Mode.UPSERT))
    assert not any(isinstance(each, Rejected) for each in outcomes)
    # Every second one of them is no contact.
    stops = [
        Stop(number_of(index * 20), reason, "a note")
        for index, reason in zip(range(OPT_OUTS), _reasons(), strict=False)
    ]
    assert not any(
        isinstance(each, Rejected) for each in blacklist.stop_numbers(caller, stops, now)
    )


def _groups() -> Iterator[tuple[str, GroupKind, Mapping[str, Any]]]:
    yield "Stopped", GroupKind.STOPLIST, {}
    yield "Devices", GroupKind.PUSH, {AUTO_DELETE: True}
    yield "Twins", GroupKind.STANDARD, {}
    yield "Twins", GroupKind.STANDARD, {}
    yield "Fields", GroupKind.STANDARD, extra_of_definitions(each for each, _ in _FIELDS.values())
    for index in range(GROUPS - 5):
        yield f"Group {index} {_NAMES[index % len(_NAMES)]}", GroupKind.STANDARD, {}


def _reasons() -> Iterator[Reason]:
    while True:
        yield from (each for each in Reason if each is not Reason.STOPLIST)


def _details(index: int) -> dict[str, str]:
    """Return some details; every contact has others."""
    known = [name for place, name in enumerate(MAX_DETAIL_CHARACTERS) if index >> place % 7 & 1]
    return {name: f"{_NAMES[index % len(_NAMES)]} {name}".strip() for name in known}


def _extra(index: int) -> dict[str, Any]:
    extra: dict[str, Any] = {PUSH_INFO: [_DEVICE]} if index % 11 == 0 else {}
    for place, (definition, value) in enumerate(_FIELDS.values()):
        if index % 3 == 0 and index >> place & 1:
            extra |= extra_of_field(Field(definition, value))
    return extra


def said_by_messente(client: Client) -> dict[str, Any]:
    """Return all that Messente's dialect says of an account, but for ids, dates and counts."""
    listed = client.send("GET", f"{MESSENTE}/groups").json["groups"]
    contacts = client.send("GET", f"{MESSENTE}/contacts").json["contacts"]
    return {
        "groups": [each["name"] for each in listed],
        "members": [
            _numbers(client.send("GET", f"{MESSENTE}/contacts?groupIds={each['id']}").json)
            for each in listed
        ],
        "contacts": [_without(each, "scheduledDeletionDate") for each in contacts],
        "outside groups": [
            each["phoneNumber"] for each in contacts if each["scheduledDeletionDate"]
        ],
        "blacklist": client.send("GET", f"{MESSENTE}/blacklist").json,
    }


def said_by_messagebird(client: Client) -> dict[str, Any]:
    """Return all that MessageBird's dialect says of an account, but for ids, dates and counts."""

    def all_of(path: str) -> list[Any]:
        items: list[Any] = []
        next_path = f"{path}?limit=500"
        while next_path:
            page = client.send(
                "GET", next_path, headers={"Authorization": client.authorization("AccessKey")}
            ).json
            items += page["items"]
            next_path = (page["links"]["next"] or "").removeprefix(client.url)
        return items

    listed = all_of("/groups")
    contacts = {each["id"]: each for each in all_of("/contacts")}
    own = ("id", "href", "createdDatetime", "updatedDatetime", "messages")
    return {
        "groups": [each["name"] for each in listed],
        "members": [
            [contacts[one["id"]]["msisdn"] for one in all_of(f"/groups/{each['id']}/contacts")]
            for each in listed
        ],
        "contacts": [
            {**_without(each, *own), "groups": each["groups"]["totalCount"]}
            for each in contacts.values()
        ],
    }


def said_by_atom(client: Client) -> dict[str, Any]:
    """Return all that Atom's dialect says of an account, but for ids."""
    atom = Atom(client)
    listed = atom.result("address-book/list", {})
    books = [atom.result("address-book/detail", {"id": each["id"]}) for each in listed]
    ids = sorted({each["id"] for book in books for each in book["contacts"]})
    contacts = [_without(atom.contact(each), "id") for each in ids]
    return {
        "groups": [each["name"] for each in listed],
        "members": [[_without(each, "id") for each in book["contacts"]] for book in books],
        "contacts": sorted(contacts, key=lambda each: str(each["phone_number"])),
    }


def said_by_devino(client: Client) -> dict[str, Any]:
    """Return all that Devino's dialect says of an account, but for ids, dates and counts."""
    listed = client.send("GET", LISTS).json["result"]
    own = ("contactGroupId", "companyId", "creationDate", "lastUpdate", "contactsCount")
    return {
        "lists": [_without(each, *own) for each in listed],
        "contacts": [
            [_said_of_devino_contact(one) for one in contacts_of(client, each["contactGroupId"])]
            for each in listed
        ],
    }


def _said_of_devino_contact(contact: dict[str, Any]) -> dict[str, Any]:
    own = ("contactId", "companyId", "contactGroupId", "creationDate", "lastUpdate")
    return {
        **_without(contact, *own),
        "fields": sorted(contact["fields"], key=lambda field: str(field["name"])),
        "unsubscribedData": [
            [channel["channel"] for channel in each["channelList"]]
            for each in contact["unsubscribedData"]
        ],
    }


SAID: Final[Mapping[str, Callable[[Client], dict[str, Any]]]] = {
    "messente": said_by_messente,
    "messagebird": said_by_messagebird,
    "atom": said_by_atom,
    "devino": said_by_devino,
}
"""What each vendor's dialect says of an account."""


def _numbers(listed: dict[str, Any]) -> list[str]:
    return [each["phoneNumber"] for each in listed["contacts"]]


def _without(entry: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in names}
