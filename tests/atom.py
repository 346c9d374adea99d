"""Someone who speaks Atom's dialect: there is no SDK, and so by hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.dialects.atom.endpoints import ENDPOINTS
from chalicelib.domain.credential import token_of
from tests.served import Answer, Client

OPERATIONS: Final = [path.removeprefix("/api/") for path in ENDPOINTS]


@dataclass(frozen=True)
class Atom:
    """A client with its access token."""

    client: Client

    @property
    def bearer(self) -> str:
        """The header that presents the token."""
        return f"Bearer {token_of(self.client.username, self.client.secret)}"

    def post(
        self,
        operation: str,
        body: object = None,
        *,
        method: str = "POST",
        headers: Mapping[str, str | None] | None = None,
    ) -> Answer:
        """Ask for an operation, and return the answer, whatever it is."""
        headers = {"Authorization": self.bearer, **(headers or {})}
        return self.client.send(method, f"/api/{operation}", body, headers=headers)

    def result(self, operation: str, body: object = None) -> Any:
        """Ask for an operation that has to succeed, and return its result."""
        answer = self.post(operation, body)
        assert answer.status == 200, answer.body[:500]
        assert answer.headers["content-type"] == "application/json"
        return answer.json["result"]

    def new_book(self, name: str = "Friends") -> int:
        """Create an address book, and return its id."""
        book: int = self.result("address-book/new", {"name": name})["id"]
        return book

    def new_contact(self, book: int, phone_number: str, **fields: str | None) -> int:
        """Create a contact, and return its id."""
        body = {"group_id": book, "phone_number": phone_number, **fields}
        contact: int = self.result("contact/new", body)["id"]
        return contact

    def contact(self, contact: int) -> Any:
        """Return the details of a contact."""
        return self.result("contact/detail", {"id": contact})["contact"]

    def contacts_in(self, book: int) -> list[int]:
        """Return the ids of all contacts in an address book."""
        return [each["id"] for each in self.result("address-book/detail", {"id": book})["contacts"]]


def assert_error(
    answer: Answer, status: int, code: str, field: str | None = None, *, has_body: bool = True
) -> None:
    """Fail unless an answer is this error, in Atom's shape."""
    assert answer.status == status, answer.body[:500]
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"]
    if has_body:
        assert answer.json["status"] == "error"
        error = answer.json["error"]
        assert (error["code"], error["field"]) == (code, field)
        assert error["message"]
