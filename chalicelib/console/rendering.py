"""Rendering pages from templates. Whatever people wrote is escaped."""

from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from chalicelib.console import assets, words
from chalicelib.console.visits import Answer, Visit, Who
from chalicelib.domain.contact import Contact
from chalicelib.domain.ids import uuid_of

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_HEADERS: Final = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    # Without the address of a page, which may have what was searched.
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def page(visit: Visit, who: Who, template: str, *, status: int = 200, **values: object) -> Answer:
    """Return a page made from a template and values for it."""
    body = (
        _environment()
        .get_template(template)
        .render(
            root=visit.root,
            path=visit.path,
            who=who,
            done=_done(visit),
            today=visit.received_on.date(),
            **values,
        )
    )
    return Answer(status, body, _HEADERS)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals |= {
        "asset": assets.path_of,
        "fields": words.FIELDS,
        "reasons": words.REASONS,
    }
    environment.filters |= {
        "day": _day,
        "moment": _moment,
        "number": _number,
        "uuid": uuid_of,
        "full_name": full_name,
    }
    return environment


def full_name(contact: Contact) -> str:
    """Return what a contact is called; its number, if it has no name."""
    names = (contact.details.get(each, "").strip() for each in ("first_name", "last_name"))
    return " ".join(filter(None, names)) or contact.phone_number.e164


def _done(visit: Visit) -> str | None:
    said = words.DONE.get(visit.asked("done"))
    many = visit.asked("many")
    return said and said.format(many=many if many.isascii() and many.isdigit() else "")


def _day(value: date) -> str:
    return f"{value.day} {value:%B %Y}"


def _moment(value: datetime) -> str:
    return f"{value.day} {value:%B %Y, %H:%M} UTC"


def _number(value: int) -> str:
    return f"{value:,}"
