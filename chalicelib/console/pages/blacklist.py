"""The blacklist: who must not be messaged, who said so, and when."""

from collections.abc import Iterator
from http import HTTPStatus
from itertools import islice
from typing import Final

from chalicelib.console.pages.forms import Form, as_typed
from chalicelib.console.pages.listed import AFTER, PAGE_ITEMS, after_of, link, taken
from chalicelib.console.rendering import page
from chalicelib.console.visits import Answer, Fields, Visit, Who, last, redirect
from chalicelib.console.words import ERRORS
from chalicelib.domain.account import Account
from chalicelib.domain.contact import Contact
from chalicelib.domain.errors import (
    ErrorCode,
    InvalidDataError,
    NotFoundError,
    ProblemCollector,
)
from chalicelib.domain.ledger import LedgerEntry, OptOut, Reason, State
from chalicelib.domain.limits import MAX_NOTE_CHARACTERS
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.phone_reading import read_phone_number
from chalicelib.domain.text import checked_text
from chalicelib.services import blacklist, contacts

LEDGER_SHOWN: Final = 100

_LIST_KEY: Final = ("console blacklist",)
_REASONS: Final = {reason.value: reason for reason in Reason if reason is not Reason.STOPLIST}


def show(visit: Visit, who: Who) -> Answer:
    """Show the blacklist, or go to the number that is looked for."""
    text = visit.asked("number").strip()
    if not text:
        return _list(visit, who, Form({"reason": Reason.REQUEST.value}))
    try:
        number = _read_number(who.known.account, text, "looked_for")
    except InvalidDataError as error:
        refused = Form({"looked_for": text}).refused(_problems(error))
        return _list(visit, who, refused)
    return redirect(visit, f"/blacklist/{number.e164}")


def stop(visit: Visit, who: Who, form: Fields) -> Answer:
    """Put a number on the blacklist."""
    problems = ProblemCollector()
    with problems:
        number = _read_number(who.known.account, last(form, "phone"), "phone")
    with problems:
        reason = _read_reason(form)
    with problems:
        note = _read_note(form)
    try:
        problems.raise_if_any()
    except InvalidDataError as error:
        return _list(visit, who, as_typed(form).refused(_problems(error)))
    blacklist.stop_number(who.known, number, visit.received_on, reason=reason, note=note)
    return redirect(visit, f"/blacklist/{number.e164}", done="stopped")


def show_one(visit: Visit, who: Who) -> Answer:
    """Show whether a number may be messaged, and who said so."""
    return _show(visit, who, Form({"reason": Reason.REQUEST.value}))


def allow(visit: Visit, who: Who, form: Fields) -> Answer:
    """Take a number off the blacklist; the note says why."""
    number = _number_of(visit, who.known.account)
    typed = as_typed(form)
    try:
        note = _read_note(form)
        if note is None:
            raise InvalidDataError.of("note", "must say why")
    except InvalidDataError as error:
        return _show(visit, who, typed.refused(_problems(error)))
    try:
        blacklist.allow_number(who.known, number, visit.received_on, note=note)
    except NotFoundError as error:
        refused = typed.refused({"note": ERRORS[error.code][1]}, HTTPStatus.CONFLICT)
        return _show(visit, who, refused)
    return redirect(visit, f"/blacklist/{number.e164}", done="allowed")


def _list(visit: Visit, who: Who, form: Form) -> Answer:
    account = who.known.account
    after = after_of(visit, account, _LIST_KEY)
    found = blacklist.list_blacklist(account, after=after, expected=PAGE_ITEMS + 1)
    entries, cursor = taken(account, _LIST_KEY, found, lambda each: each.phone_number.e164)
    return page(
        visit,
        who,
        "blacklist.html",
        status=form.status,
        entries=entries,
        form=form,
        is_first=after is None,
        more=cursor and link(f"{visit.root}/blacklist", **{AFTER: cursor}),
        choices=_REASONS,
    )


def _show(visit: Visit, who: Who, form: Form) -> Answer:
    account = who.known.account
    number = _number_of(visit, account)
    opt_out = _opt_out_of(account, number)
    ledger: Iterator[tuple[int, LedgerEntry]] = iter(())
    if opt_out is not None:
        ledger = blacklist.list_ledger(account, number, expected=LEDGER_SHOWN)
    return page(
        visit,
        who,
        "number.html",
        status=form.status,
        number=number,
        opt_out=opt_out,
        is_stopped=opt_out is not None and opt_out.entry.state is State.STOPPED,
        ledger=[entry for _, entry in islice(ledger, LEDGER_SHOWN)],
        contact=_contact_of(account, number),
        form=form,
        choices=_REASONS,
    )


def _number_of(visit: Visit, account: Account) -> PhoneNumber:
    try:
        return _read_number(account, visit.ids["phone"], "phone")
    except InvalidDataError:
        raise NotFoundError(ErrorCode.PATH_NOT_FOUND) from None


def _opt_out_of(account: Account, number: PhoneNumber) -> OptOut | None:
    try:
        return blacklist.retrieve_opt_out(account, number)
    except NotFoundError:
        return None


def _contact_of(account: Account, number: PhoneNumber) -> Contact | None:
    try:
        return contacts.retrieve_contact(account, number)
    except NotFoundError:
        return None


def _read_number(account: Account, text: str, field: str) -> PhoneNumber:
    return read_phone_number(text, account, field=field, is_strict=True)


def _read_reason(form: Fields) -> Reason:
    reason = _REASONS.get(last(form, "reason"))
    if reason is None:
        raise InvalidDataError.of("reason", "is none of these")
    return reason


def _read_note(form: Fields) -> str | None:
    return checked_text("note", last(form, "note").strip(), longest=MAX_NOTE_CHARACTERS) or None


def _problems(error: InvalidDataError) -> dict[str, str]:
    return {each.field: f"This {each.message}." for each in error.found}
