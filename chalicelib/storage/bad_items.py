"""Items that are not as we write them: the clean-up leaves each as it is, and goes on."""

from chalicelib.domain.phone import PhoneNumber
from chalicelib.storage import contact_items
from chalicelib.storage.dynamodb.transactions import TransactionRefusedError
from chalicelib.storage.items import ContactItem


class BadItemError(Exception):
    """An item is not as we write them; the message says what is wrong."""


def refuse_if_unchanged(
    account_id: str, item: ContactItem, refusal: TransactionRefusedError
) -> None:
    """Return if a contact whose write was refused has changed meanwhile, as it should have.

    Otherwise one of its attributes is written as we never write it, and it is refused each time.

    Raises:
        BadItemError: It has not changed.

    """
    there = contact_items.find_item(account_id, PhoneNumber(item.sk))
    if there is not None and there.attribute_values == item.attribute_values:
        raise BadItemError("it is refused, and yet as it was read") from refusal
