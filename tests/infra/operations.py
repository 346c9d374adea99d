"""Every operation of every dialect once, as API Gateway would hand it on, in a working order."""

import base64
import json
from dataclasses import dataclass
from typing import Final

from chalicelib.domain.account import token_of

NUMBER: Final = "+37251000000"


@dataclass(frozen=True)
class Operation:
    """A request: ``{name}`` stands for what an earlier answer gave, found under ``keeps``."""

    scheme: str
    method: str
    route: str
    parameters: dict[str, str]
    body: object = None
    keeps: tuple[str, ...] = ()

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
        event["body"] = json.dumps(self.body) if self.body is not None else None
        return event

    def remember(self, answer, remembered):
        """Keep what later operations need of the answer."""
        if self.keeps:
            value = json.loads(answer["body"])
            for step in self.keeps:
                value = value[step]
            remembered[self.keeps[0]] = value


def _messente(method, path, body=None, keeps=(), **parameters):
    return Operation("Basic", method, f"/v1/phonebook{path}", parameters, body, keeps)


OPERATIONS: Final = {
    "messente": (
        _messente("POST", "/groups", {"name": "Friends"}, ("group", "id")),
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
}
