"""Contacts and groups as the Messente SDKs read them."""

from typing import Any, Final

from chalicelib.dialects.bodies import DETAIL_FIELDS
from chalicelib.domain.contact import Contact
from chalicelib.domain.group import Group
from chalicelib.domain.ids import uuid_of

_CREATED_ON: Final = "%Y-%m-%dT%H:%M:%S.%fZ"


def render_contact(contact: Contact) -> dict[str, Any]:
    """Render ``ContactResponseFields`` with all keys; an unknown value is null.

    The date is never an empty string: every SDK since 1.3.0 fails on that.
    """
    day = contact.scheduled_deletion_date
    return {
        "phoneNumber": contact.phone_number.e164,
        **{field: contact.details.get(name) for field, name in DETAIL_FIELDS.items()},
        "scheduledDeletionDate": day and day.isoformat(),
    }


def render_group(group: Group) -> dict[str, Any]:
    """Render ``GroupResponseFields``."""
    return {
        "id": uuid_of(group.id),
        "name": group.name,
        "createdOn": group.created_on.strftime(_CREATED_ON),
        "contactsCount": group.contacts_count,
    }
