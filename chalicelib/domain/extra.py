"""Extra fields of a contact or group, which only one dialect knows."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from chalicelib.domain.errors import InvalidDataError
from chalicelib.domain.limits import MAX_EXTRA_CHARACTERS
from chalicelib.domain.text import checked_text

Extra: TypeAlias = Mapping[str, Any]
"""JSON values by name. In a change, None clears a field."""

EXTRA_FIELDS: Final = "extra fields"
"""The name that a problem of all extra fields together has in place of a field's."""

OWN: Final = "v2."
"""How the names of our own attributes begin: those of ``/v2`` and of imported files."""

PUSH_INFO: Final = "devino.pushInfo"
"""The devices of a contact."""

AUTO_DELETE: Final = "devino.autoDeleteEnabled"
"""Whether a group was created with auto-deletion; we keep the flag and do nothing."""

_JSON: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))

NOTHING_EXTRA: Final[Extra] = MappingProxyType({})


def changed_extra(extra: Extra, changes: Extra) -> dict[str, Any]:
    """Return *extra* with some fields set or cleared.

    Raises:
        InvalidDataError: The result would be too large, or is not JSON.

    """
    changed = {name: value for name, value in {**extra, **changes}.items() if value is not None}
    text_of_extra(changed)
    return changed


def is_same_extra(one: Extra, other: Extra) -> bool:
    """Say whether extra fields are the same in JSON; in Python, true equals 1."""
    return one == other and text_of_extra(one) == text_of_extra(other)


def text_of_extra(extra: Extra) -> str | None:
    """Return extra fields as the JSON text to store, or None if there are none.

    Raises:
        InvalidDataError: The text is too long, or a value is not JSON.

    """
    if not extra:
        return None
    try:
        text = _JSON.encode(extra)
    except (ValueError, RecursionError) as error:
        raise InvalidDataError.of(EXTRA_FIELDS, "must be JSON values") from error
    return checked_text(EXTRA_FIELDS, text, longest=MAX_EXTRA_CHARACTERS)


def extra_of_text(text: str | None) -> dict[str, Any]:
    """Return the extra fields from a text that :func:`text_of_extra` made."""
    extra: dict[str, Any] = json.loads(text) if text else {}
    return extra
