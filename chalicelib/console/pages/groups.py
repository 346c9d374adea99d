"""Groups: how many are in each, and making, renaming and deleting them."""

from itertools import islice
from typing import Final, NamedTuple

from chalicelib.console.pages.forms import Form, as_typed
from chalicelib.console.rendering import page
from chalicelib.console.visits import Answer, Fields, Visit, Who, last, redirect
from chalicelib.domain.account import Account
from chalicelib.domain.contact import deletion_date
from chalicelib.domain.errors import ErrorCode, InvalidDataError, NotFoundError
from chalicelib.domain.group import Group, GroupKind
from chalicelib.domain.ids import id_of_uuid
from chalicelib.domain.limits import MAX_GROUP_NAME_CHARACTERS
from chalicelib.domain.text import checked_text
from chalicelib.services import groups, members

MAX_MEMBERS_READ: Final = 5_000
"""Members that are read to tell what becomes of them; of more, the page says at least how many."""

_KINDS: Final = {kind.value: kind for kind in (GroupKind.STANDARD, GroupKind.STOPLIST)}


class Consequences(NamedTuple):
    """What becomes of the contacts of a group that is deleted.

    ``alone`` are in no other group. If not ``is_all``, there are more than were looked at.
    """

    members: int
    alone: int
    is_all: bool


def show(visit: Visit, who: Who) -> Answer:
    """Show the groups, and a form for another one."""
    return _list(visit, who, Form({"kind": GroupKind.STANDARD.value}))


def create(visit: Visit, who: Who, form: Fields) -> Answer:
    """Create a group."""
    kind = _KINDS.get(last(form, "kind"))
    if kind is None:
        return _list(visit, who, as_typed(form).refused({"kind": "Choose one of these kinds."}))
    try:
        name = _read_name(form)
    except InvalidDataError as error:
        return _list(visit, who, _refused(form, error))
    groups.create_group(who.known, name, visit.received_on, kind=kind)
    return redirect(visit, "/groups", done="group-created")


def show_one(visit: Visit, who: Who) -> Answer:
    """Show a group, with a form that renames it."""
    group = _find(who.known.account, visit)
    return _show(visit, who, group, Form({"name": group.name}))


def rename(visit: Visit, who: Who, form: Fields) -> Answer:
    """Rename a group."""
    group = _find(who.known.account, visit)
    try:
        name = _read_name(form)
    except InvalidDataError as error:
        return _show(visit, who, group, _refused(form, error))
    groups.rename_group(who.known, group.id, name, visit.received_on)
    return redirect(visit, "/groups", done="group-renamed")


def ask_to_delete(visit: Visit, who: Who) -> Answer:
    """Say what happens if a group is deleted, and ask whether it shall be."""
    account = who.known.account
    group = _find(account, visit)
    return page(
        visit,
        who,
        "group_delete.html",
        group=group,
        consequences=_consequences(account, group),
        day=deletion_date(visit.received_on, account.retention_days),
    )


def delete(visit: Visit, who: Who, _form: Fields) -> Answer:
    """Delete a group."""
    groups.delete_group(who.known, _find(who.known.account, visit).id, visit.received_on)
    return redirect(visit, "/groups", done="group-deleted")


def _find(account: Account, visit: Visit) -> Group:
    group_id = id_of_uuid(visit.ids["group"])
    if group_id is None:
        raise NotFoundError(ErrorCode.GROUP_NOT_FOUND)
    return groups.retrieve_group(account, group_id)


def _list(visit: Visit, who: Who, form: Form) -> Answer:
    found = groups.list_groups(who.known.account)
    return page(visit, who, "groups.html", status=form.status, groups=found, form=form)


def _show(visit: Visit, who: Who, group: Group, form: Form) -> Answer:
    return page(visit, who, "group.html", status=form.status, group=group, form=form)


def _consequences(account: Account, group: Group) -> Consequences:
    limit = MAX_MEMBERS_READ
    found = list(islice(members.list_members(account, [group.id], expected=limit + 1), limit + 1))
    counted = found[:limit]
    alone = sum(contact.group_ids == {group.id} for contact in counted)
    return Consequences(len(counted), alone, len(found) <= limit)


def _read_name(form: Fields) -> str:
    name = last(form, "name").strip()
    return checked_text("name", name, shortest=1, longest=MAX_GROUP_NAME_CHARACTERS)


def _refused(form: Fields, error: InvalidDataError) -> Form:
    return as_typed(form).refused({"name": f"The name {error.found[0].message}."})
