"""A contact is read as it was stored, with a model or without one."""

from dataclasses import replace

import pytest

from chalicelib.domain.contact import MAX_DETAIL_CHARACTERS, new_contact
from chalicelib.storage.contact_items import contact_in, item_of, stored_of
from chalicelib.storage.items import ContactItem
from tests.account import stamp_of
from tests.storage.conftest import NOW
from tests.storage.steps import data


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"scheduled_deletion_date": NOW.date()},
        {"group_ids": frozenset({1, 2**53 - 1})},
        {"group_ids": frozenset({1, 2}), "stoplist_ids": frozenset({2})},
        {"details": {name: f"{name} ü" for name in MAX_DETAIL_CHARACTERS}},
        {"extra": {"city": "Tallinn", "devino": {"a": [1, None]}}},
    ],
)
def test_contact_is_written_and_read_alike_with_and_without_a_model(changes):
    bare = replace(new_contact(data(), NOW, NOW.date()), scheduled_deletion_date=None)
    contact = replace(bare, **changes)
    stored = stored_of("a", contact, stamp_of(NOW))

    assert item_of("a", contact, stamp_of(NOW)).serialize() == stored
    assert contact_in(stored) == contact
    assert contact_in(ContactItem.from_raw_data(stored).to_dynamodb_dict()) == contact
