"""Someone who speaks MessageBird's dialect, and what they read."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from chalicelib.dialects.messagebird.endpoints import ENDPOINTS
from tests.served import Answer, Client

CONTACTS = "/contacts"
GROUPS = "/groups"
NOBODY = "70686f6e656240008000000000000001"
"""An id that could be ours, and is nobody's."""

MSISDN = 31612345678
OPERATIONS = [(method, route) for route in ENDPOINTS for method in ENDPOINTS[route]]


@dataclass(frozen=True)
class MessageBird:
    """A client with an access key."""

    client: Client

    @property
    def url(self) -> str:
        """Where the app is served."""
        return self.client.url

    @property
    def access_key(self) -> str:
        """The credential as one token."""
        return f"{self.client.username}.{self.client.secret}"

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str | None] | None = None,
    ) -> Answer:
        """Send a request as :meth:`Client.send` does, with the access key."""
        sent = {"Authorization": f"AccessKey {self.access_key}", **(headers or {})}
        return self.client.send(method, path, body, headers=sent)

    def create_contact(self, msisdn=MSISDN, **parameters):
        answer = self.send("POST", CONTACTS, {"msisdn": msisdn, **parameters})
        assert answer.status == 201
        return answer.json

    def create_group(self, *members, name="Group"):
        answer = self.send("POST", GROUPS, {"name": name})
        assert answer.status == 201
        group = answer.json
        if members:
            ids = [member["id"] for member in members]
            path = f"{GROUPS}/{group['id']}/contacts"
            assert self.send("PUT", path, {"ids": ids}).status == 204
        return group

    def members(self, group):
        """Return the ids in a group, by as many pages as it takes."""
        return [item["id"] for item in self.items(f"{GROUPS}/{group['id']}/contacts")]

    def items(self, path):
        return [item for page in self.pages(path) for item in page["items"]]

    def pages(self, path):
        """Follow a list from link to link, and return its pages."""
        pages = []
        while path:
            answer = self.send("GET", path)
            assert answer.status == 200
            pages.append(answer.json)
            path = path_of_link(answer.json["links"]["next"])
        return pages


def path_of_link(link):
    if link is None:
        return None
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}"


def assert_errors(answer, status, *errors, has_body=True):
    """Fail unless an answer is of these codes and parameters."""
    assert answer.status == status
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"]
    if has_body:
        assert [(item["code"], item["parameter"]) for item in answer.json["errors"]] == [*errors]
