"""Every operation of every dialect once, as API Gateway would hand it on, in a working order."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from chalicelib.domain.credential import token_of

NUMBER: Final = "+37251000000"
OTHER: Final = "+37251000001"
NOT_OF_DEVINO: Final = "+37251000002"
"""One that nobody leaves behind."""
NOBODYS_URL: Final = "https://127.0.0.1/hook"
"""Of a receiver to which nothing is sent."""
DEVINOS_LISTS: Final = "/address-book-api/contact-groups"


@dataclass(frozen=True)
class Operation:
    """A request; ``{name}`` in it stands for what an earlier one kept under that name.

    ``keeps`` is the name under which to keep something of the answer, and the way to it.
    """

    scheme: str
    method: str
    route: str
    parameters: dict[str, str]
    body: object = None
    keeps: tuple[str, ...] = ()
    query: Mapping[str, str] = field(default_factory=dict)

    def event(self, template, username, secret, remembered):
        """Return the event that API Gateway makes of it."""
        event = json.loads(json.dumps(template)) | {"httpMethod": self.method, "path": self.route}
        event["requestContext"] |= {
            "httpMethod": self.method, "path": f"/api{self.route}", "resourcePath": self.route,
        }  # fmt: skip
        event["pathParameters"] = {
            name: value.format(**remembered) for name, value in self.parameters.items()
        }
        token = token_of(username, secret)
        if self.scheme == "Basic":
            token = base64.b64encode(f"{username}:{secret}".encode()).decode()
        event["headers"]["Authorization"] = f"{self.scheme} {token}"
        event["body"] = _filled(self.body, remembered)
        query = {name: [value.format(**remembered)] for name, value in self.query.items()}
        event["multiValueQueryStringParameters"] = query or None
        return event

    def remember(self, answer, remembered):
        """Keep what later operations need of the answer."""
        if self.keeps:
            value = json.loads(answer["body"])
            name, *steps = self.keeps
            for step in steps:
                value = value[step]
            remembered[name] = value


def _filled(body, remembered):
    """Return a body as JSON, with what earlier answers gave in place of their names."""
    if body is None:
        return None
    filled = json.dumps(body)
    for name, value in remembered.items():
        filled = filled.replace(json.dumps(f"{{{name}}}"), json.dumps(value))
    return filled


def _messente(method, path, body=None, keeps=(), **parameters):
    return Operation("Basic", method, f"/v1/phonebook{path}", parameters, body, keeps)


def _atom(path, body=None, keeps=()):
    return Operation("Bearer", "POST", f"/api{path}", {}, body, keeps)


def _devino(method, path, body=None, keeps=(), **query):
    return Operation("Key", method, path, {}, body, keeps, query)


def _devinos_list_created_and_deleted(path):
    return (
        _devino("POST", DEVINOS_LISTS, {"name": "Friends"}, ("group", "result")),
        _devino("DELETE", path, ids="{group}"),
    )


def _messagebird(method, path, body=None, keeps=(), **parameters):
    return Operation("AccessKey", method, path, parameters, body, keeps)


def _v2(method, path, body=None, keeps=(), **parameters):
    return Operation("Bearer", method, f"/v2{path}", parameters, body, keeps)


OPERATIONS: Final = {
    "messente": (
        _messente("POST", "/groups", {"name": "Friends"}, ("group", "group", "id")),
        _messente("GET", "/groups"),
        _messente("GET", "/groups/{groupId}", groupId="{group}"),
        _messente("PUT", "/groups/{groupId}", {"name": "Foes"}, groupId="{group}"),
        _messente("POST", "/contacts", {"phoneNumber": NUMBER}),
        _messente("GET", "/contacts"),
        _messente("PATCH", "/contacts/{phone}", {"title": "Sir"}, phone=NUMBER),
        _messente("POST", "/groups/{groupId}/contacts/{phone}", groupId="{group}", phone=NUMBER),
        _messente("GET", "/contacts/{phone}", phone=NUMBER),
        _messente("GET", "/contacts/{phone}/groups", phone=NUMBER),
        _messente("DELETE", "/groups/{groupId}/contacts/{phone}", groupId="{group}", phone=NUMBER),
        _messente("DELETE", "/contacts/{phone}", phone=NUMBER),
        _messente("DELETE", "/groups/{groupId}", groupId="{group}"),
        _messente("POST", "/blacklist", {"phoneNumber": NUMBER}),
        _messente("GET", "/blacklist"),
        _messente("GET", "/blacklist/{phone}", phone=NUMBER),
        _messente("DELETE", "/blacklist/{phone}", phone=NUMBER),
    ),
    "messagebird": (
        _messagebird("POST", "/groups", {"name": "Friends"}, ("group", "id")),
        _messagebird("GET", "/groups"),
        _messagebird("GET", "/groups/{groupId}", groupId="{group}"),
        _messagebird("PATCH", "/groups/{groupId}", {"name": "Foes"}, groupId="{group}"),
        _messagebird("POST", "/contacts", {"msisdn": NUMBER}, ("contact", "id")),
        _messagebird("GET", "/contacts"),
        _messagebird("GET", "/contacts/{contactId}", contactId="{contact}"),
        _messagebird("GET", "/contacts/{contactId}/messages", contactId="{contact}"),
        _messagebird(
            "PUT", "/groups/{groupId}/contacts", {"ids": ["{contact}"]}, groupId="{group}"
        ),
        _messagebird("PUT", "/groups/{groupId}", {"ids": ["{contact}"]}, groupId="{group}"),
        _messagebird("PATCH", "/contacts/{contactId}", {"msisdn": OTHER}, contactId="{contact}"),
        _messagebird("GET", "/contacts/{contactId}/groups", contactId="{contact}"),
        _messagebird("GET", "/groups/{groupId}/contacts", groupId="{group}"),
        _messagebird(
            "DELETE",
            "/groups/{groupId}/contacts/{contactId}",
            groupId="{group}",
            contactId="{contact}",
        ),
        _messagebird("DELETE", "/contacts/{contactId}", contactId="{contact}"),
        _messagebird("DELETE", "/groups/{groupId}", groupId="{group}"),
    ),
    "atom": (
        _atom("/address-book/new", {"name": "Friends"}, ("group", "result", "id")),
        _atom("/address-book/list"),
        _atom("/address-book/edit", {"id": "{group}", "name": "Foes"}),
        _atom(
            "/contact/new",
            {"group_id": "{group}", "phone_number": NUMBER},
            ("contact", "result", "id"),
        ),
        _atom("/contact/detail", {"id": "{contact}"}),
        _atom("/contact/edit", {"id": "{contact}", "group_id": "{group}", "company": "Acme"}),
        _atom("/address-book/detail", {"id": "{group}"}),
        _atom("/contact/delete", {"id": "{contact}"}),
        _atom("/address-book/delete", {"id": "{group}"}),
    ),
    "devino": (
        _devino("POST", DEVINOS_LISTS, {"name": "Stop", "type": "STOPLIST"}, ("group", "result")),
        _devino("GET", DEVINOS_LISTS),
        _devino(
            "POST",
            "/address-book-api/contacts/batch",
            {"contactGroupId": "{group}", "contacts": [{"phone": NUMBER}]},
        ),
        _devino("GET", "/address-book-api/contacts/http/range", contactGroupId="{group}"),
        _devino("DELETE", DEVINOS_LISTS, ids="{group}"),
        *_devinos_list_created_and_deleted("/address-book-api/contacts-groups"),
        *_devinos_list_created_and_deleted("/contact-groups"),
        *_devinos_list_created_and_deleted("/contacts-groups"),
    ),
    "v2": (
        _v2("GET", "/account"),
        _v2("POST", "/groups", {"name": "Stop", "kind": "stoplist"}, ("group", "id")),
        _v2("GET", "/groups"),
        _v2("GET", "/groups/{group}", group="{group}"),
        _v2("PATCH", "/groups/{group}", {"name": "Foes"}, group="{group}"),
        _v2("POST", "/contacts", {"phoneNumber": NOT_OF_DEVINO}, ("contact", "id")),
        _v2(
            "POST", "/contacts/batch", {"contacts": [{"phoneNumber": NOT_OF_DEVINO, "title": "A"}]}
        ),
        _v2("GET", "/contacts"),
        _v2("GET", "/contacts/{contact}", contact="{contact}"),
        _v2("PATCH", "/contacts/{contact}", {"phoneNumber": OTHER}, contact="{contact}"),
        _v2("PUT", "/contacts/{contact}", {"title": "Sir"}, contact=OTHER),
        _v2("PUT", "/contacts/{contact}/groups", {"groups": ["{group}"]}, contact="{contact}"),
        _v2("GET", "/groups/{group}/members", group="{group}"),
        _v2("PATCH", "/groups/{group}/members", {"remove": ["{contact}"]}, group="{group}"),
        _v2("POST", "/recipients", {"groups": ["{group}"], "numbers": [NUMBER]}),
        _v2("DELETE", "/contacts/{contact}", contact="{contact}"),
        _v2("DELETE", "/groups/{group}", group="{group}"),
        _v2("PUT", "/blacklist/{phone}", {"reason": "complaint"}, phone=NUMBER),
        _v2("POST", "/blacklist/batch", {"entries": [{"phoneNumber": NOT_OF_DEVINO}]}),
        _v2("GET", "/blacklist"),
        _v2("GET", "/blacklist/{phone}", phone=NUMBER),
        _v2("GET", "/contacts/{contact}/everything", contact=NUMBER),
        _v2("POST", "/contacts/{contact}/erase", {}, contact=NUMBER),
        _v2("DELETE", "/blacklist/{phone}", phone=NUMBER),
        _v2("POST", "/imports", {"mode": "create"}, ("import", "id")),
        _v2("GET", "/imports"),
        _v2("GET", "/imports/{import}", **{"import": "{import}"}),
        _v2("DELETE", "/imports/{import}", **{"import": "{import}"}),
        _v2("POST", "/exports", {}, ("export", "id")),
        _v2("GET", "/exports"),
        _v2("GET", "/exports/{export}", export="{export}"),
        _v2("DELETE", "/exports/{export}", export="{export}"),
        _v2("POST", "/webhooks", {"url": NOBODYS_URL}, ("webhook", "id")),
        _v2("GET", "/webhooks"),
        _v2("GET", "/webhooks/{webhook}", webhook="{webhook}"),
        _v2("PATCH", "/webhooks/{webhook}", {"isOn": False}, webhook="{webhook}"),
        _v2("POST", "/webhooks/{webhook}/rotate", webhook="{webhook}"),
        _v2("POST", "/webhooks/{webhook}/test", webhook="{webhook}"),
        _v2("GET", "/webhooks/{webhook}/deliveries", webhook="{webhook}"),
        _v2("PATCH", "/webhooks/{webhook}", {"isOn": True}, webhook="{webhook}"),
        _v2(
            "POST",
            "/webhooks/{webhook}/replay",
            {"since": datetime.now(UTC).isoformat()},
            webhook="{webhook}",
        ),
        _v2("GET", "/changes"),
        _v2("DELETE", "/webhooks/{webhook}", webhook="{webhook}"),
    ),
}
