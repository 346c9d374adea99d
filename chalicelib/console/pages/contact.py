"""One contact: all that is known of it, and the form that changes it."""

from collections.abc import Sequence
from http import HTTPStatus
from itertools import islice
from typing import Final, NamedTuple

from chalicelib.console.pages.changes import LOOKED_THROUGH, latest_of_contact
from chalicelib.console.pages.forms import Form, as_typed
from chalicelib.console.rendering import page
from chalicelib.console.visits import Answer, Fields, Visit, Who, last, redirect
from chalicelib.console.words import ERRORS, FIELDS
from chalicelib.domain.account import Account
from chalicelib.domain.contact import MAX_DETAIL_CHARACTERS, Contact
from chalicelib.domain.contact_write import ContactWrite
from chalicelib.domain.errors import (
    ConflictError,
    ErrorCode,
    InvalidDataError,
    NamedGroupsNotFoundError,
    NotFoundError,
    PreconditionError,
    RefusedError,
)
from chalicelib.domain.extra import EXTRA_FIELDS, OWN
from chalicelib.domain.ids import id_of_uuid, uuid_of
from chalicelib.domain.limits import MAX_FIELD_CHARACTERS, MAX_FIELD_NAME_CHARACTERS
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.phone_reading import read_phone_number
from chalicelib.domain.precondition import Precondition
from chalicelib.domain.text import checked_text, json_text
from chalicelib.services import blacklist, contacts, groups, writing
from chalicelib.services.profiles import profile_of

LEDGER_SHOWN: Final = 20

_NUMBER: Final = "phone_number"
_ATTRIBUTE: Final = "attribute:"
_NEW_NAME: Final = "new_attribute"
_NEW_VALUE: Final = "new_value"


class Difference(NamedTuple):
    """A field that has another value than the one that was typed."""

    label: str
    typed: str
    kept: str


def show(visit: Visit, who: Who) -> Answer:
    """Show a contact."""
    account = who.known.account
    profile = profile_of(account, _find(account, visit))
    number = profile.contact.phone_number
    ledger = blacklist.list_ledger(account, number, expected=LEDGER_SHOWN)
    return page(
        visit,
        who,
        "contact.html",
        contact=profile.contact,
        profile=profile,
        attributes=_attributes_of(profile.contact),
        ledger=[entry for _, entry in islice(ledger, LEDGER_SHOWN)],
        changes=latest_of_contact(account, profile.contact.id, visit.received_on),
        looked_through=LOOKED_THROUGH,
    )


def show_new(visit: Visit, who: Who) -> Answer:
    """Show the form for a new contact."""
    return _form(visit, who, None, Form())


def create(visit: Visit, who: Who, form: Fields) -> Answer:
    """Create a contact, and show it."""
    typed = as_typed(form)
    try:
        number, write = _read(who.known.account, form)
        contact = writing.create_contact(who.known, number, write, visit.received_on)
    except (InvalidDataError, NamedGroupsNotFoundError) as error:
        return _form(visit, who, None, typed.refused(_problems(error)))
    except ConflictError as error:
        refused = typed.refused({_NUMBER: ERRORS[error.code][1]}, HTTPStatus.CONFLICT)
        return _form(visit, who, None, refused, there=error.contact_id)
    return redirect(visit, f"/contacts/{uuid_of(contact.id)}", done="created")


def show_edit(visit: Visit, who: Who) -> Answer:
    """Show the form that changes a contact."""
    contact = _find(who.known.account, visit)
    return _form(visit, who, contact, _kept(contact))


def save(visit: Visit, who: Who, form: Fields) -> Answer:
    """Change a contact, if it is still the one that the form showed."""
    account, typed = who.known.account, as_typed(form)
    contact = _find(account, visit)
    try:
        number, write = _read(account, form)
        demanded = Precondition(frozenset({(contact.id, _revision(form))}), exists=True)
        write = ContactWrite(
            phone_number=number,
            details=write.details,
            extra=write.extra,
            group_ids=write.group_ids,
            precondition=demanded,
        )
        writing.write_contact(who.known, contact.id, write, visit.received_on)
    except (InvalidDataError, NamedGroupsNotFoundError) as error:
        return _form(visit, who, contact, typed.refused(_problems(error)))
    except (ConflictError, RefusedError) as error:
        sentence = ERRORS.get(error.code, ERRORS[ErrorCode.BUG])[1]
        refused = typed.refused({_NUMBER: sentence}, HTTPStatus.CONFLICT)
        there = error.contact_id if isinstance(error, ConflictError) else None
        return _form(visit, who, contact, refused, there=there)
    except PreconditionError:
        newest = _find(account, visit)
        differences = _differences(account, typed, _kept(newest))
        return _form(
            visit, who, newest, typed.refused({}, HTTPStatus.CONFLICT), differences=differences
        )
    return redirect(visit, f"/contacts/{uuid_of(contact.id)}", done="saved")


def _find(account: Account, visit: Visit) -> Contact:
    contact_id = id_of_uuid(visit.ids["contact"])
    if contact_id is None:
        raise NotFoundError(ErrorCode.CONTACT_NOT_FOUND)
    return contacts.retrieve_contact(account, contact_id)


def _form(  # noqa: PLR0913 - what a form may have to tell
    visit: Visit,
    who: Who,
    contact: Contact | None,
    form: Form,
    *,
    there: int | None = None,
    differences: Sequence[Difference] | None = None,
) -> Answer:
    every = groups.list_groups(who.known.account)
    return page(
        visit,
        who,
        "contact_form.html",
        status=form.status,
        contact=contact,
        revision=contact.revision if contact else 0,
        form=form,
        groups=every,
        attributes={
            name: value for name, value in form.values.items() if name.startswith(_ATTRIBUTE)
        },
        there=there and uuid_of(there),
        differences=differences,
    )


def _kept(contact: Contact) -> Form:
    """Return the form with what a contact has."""
    values = {_NUMBER: contact.phone_number.e164, **contact.details}
    for name, value in contact.extra.items():
        if name.startswith(OWN) and isinstance(value, str):
            values[f"{_ATTRIBUTE}{name.removeprefix(OWN)}"] = value
    return Form(values, {"group": tuple(map(uuid_of, sorted(contact.group_ids)))})


def _attributes_of(contact: Contact) -> list[tuple[str, str]]:
    """Return the attributes of a contact by name, those of vendors after our own."""
    shown = {
        name.removeprefix(OWN): value if isinstance(value, str) else json_text(value)
        for name, value in contact.extra.items()
    }
    return sorted(shown.items(), key=lambda each: ("." in each[0], each[0]))


def _read(account: Account, form: Fields) -> tuple[PhoneNumber, ContactWrite]:
    """Read the whole form.

    Raises:
        InvalidDataError: For every field that is not acceptable.

    """
    problems: dict[str, InvalidDataError] = {}
    number = PhoneNumber("")
    details: dict[str, str | None] = {}
    extra: dict[str, str | None] = {}
    try:
        number = read_phone_number(last(form, _NUMBER), account, field=_NUMBER, is_strict=True)
    except InvalidDataError as error:
        problems[_NUMBER] = error
    for name, longest in MAX_DETAIL_CHARACTERS.items():
        try:
            details[name] = checked_text(name, last(form, name).strip(), longest=longest) or None
        except InvalidDataError as error:
            problems[name] = error
    for field, name, value in _attributes_in(form):
        try:
            checked_text(field, name, longest=MAX_FIELD_NAME_CHARACTERS)
            text = checked_text(field, value, longest=MAX_FIELD_CHARACTERS)
            if "." in name:
                raise InvalidDataError.of(field, "must have a name without a dot")
            if text and not name:
                raise InvalidDataError.of(_NEW_NAME, "must not be empty, since it has a value")
            if name:
                extra[f"{OWN}{name}"] = text or None
        except InvalidDataError as error:
            problems[field] = error
    if problems:
        raise InvalidDataError([each for error in problems.values() for each in error.found])
    sent = dict.fromkeys(form.get("group", ()))
    group_ids = tuple(id_of_uuid(each) or 0 for each in sent)
    return number, ContactWrite(details=details, extra=extra, group_ids=group_ids)


def _attributes_in(form: Fields) -> list[tuple[str, str, str]]:
    """Return the field, the name and the value of each attribute in a form."""
    kept = [
        (field, field.removeprefix(_ATTRIBUTE), last(form, field).strip())
        for field in form
        if field.startswith(_ATTRIBUTE)
    ]
    return [*kept, (_NEW_VALUE, last(form, _NEW_NAME).strip(), last(form, _NEW_VALUE).strip())]


def _revision(form: Fields) -> int:
    text = last(form, "revision")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else -1  # noqa: PLR2004


def _problems(error: InvalidDataError | NamedGroupsNotFoundError) -> dict[str, str]:
    if isinstance(error, NamedGroupsNotFoundError):
        return {"group": "One of the groups was deleted meanwhile: look at them again."}
    named = {each.field: f"{each.message[:1].upper()}{each.message[1:]}." for each in error.found}
    if EXTRA_FIELDS in named:
        named[_NEW_VALUE] = f"All attributes together: {named.pop(EXTRA_FIELDS)}"
    return named


def _differences(account: Account, typed: Form, kept: Form) -> list[Difference]:
    """Return in what the typed form differs from the contact as it is now."""
    names = dict.fromkeys([*FIELDS, *typed.values, *kept.values])
    found = [
        Difference(
            FIELDS.get(name, name.removeprefix(_ATTRIBUTE)), typed.value(name), kept.value(name)
        )
        for name in names
        if name in FIELDS or name.startswith(_ATTRIBUTE)
        if typed.value(name).strip() != kept.value(name)
    ]
    called = {uuid_of(each.id): each.name for each in groups.list_groups(account)}
    one, other = (
        ", ".join(sorted(called.get(each, each) for each in form.many.get("group", ())))
        for form in (typed, kept)
    )
    return found if one == other else [*found, Difference("Groups", one, other)]
