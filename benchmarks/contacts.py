"""Contacts by the thousand, as the storage would write them, for large tables."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Final

from benchmarks.engines import Item
from chalicelib.domain.account import Account
from chalicelib.domain.caller import Caller, Stamp
from chalicelib.domain.contact import ContactData, new_contact
from chalicelib.domain.credential import Scope
from chalicelib.domain.group import Group
from chalicelib.domain.phone import PhoneNumber
from chalicelib.storage import keys
from chalicelib.storage.contact_items import item_of
from chalicelib.storage.stamps import stamped

NOW: Final = datetime(2026, 1, 31, 12, tzinfo=UTC)
STAMP: Final = Stamp(NOW, by="0123456789abcdef", via="messente.create_contact")


def caller_of(account: Account) -> Caller:
    """Return who writes what is measured."""
    return Caller(
        account=account,
        username=STAMP.by,
        scope=Scope.FULL,
        request_id="benchmark",
        via=STAMP.via,
    )


def number(index: int) -> str:
    """Return a number that sorts as its index does."""
    return f"+3725{index:07d}"


def membership_item(account: Account, group: Group, index: int) -> Item:
    """Return the membership of the contact with the number of an index."""
    return {
        "PK": {"S": keys.members(account.id, group.id)},
        "SK": {"S": number(index)},
        "joinedOn": {"S": "2026-01-31T12:00:00.000000+0000"},
        **stamped(STAMP),
    }


def contact_items(
    account: Account, indexes: range, due: date | None = None, group_id: int | None = None
) -> Iterator[Item]:
    """Yield contacts that are due on a day, or are in a group, or neither.

    All are copies of one that the storage made, with a number and an id of their own.
    """
    details = {
        "first_name": "Some",
        "last_name": "Body",
        "email": "some.body@example.com",
        "company": "Acme",
        "title": "Sir",
    }
    data = ContactData(phone_number=PhoneNumber(number(0)), details=details)
    contact = replace(
        new_contact(data, NOW, NOW.date()),
        scheduled_deletion_date=due,
        group_ids=frozenset() if group_id is None else frozenset({group_id}),
    )
    pattern = item_of(account.id, contact, STAMP).serialize()
    for index in indexes:
        e164 = number(index)
        item = {**pattern, "SK": {"S": e164}, "id": {"N": str(id_of(index))}}
        if due:
            pk, sk = keys.due(due, account.id, e164)
            item |= {"GSI1PK": {"S": pk}, "GSI1SK": {"S": sk}}
        yield item


def id_items(account: Account, indexes: range) -> Iterator[Item]:
    """Yield what finds those contacts by their ids."""
    partition = keys.contact_ids(account.id)
    for index in indexes:
        yield {
            "PK": {"S": partition},
            "SK": {"S": keys.of_id(id_of(index))},
            "phoneNumber": {"S": number(index)},
            **stamped(STAMP),
        }


def id_of(index: int) -> int:
    """Return the id of a contact, as long as a random one."""
    return 4 * 10**15 + index
