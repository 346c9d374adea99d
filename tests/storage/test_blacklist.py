from datetime import timedelta

import pytest

from chalicelib.domain.errors import ConflictError, NotFoundError
from chalicelib.services import blacklist, contacts
from chalicelib.storage import keys
from chalicelib.storage.items import BlacklistItem
from tests.account import caller_of
from tests.storage.conftest import NOW
from tests.storage.steps import blacklisted_numbers, create, number


def test_number_is_blacklisted_whether_or_not_it_is_a_contact(account):
    blacklist.blacklist_number(caller_of(account), number(1), NOW)
    create(account)
    blacklist.blacklist_number(caller_of(account), number(), NOW)

    contacts.delete_contact(caller_of(account), number(), NOW)

    blacklist.check_blacklisted(account, number())
    blacklist.check_blacklisted(account, number(1))
    with pytest.raises(NotFoundError):
        blacklist.check_blacklisted(account, number(2))


def test_blacklisting_twice_is_refused_and_keeps_the_first_date(account):
    blacklist.blacklist_number(caller_of(account), number(), NOW)

    with pytest.raises(ConflictError):
        blacklist.blacklist_number(caller_of(account), number(), NOW + timedelta(days=1))

    item = BlacklistItem.get(keys.blacklist(account.id), number().e164, consistent_read=True)
    assert item.created_on == NOW


def test_number_is_taken_off_once(account):
    blacklist.blacklist_number(caller_of(account), number(), NOW)

    blacklist.allow_number(caller_of(account), number(), NOW)

    with pytest.raises(NotFoundError):
        blacklist.allow_number(caller_of(account), number(), NOW)
    assert blacklisted_numbers(account) == []


def test_blacklist_is_listed_in_order_and_from_behind_a_number(account):
    for index in (3, 1, 2):
        blacklist.blacklist_number(caller_of(account), number(index), NOW)

    assert blacklisted_numbers(account) == [number(1), number(2), number(3)]
    after = blacklisted_numbers(account, after=number(1).e164, expected=1)
    assert after == [number(2), number(3)]
