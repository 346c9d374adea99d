"""Changes: what happened to contacts, groups, memberships and opt-outs, as others are told of it.

A change names what changed by ids, and the fields by their names. It holds no name, no number and
no email: whoever may read those asks for them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

KEPT: Final = timedelta(days=30)
"""How long changes can be read."""

_MOMENT: Final = "%Y-%m-%dT%H:%M:%S.%fZ"


class ChangeType(StrEnum):
    """What happened; these are also the types of events and of messages to webhooks."""

    CONTACT_CREATED = "contact.created"
    CONTACT_CHANGED = "contact.changed"
    CONTACT_NUMBER_CHANGED = "contact.number_changed"
    CONTACT_DELETED = "contact.deleted"
    CONTACT_PURGED = "contact.purged"
    CONTACT_ERASED = "contact.erased"
    GROUP_CREATED = "group.created"
    GROUP_CHANGED = "group.changed"
    GROUP_DELETED = "group.deleted"
    MEMBERSHIP_JOINED = "membership.joined"
    MEMBERSHIP_LEFT = "membership.left"
    NUMBER_STOPPED = "number.stopped"
    NUMBER_ALLOWED = "number.allowed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of one subject.

    ``id`` is the same whenever the change is told again. ``subject`` has the ids of a ``contact``,
    a ``group`` or both, or the ``number`` of an opt-out as its hash. ``revision`` counts the
    subject's writes, and orders its changes. ``actor`` and ``source`` are those of a
    :class:`~chalicelib.domain.caller.Stamp`. ``contact`` is the whole contact, where it is told.
    """

    id: str
    type: ChangeType
    at: datetime
    subject: Mapping[str, str]
    revision: int | None = None
    fields: tuple[str, ...] = ()
    actor: str | None = None
    source: str | None = None
    contact: Mapping[str, Any] | None = None


def rendered(change: Change) -> dict[str, Any]:
    """Return a change as all are told of it, as a JSON object."""
    said = {
        "id": change.id,
        "type": change.type.value,
        "at": change.at.strftime(_MOMENT),
        "subject": dict(change.subject),
        "revision": change.revision,
        "fields": list(change.fields),
        "actor": change.actor,
        "source": change.source,
    }
    return said if change.contact is None else {**said, "contact": dict(change.contact)}
