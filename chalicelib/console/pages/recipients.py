"""Whom a message would reach now, and who is left out and why."""

import csv
import io
from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

from chalicelib.console.pages.forms import Form, as_typed
from chalicelib.console.rendering import page
from chalicelib.console.visits import Answer, Fields, Visit, Who, last
from chalicelib.domain.account import Account
from chalicelib.domain.errors import InvalidDataError, NotFoundError
from chalicelib.domain.ids import id_of_uuid
from chalicelib.domain.limits import MAX_GROUPS_IN_A_FILTER, MAX_PAGE_ITEMS
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.phone_reading import read_phone_number
from chalicelib.domain.recipients import Campaign, Exclusion, Recipient
from chalicelib.importing.formulas import guarded
from chalicelib.services import groups
from chalicelib.services.recipients import page_of_recipients

MAX_NUMBERS: Final = 1_000
"""Numbers that can be pasted; programs can give more."""

MAX_COUNTED: Final = 20_000
"""Numbers of a campaign that are decided; of more, the page says at least how many."""

SHOWN: Final = 50
"""Recipients that the page names."""

WORDS: Final = {
    Exclusion.BLACKLISTED: "On the blacklist",
    Exclusion.SUPPRESSED: "Stopped, and erased since then",
    Exclusion.EXCLUDED_GROUP: "In a group that is left out",
    Exclusion.INVALID: "Pasted, and no phone number",
    Exclusion.DUPLICATE: "Pasted more than once",
}


class Reached(NamedTuple):
    """Whom a campaign reaches, and how many are left out and why.

    If not ``is_all``, there are more than were looked at. ``unread`` were pasted, and are no
    numbers.
    """

    recipients: list[Recipient]
    left_out: Counter[Exclusion]
    is_all: bool
    unread: list[str]


def show(visit: Visit, who: Who) -> Answer:
    """Show the form."""
    return _page(visit, who, Form(), None)


def preview(visit: Visit, who: Who, form: Fields) -> Answer:
    """Show whom a message to these groups and numbers would reach."""
    typed = as_typed(form)
    try:
        reached = _reach(who.known.account, form)
    except InvalidDataError as error:
        errors = {
            each.field: f"{each.message[:1].upper()}{each.message[1:]}." for each in error.found
        }
        return _page(visit, who, typed.refused(errors), None)
    except NotFoundError:
        errors = {"group": "One of the groups was deleted meanwhile: choose again."}
        return _page(visit, who, typed.refused(errors), None)
    if last(form, "do") != "file":
        return _page(visit, who, typed, reached)
    if not reached.is_all:
        return _page(visit, who, typed.refused({"group": _TOO_MANY}), reached)
    return _file_of(reached.recipients)


_BYTE_ORDER_MARK: Final = "\ufeff"
"""Without it, Excel takes the file for one in another encoding."""

_TOO_MANY: Final = (
    f"A file has at most {MAX_COUNTED:,} numbers, reached or left out. Choose fewer groups, or ask "
    "for all by POST /v2/recipients."
)


def _file_of(recipients: Iterable[Recipient]) -> Answer:
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(("Phone number", "First name", "Last name"))
    for each in recipients:
        details = each.contact.details if each.contact else {}
        names = (guarded(details.get(name) or "") for name in ("first_name", "last_name"))
        writer.writerow((each.phone_number.e164, *names))
    return Answer(
        200,
        f"{_BYTE_ORDER_MARK}{lines.getvalue()}",
        {
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": 'attachment; filename="recipients.csv"',
        },
    )


def _page(visit: Visit, who: Who, form: Form, reached: Reached | None) -> Answer:
    return page(
        visit,
        who,
        "recipients.html",
        status=form.status,
        groups=groups.list_groups(who.known.account),
        form=form,
        reached=reached,
        words=WORDS,
        shown=SHOWN,
    )


def _reach(account: Account, form: Fields) -> Reached:
    group_ids, excluded = _ids_in(form, "group"), _ids_in(form, "without")
    numbers, unread = _numbers_in(form, account)
    if not group_ids and not numbers and not unread:
        raise InvalidDataError.of("group", "choose a group, or paste numbers")
    each = dict.fromkeys(numbers)
    campaign = Campaign(
        group_ids=group_ids,
        numbers=sorted(each, key=lambda number: number.e164),
        excluded_group_ids=excluded,
    )
    recipients, after = list[Recipient](), None
    left_out = Counter(
        {Exclusion.INVALID: len(unread), Exclusion.DUPLICATE: len(numbers) - len(each)}
    )
    while len(recipients) + left_out.total() < MAX_COUNTED:
        some = page_of_recipients(account, campaign, after=after, limit=MAX_PAGE_ITEMS)
        recipients += some.recipients
        left_out.update(each.reason for each in some.excluded)
        after = some.last
        if after is None:
            break
    return Reached(recipients, +left_out, after is None, unread[:SHOWN])


def _ids_in(form: Fields, field: str) -> frozenset[int]:
    sent = form.get(field, ())
    if len(sent) > MAX_GROUPS_IN_A_FILTER:
        raise InvalidDataError.of(field, f"choose at most {MAX_GROUPS_IN_A_FILTER} groups")
    return frozenset(id_of_uuid(each) or 0 for each in sent)


def _numbers_in(form: Fields, account: Account) -> tuple[list[PhoneNumber], list[str]]:
    """Return the numbers that were pasted, one a line, and the lines that are none."""
    lines = [line.strip() for line in last(form, "numbers").splitlines() if line.strip()]
    if len(lines) > MAX_NUMBERS:
        raise InvalidDataError.of("numbers", f"paste at most {MAX_NUMBERS:,} numbers")
    numbers: list[PhoneNumber] = []
    unread: list[str] = []
    for line in lines:
        try:
            numbers.append(read_phone_number(line, account, field="numbers", is_strict=True))
        except InvalidDataError:
            unread.append(line)
    return numbers, unread
