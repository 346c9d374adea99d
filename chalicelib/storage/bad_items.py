"""Malformed items: the clean-up does not touch them, and goes on."""

from chalicelib.domain.phone import PhoneNumber
from chalicelib.storage import contact_items
from chalicelib.storage.dynamodb.transactions import TransactionRefusedError
from chalicelib.storage.items import ContactItem


class BadItemError(Exception):
    """An item is malformed. The message says what is wrong with it."""


def refuse_if_unchanged(
    account_id: str, item: ContactItem, refusal: TransactionRefusedError
) -> None:
    """Check that a contact whose write was refused has changed meanwhile.

    If it has not, one of its attributes is malformed, and every write of it would be refused.

    Raises:
        BadItemError: The contact has not changed.

    """
    there = contact_items.find_item(account_id, PhoneNumber(item.sk))
    if there is not None and there.attribute_values == item.attribute_values:
        raise BadItemError("it is refused, and yet as it was read") from refusal
