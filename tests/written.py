"""Which items are written meanwhile, and who they say changed them."""

from collections.abc import Iterator
from contextlib import contextmanager

from chalicelib.domain.caller import Stamp
from chalicelib.storage.dynamodb.connection import table

COUNTED = {"APPLIED", "ASIDE"}
"""Partitions of what the stream's Lambda keeps for itself."""


@contextmanager
def written() -> Iterator[set[tuple[str, str]]]:
    """Collect the keys of all that is put or updated inside, but for what only counting needs."""
    keys: set[tuple[str, str]] = set()

    def look(params, model, **_):
        for write in _writes_of(model.name, params):
            key = write.get("Key") or write["Item"]
            pk, sk = key["PK"]["S"], key["SK"]["S"]
            if pk.partition("#")[0] not in COUNTED and not sk.startswith("!"):
                keys.add((pk, sk))

    events = table().connection.client.meta.events
    events.register("before-parameter-build.dynamodb", look)
    try:
        yield keys
    finally:
        events.unregister("before-parameter-build.dynamodb", look)


def stamps_of(keys):
    """Return who changed those of some items that are still there, and through what, by key."""
    found = {
        (pk, sk): table().get_item(pk, sk, consistent_read=True).get("Item") for pk, sk in keys
    }
    return {
        key: (item.get("changedBy", {}).get("S"), item.get("changedVia", {}).get("S"))
        for key, item in found.items()
        if item
    }


def assert_stamped(keys, stamp: Stamp):
    """Fail unless there are such items, and each says that it was changed so."""
    stamps = stamps_of(keys)
    assert stamps
    assert set(stamps.values()) == {(stamp.by, stamp.via)}, stamps


def _writes_of(operation, params):
    if operation in {"PutItem", "UpdateItem"}:
        return [params]
    if operation == "TransactWriteItems":
        actions = [next(iter(action.items())) for action in params["TransactItems"]]
        return [write for kind, write in actions if kind in {"Put", "Update"}]
    return []
