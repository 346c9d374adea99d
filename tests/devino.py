"""What a Devino client does, for the tests that do it often."""

from typing import Any
from urllib.parse import urlencode

from chalicelib.dialects.devino.endpoints import BATCH, ROOT
from tests.served import Client

LISTS = f"{ROOT}/contact-groups"
RANGE = f"{ROOT}/contacts/http/range"
MESSENTE = "/v1/phonebook"

__all__ = ["BATCH", "LISTS", "MESSENTE", "RANGE", "ROOT"]


def create_list(client: Client, **fields: object) -> str:
    """Create a list, and return its id."""
    answer = client.send("POST", LISTS, {"name": "List", **fields})
    assert answer.status == 200
    return str(answer.json["result"])


def upload(
    client: Client, group: int | str, *rows: object, check: str | None = None, query: str = ""
) -> list[Any]:
    """Upload contacts into a list, and return what became of each."""
    body = {"contactGroupId": group, "contacts": rows, "duplicateCheckField": check}
    answer = client.send("POST", f"{BATCH}{query}", body)
    assert answer.status == 200
    outcomes: list[Any] = answer.json["result"]
    assert len(outcomes) == len(rows)
    return outcomes


def is_ok(row: Any) -> bool:
    """Say whether a row was taken."""
    return bool(row["code"] == "OK")


def rejected(row: Any) -> tuple[str, str]:
    """Return why a row was not, and for which field."""
    assert row["code"] == "REJECTED"
    return row["result"]["localizationKey"], row["result"]["fieldName"]


def contacts_of(client: Client, group: str, **query: object) -> list[Any]:
    """Return the contacts of a list."""
    answer = client.send("GET", f"{RANGE}?{urlencode({'contactGroupId': group, **query})}")
    assert answer.status == 200
    contacts: list[Any] = answer.json["result"]
    return contacts


def phones_of(client: Client, group: str, **query: object) -> list[str]:
    """Return the numbers of the contacts of a list."""
    return [contact["phone"] for contact in contacts_of(client, group, **query)]


def field_of(contact: Any, name: str) -> Any:
    """Return the one field of that name."""
    (field,) = (field for field in contact["fields"] if field["name"] == name)
    return field
