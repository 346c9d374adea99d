"""What is done with contacts that were chosen from the list."""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Final, NamedTuple

from chalicelib.console.rendering import page
from chalicelib.console.visits import Answer, Fields, Visit, Who, last, redirect
from chalicelib.console.words import ERRORS
from chalicelib.domain.caller import Caller
from chalicelib.domain.contact import Contact
from chalicelib.domain.errors import ErrorCode, InvalidDataError, NotFoundError, PhonebookError
from chalicelib.domain.ids import id_of_uuid
from chalicelib.domain.ledger import Reason, Stop
from chalicelib.domain.rows import Rejected
from chalicelib.services import blacklist, contacts, erasing, groups, memberships
from chalicelib.services.profiles import list_profiles
from chalicelib.services.threads import in_threads

MAX_CHOSEN: Final = 500
"""Contacts that can be chosen at once; what is done with them fits into a request."""


class _Asked(NamedTuple):
    """What is to be done, with which contacts, and with which group."""

    act: str
    contacts: list[Contact]
    missing: int
    group_id: int | None


def change(visit: Visit, who: Who, form: Fields) -> Answer:
    """Do something with the chosen contacts; what cannot be undone is asked first."""
    asked = _read(who.known, form)
    if asked.act in _ASKED_FIRST and last(form, "confirmed") != str(len(asked.contacts)):
        return _ask(visit, who, asked)
    many, problems = _ACTS[asked.act](visit, who.known, asked)
    if problems:
        return page(
            visit, who, "chosen_failures.html", status=HTTPStatus.CONFLICT, many=many,
            problems=problems,
        )  # fmt: skip
    return redirect(visit, "/contacts", done=_DONE[asked.act], many=many)


def _read(caller: Caller, form: Fields) -> _Asked:
    act = last(form, "act")
    if act not in _ACTS:
        raise InvalidDataError.of("act", "is nothing that can be done")
    sent = list(dict.fromkeys(form.get("contact", ())))
    if not sent:
        raise InvalidDataError.of("contacts", "are not chosen: tick those that you mean")
    if len(sent) > MAX_CHOSEN:
        raise InvalidDataError.of("contacts", f"must be at most {MAX_CHOSEN} at once")
    group_id = id_of_uuid(last(form, "group"))
    if act in {"add", "remove"} and group_id is None:
        raise InvalidDataError.of("group", "is not chosen: choose one beside the button")
    found = [each for each in in_threads(lambda each: _find(caller, each), sent) if each]
    return _Asked(act, found, len(sent) - len(found), group_id)


def _find(caller: Caller, uuid: str) -> Contact | None:
    contact_id = id_of_uuid(uuid)
    try:
        return contacts.retrieve_contact(caller.account, contact_id) if contact_id else None
    except NotFoundError:
        return None


def _ask(visit: Visit, who: Who, asked: _Asked) -> Answer:
    profiles = list(list_profiles(who.known.account, asked.contacts))
    return page(
        visit,
        who,
        "chosen_ask.html",
        act=asked.act,
        profiles=profiles,
        missing=asked.missing,
        memberships=sum(len(each.groups) for each in profiles),
        blacklisted=sum(each.is_blacklisted for each in profiles),
    )


_Outcome = tuple[int, list[str]]


def _add(visit: Visit, caller: Caller, asked: _Asked) -> _Outcome:
    return _move(visit, caller, asked, is_joining=True)


def _remove(visit: Visit, caller: Caller, asked: _Asked) -> _Outcome:
    return _move(visit, caller, asked, is_joining=False)


def _move(visit: Visit, caller: Caller, asked: _Asked, *, is_joining: bool) -> _Outcome:
    group = groups.retrieve_group(caller.account, asked.group_id or 0)
    ids = [each.id for each in asked.contacts]
    joined, left = memberships.change_members(
        caller,
        group.id,
        add=ids if is_joining else (),
        remove=() if is_joining else ids,
        now=visit.received_on,
    )
    return _told(asked.contacts, joined if is_joining else left)


def _stop(visit: Visit, caller: Caller, asked: _Asked) -> _Outcome:
    rows = [Stop(each.phone_number, Reason.OPERATOR) for each in asked.contacts]
    return _told(asked.contacts, blacklist.stop_numbers(caller, rows, visit.received_on))


def _delete(visit: Visit, caller: Caller, asked: _Asked) -> _Outcome:
    return _each(
        asked.contacts, lambda each: contacts.delete_contact(caller, each.id, visit.received_on)
    )


def _erase(visit: Visit, caller: Caller, asked: _Asked) -> _Outcome:
    def erase(contact: Contact) -> None:
        erasing.erase(caller, contact.id, visit.received_on)

    return _each(asked.contacts, erase)


def _each(chosen: Sequence[Contact], do: Callable[[Contact], None]) -> _Outcome:
    """Do something with each contact, one after another; one that fails stops no other."""
    problems = []
    for contact in chosen:
        try:
            do(contact)
        except NotFoundError:
            continue  # Somebody else has done it already.
        except PhonebookError as error:
            problems.append(_problem(contact, error.code))
    return len(chosen) - len(problems), problems


def _told(chosen: Sequence[Contact], outcomes: Sequence[object]) -> _Outcome:
    problems = [
        _problem(contact, outcome.reason.code)
        for contact, outcome in zip(chosen, outcomes, strict=True)
        if isinstance(outcome, Rejected)
    ]
    return len(chosen) - len(problems), problems


def _problem(contact: Contact, code: ErrorCode) -> str:
    return f"{contact.phone_number.e164}: {ERRORS.get(code, ERRORS[ErrorCode.BUG])[1]}"


_ACTS: Final[Mapping[str, Callable[[Visit, Caller, _Asked], _Outcome]]] = {
    "add": _add,
    "remove": _remove,
    "blacklist": _stop,
    "delete": _delete,
    "erase": _erase,
}
_ASKED_FIRST: Final = frozenset({"blacklist", "delete", "erase"})
_DONE: Final = {
    "add": "added",
    "remove": "removed",
    "blacklist": "blacklisted",
    "delete": "deleted",
    "erase": "erased",
}
