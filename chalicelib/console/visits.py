"""What a browser asks of the console, and what it gets."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final, NamedTuple
from urllib.parse import parse_qs, urlencode

from chalicelib.domain.caller import Caller
from chalicelib.domain.credential import Scope
from chalicelib.domain.errors import InvalidDataError
from chalicelib.domain.sessions import Session

ROOT: Final = "/console"

MULTIPART: Final = "multipart/form-data"

_MAX_FIELDS: Final = 5_000

Fields = Mapping[str, Sequence[str]]


class Visit(NamedTuple):
    """A request for a page.

    ``base`` is what lies before our paths, such as ``/api``: a stage, or the base path of a domain.
    ``path`` begins with :data:`ROOT`, and is decoded. ``source`` is the address of the client.
    ``file`` is what was sent with a form, if the page takes a file.
    ``is_secure`` says whether the browser speaks ``https``, and ``is_partial`` whether a script of
    the page asks, which takes a part of the answer.
    """

    id: str
    method: str
    base: str
    path: str
    query: Fields
    content_type: str
    body: bytes
    cookie: str
    source: str
    is_secure: bool
    is_partial: bool
    received_on: datetime
    ids: Mapping[str, str] = MappingProxyType({})
    file: bytes = b""

    def __repr__(self) -> str:
        """Name the request, without what was searched, typed or signed."""
        return f"<Visit {self.id} {self.method}>"

    @property
    def root(self) -> str:
        """The path of the console as the browser knows it."""
        return f"{self.base}{ROOT}"

    def asked(self, name: str) -> str:
        """Return a parameter of the query; an empty text without it."""
        return last(self.query, name)


class Answer(NamedTuple):
    """A response of the console."""

    status: int
    body: str = ""
    headers: Mapping[str, str] = MappingProxyType({})


class Who(NamedTuple):
    """Who looks at a page. ``token`` is that of the forms of the session."""

    session: Session
    token: str
    caller: Caller | None = None

    @property
    def may_change(self) -> bool:
        """Whether buttons that change something are for them."""
        return self.caller is not None and self.caller.scope is Scope.FULL

    @property
    def known(self) -> Caller:
        """The caller; only pages without a session have none."""
        if self.caller is None:
            raise TypeError("this page needs a session")
        return self.caller


def last(fields: Fields, name: str) -> str:
    """Return the last value of a field; an empty text without it."""
    values = fields.get(name)
    return values[-1] if values else ""


def read_form_with_file(content_type: str, body: bytes) -> tuple[dict[str, list[str]], bytes]:
    """Read the fields of a form, and the file that is sent with it, by the field ``file``.

    Raises:
        InvalidDataError: It is no such form, or a field is not in UTF-8.

    """
    from email.parser import BytesParser  # noqa: PLC0415 - only a page that takes a file needs it

    head = f"Content-Type: {content_type}\r\n\r\n".encode(errors="replace")
    parts = BytesParser().parsebytes(head + body)
    if parts.get_content_type() != MULTIPART or not parts.is_multipart():
        raise InvalidDataError.of("form", "cannot be read")
    fields: dict[str, list[str]] = {}
    file = b""
    for part in parts.walk():
        if part is parts:
            continue
        name = str(part.get_param("name", "", "Content-Disposition"))
        content = bytes(part.get_payload(decode=True) or b"")
        if name == "file":
            file = content
            continue
        try:
            fields.setdefault(name, []).append(content.decode())
        except UnicodeDecodeError as error:
            raise InvalidDataError.of("form", "cannot be read") from error
    return fields, file


def read_form(body: bytes) -> dict[str, list[str]]:
    """Read the fields of a form.

    Raises:
        InvalidDataError: It is no form in UTF-8, or has thousands of fields.

    """
    try:
        return parse_qs(
            body.decode(),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=_MAX_FIELDS,
        )
    except ValueError as error:
        raise InvalidDataError.of("form", "cannot be read") from error


def redirect(visit: Visit, path: str, **query: object) -> Answer:
    """Send the browser to a page of the console, by GET."""
    asked = f"?{urlencode(query)}" if query else ""
    return Answer(303, headers={"Location": f"{visit.root}{path}{asked}"})
