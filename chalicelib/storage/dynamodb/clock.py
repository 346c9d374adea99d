"""The time by the clock of DynamoDB.

Purged contacts are lost for good, so a wrong clock of our own machine must not decide what is due.
"""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from chalicelib.storage.dynamodb.connection import table

_KEY_OF_NOTHING: Final = "CLOCK"
"""No item has this key: we need only the header of the answer."""


class NoClockError(Exception):
    """The engine's answer has no valid time."""


def time_of_table() -> datetime:
    """Return the time in the ``Date`` header of the engine's answer, in UTC, to the second.

    Raises:
        NoClockError: The header is missing or is not a time.
        UnavailableError: The table does not serve us.

    """
    answer: dict[str, Any] = table().get_item(
        _KEY_OF_NOTHING, _KEY_OF_NOTHING, consistent_read=True
    )
    said = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    try:
        time = parsedate_to_datetime(said)
    except (TypeError, ValueError) as error:
        raise NoClockError(said) from error
    if time.tzinfo is None:
        raise NoClockError(said)
    return time.astimezone(UTC)
