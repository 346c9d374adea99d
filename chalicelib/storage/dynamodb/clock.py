"""What time it is, by the table's own clock.

What is purged is gone, so the clock of the machine that cleans up must not decide what is due.
"""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from chalicelib.storage.dynamodb.connection import table

_KEY_OF_NOTHING: Final = "CLOCK"
"""No item has it: only the head of the answer is wanted."""


class NoClockError(Exception):
    """The engine's answer does not say what time it is."""


def time_of_table() -> datetime:
    """Return the time in UTC, to the second, that the engine writes above its answers.

    Raises:
        NoClockError: It writes none, or one that is no time.
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
