"""The bus of events: AWS's own way to let other programs follow what happens.

boto3, which the Lambda's runtime has, is loaded for it alone: no request needs it.
"""

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chalicelib.domain.errors import ErrorCode, UnavailableError
from chalicelib.domain.text import json_text
from chalicelib.storage.aws_calls import refusals_told
from chalicelib.storage.dynamodb.batches import in_batches
from chalicelib.storage.dynamodb.tries import DECISION_TRIES, tries

if TYPE_CHECKING:
    from types_boto3_events import EventBridgeClient

SOURCE: Final = "phonebook"

_AT_ONCE: Final = 10
"""EventBridge's limit on the events of one call."""


class Event(NamedTuple):
    """An event: its type, and what it says."""

    type: str
    detail: dict[str, Any]


def put_events(bus: str, events: Iterable[Event]) -> None:
    """Put events on a bus, each at least once.

    Raises:
        UnavailableError: The bus refused some of them at every try, or is out of reach.

    """
    for batch in in_batches(events, _AT_ONCE):
        _put(bus, batch)


def _put(bus: str, events: list[Event]) -> None:
    left = events
    for _ in tries(DECISION_TRIES):
        with refusals_told():
            answer = _client().put_events(
                Entries=[
                    {
                        "EventBusName": bus,
                        "Source": SOURCE,
                        "DetailType": each.type,
                        "Detail": json_text(each.detail),
                    }
                    for each in left
                ]
            )
        left = [
            event
            for event, entry in zip(left, answer["Entries"], strict=True)
            if "ErrorCode" in entry
        ]
        if not left:
            return
    raise UnavailableError(ErrorCode.BUSY)


@cache
def _client() -> "EventBridgeClient":
    import boto3  # noqa: PLC0415 - loaded for events only

    return boto3.session.Session().client("events")
