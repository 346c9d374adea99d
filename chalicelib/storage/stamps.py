"""What each write leaves on the items that it touches: by whom they were changed, through what.

Counting leaves nothing: how many contacts there are is nobody's change of a group.
"""

from typing import Any, Final

from pynamodb.expressions.update import Action

from chalicelib.domain.caller import Stamp
from chalicelib.storage.dynamodb.batches import StoredItem
from chalicelib.storage.items import StampedItem

_BY: Final[Any] = StampedItem.changed_by
_VIA: Final[Any] = StampedItem.changed_via


def stamping(stamp: Stamp) -> list[Action]:
    """Return the actions that belong to every update of an item that says who changed it."""
    return [_BY.set(stamp.by), _VIA.set(stamp.via)]


def stamping_if_new(stamp: Stamp) -> list[Action]:
    """Return the same for an update that changes nothing of an item which is there."""
    return [_BY.set(_BY | stamp.by), _VIA.set(_VIA | stamp.via)]


def stamped(stamp: Stamp) -> StoredItem:
    """Return what a new item says of who made it, as DynamoDB has it."""
    return {_BY.attr_name: {"S": stamp.by}, _VIA.attr_name: {"S": stamp.via}}


def stamp_values(stamp: Stamp) -> dict[str, Any]:
    """Return the same under the names of a model's attributes."""
    return {"changed_by": stamp.by, "changed_via": stamp.via}
