"""Whoever reads contacts through storage sees no group that was deleted."""

import inspect
from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, get_args

import pytest

from chalicelib import storage
from chalicelib.domain.account import Account
from chalicelib.domain.contact import Contact
from chalicelib.services import groups
from chalicelib.storage import contact_items, contacts, rewrites
from tests.account import caller_of, stamp_of
from tests.storage.conftest import NOW
from tests.storage.steps import create, create_group, join, number, stored_contact

READERS: dict[Callable[..., Any], Callable[[Account], Any]] = {
    contacts.get_contact: lambda account: contacts.get_contact(account.id, number()),
    contacts.list_contacts_by_number: lambda account: contacts.list_contacts_by_number(
        account.id, [number().e164]
    ),
    contacts.list_contacts: lambda account: contacts.list_contacts(
        account.id, after=None, expected=None
    ),
    contacts.update_contact: lambda account: contacts.update_contact(
        account.id, number(), {"title": "a"}, stamp_of(NOW)
    ),
    rewrites.find: lambda account: rewrites.find(account.id, number()),
    rewrites.get: lambda account: rewrites.get(account.id, number()),
    rewrites.rewrite: lambda account: rewrites.rewrite(
        account.id, kept := rewrites.get(account.id, number()), kept.contact, stamp_of(NOW)
    ),
    rewrites.read_each: lambda account: rewrites.read_each(account.id, [number()]).kept(number()),
}


@pytest.mark.parametrize("read", READERS.values(), ids=[each.__name__ for each in READERS])
def test_deleted_group_is_none_of_a_contact_for_any_reader(account, read):
    create(account)
    kept, deleted = create_group(account), create_group(account)
    for group in (kept, deleted):
        join(account, group)
    groups.delete_group(caller_of(account), deleted.id, NOW)
    assert stored_contact(account).group_ids == {kept.id, deleted.id}

    (contact,) = _contacts_in(read(account))

    assert contact.group_ids == {kept.id}


def test_every_reader_of_contacts_is_among_them():
    """Only whoever writes contacts has their items as they are."""
    modules = [
        import_module(f"{storage.__name__}.{found.name}")
        for found in iter_modules(storage.__path__)
    ]
    readers = [
        function
        for module in modules
        if module is not contact_items
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
        if _holds_contacts(function.__annotations__["return"])
    ]

    assert sorted(readers, key=str) == sorted(READERS, key=str)


def _holds_contacts(kind):
    return kind in {Contact, rewrites.Kept, rewrites.Found} or any(
        map(_holds_contacts, get_args(kind))
    )


def _contacts_in(answer):
    match answer:
        case Contact():
            return [answer]
        case rewrites.Kept():
            return [answer.contact]
        case _:
            return list(answer)
