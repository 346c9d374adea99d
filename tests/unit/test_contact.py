from datetime import UTC, date, datetime

import pytest

from chalicelib.domain.contact import Contact, deletion_date
from chalicelib.domain.phone import PhoneNumber

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def contact_in(*group_ids, day=None):
    return Contact(
        id=1,
        phone_number=PhoneNumber("+37251000000"),
        details={},
        group_ids=frozenset(group_ids),
        scheduled_deletion_date=day,
        created_on=NOW,
        updated_on=NOW,
    )


@pytest.mark.parametrize(
    ("now", "days", "expected"),
    [
        (datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC), 30, date(2026, 3, 2)),
        (datetime(2028, 1, 30, tzinfo=UTC), 30, date(2028, 2, 29)),
        (datetime(2026, 12, 31, tzinfo=UTC), 1, date(2027, 1, 1)),
        (datetime(2026, 12, 31, tzinfo=UTC), 0, date(2026, 12, 31)),
    ],
)
def test_contact_goes_after_the_days_of_its_account(now, days, expected):
    assert deletion_date(now, days) == expected


def test_contact_is_as_it_is_when_no_group_of_its_was_deleted():
    contact = contact_in(1, 2)

    assert contact.without_deleted_groups({3: date(2026, 1, 1)}) == contact


def test_contact_in_a_group_that_is_left_has_no_date():
    seen = contact_in(1, 2).without_deleted_groups({1: date(2026, 1, 1)})

    assert seen == contact_in(2)


def test_contact_whose_every_group_was_deleted_goes_with_the_last_of_them():
    seen = contact_in(1, 2).without_deleted_groups({1: date(2026, 2, 2), 2: date(2026, 2, 1)})

    assert seen == contact_in(day=date(2026, 2, 2))


def test_contact_outside_groups_keeps_its_date():
    contact = contact_in(day=date(2026, 1, 5))

    assert contact.without_deleted_groups({1: date(2026, 2, 2)}) == contact
