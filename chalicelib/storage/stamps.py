"""The stamp that each write sets in its items: who changed them, through which operation.

Counting sets no stamp, since a new count is not a change that somebody made to the group.
"""

from typing import Any, Final

from pynamodb.expressions.update import Action

from chalicelib.domain.caller import Stamp
from chalicelib.storage.dynamodb.batches import StoredItem
from chalicelib.storage.items import StampedItem

_BY: Final[Any] = StampedItem.changed_by
_VIA: Final[Any] = StampedItem.changed_via


def stamping(stamp: Stamp) -> list[Action]:
    """Return the actions that every update of a stamped item needs."""
    return [_BY.set(stamp.by), _VIA.set(stamp.via)]


def stamped(stamp: Stamp) -> StoredItem:
    """Return the stamp of a new item, in DynamoDB's form."""
    return {_BY.attr_name: {"S": stamp.by}, _VIA.attr_name: {"S": stamp.via}}


def stamp_values(stamp: Stamp) -> dict[str, Any]:
    """Return the stamp of a new item, as arguments of its model."""
    return {"changed_by": stamp.by, "changed_via": stamp.via}
