"""Contact lists and contacts as the vendor's samples show them.

Ids and counts are strings, as in every sample, although one table calls a count an integer.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from chalicelib.dialects.devino.errors import reason_in_deletion, reason_in_row
from chalicelib.dialects.devino.fields import (
    CHANNELS,
    DETAILS,
    KINDS,
    MAIN_FIELDS,
    MOMENT,
    TYPE_NUMBERS,
    definitions_of,
    digits_of,
    fields_of,
    is_auto_deleting,
    push_info_of,
)
from chalicelib.domain.account import Account
from chalicelib.domain.contact import Contact
from chalicelib.domain.errors import PhonebookError
from chalicelib.domain.field import Field, FieldDefinition
from chalicelib.domain.field_values import in_zone, shifted
from chalicelib.domain.group import Group
from chalicelib.domain.ids import pair_of
from chalicelib.domain.rows import Accepted, Outcome

_MOMENT_WITH_T: Final = "%Y-%m-%dT%H:%M:%S"
_TYPES: Final = {kind: name for name, kind in KINDS.items()}
_COMPANY_ID_BYTES: Final = 4
_INT32: Final = 2**31 - 1
_DISPLAY_NAMES: Final = {
    "phone": "Phone",
    "email": "Email",
    **{name: field.display_name for name, field in MAIN_FIELDS.items()},
}


def company_id_of(account: Account) -> int:
    """Return a number for an account: it never changes, and fits into 32 bits."""
    digest = hashlib.sha256(account.id.encode()).digest()
    return int.from_bytes(digest[:_COMPANY_ID_BYTES]) & _INT32


def render_list(account: Account, group: Group, zone_offset: timedelta) -> dict[str, Any]:
    """Render a contact list. We have no segments, so a list has none."""
    return {
        "contactGroupId": str(group.id),
        "companyId": company_id_of(account),
        "name": group.name,
        "creationDate": in_zone(group.created_on, zone_offset).strftime(_MOMENT_WITH_T),
        "lastUpdate": in_zone(group.updated_on, zone_offset).strftime(_MOMENT_WITH_T),
        "fields": [_render_definition(each) for each in definitions_of(group).values()],
        "contactsCount": str(group.contacts_count),
        "segmentsCount": "0",
        "type": _TYPES[group.kind],
        "autoDeleteEnabled": is_auto_deleting(group),
    }


def render_contact(
    account: Account,
    group: Group,
    contact: Contact,
    unsubscribed_on: datetime | None,
    zone_offset: timedelta,
) -> dict[str, Any]:
    """Render a contact of a list; without devices it has no ``pushInfo``, as in the sample."""
    fields = fields_of(contact, definitions_of(group))
    push_info = push_info_of(contact)
    unsubscribed = []
    if unsubscribed_on is not None:
        local = in_zone(unsubscribed_on, zone_offset)
        unsubscribed.append(_render_unsubscribed(account, contact, local))
    return {
        "contactId": pair_of(group.id, contact.id),
        "companyId": company_id_of(account),
        "contactGroupId": str(group.id),
        "creationDate": in_zone(contact.created_on, zone_offset).strftime(MOMENT),
        "lastUpdate": in_zone(contact.updated_on, zone_offset).strftime(MOMENT),
        "phone": digits_of(contact),
        "email": contact.details.get(DETAILS["email"]),
        "fields": [_render_field(field, zone_offset) for field in fields],
        "unsubscribedData": unsubscribed,
        **({"pushInfo": push_info} if push_info else {}),
    }


def render_row(group: Group, outcome: Outcome) -> dict[str, Any]:
    """Render the outcome of one contact of an upload.

    The names of a list's own fields may be long; they are not repeated in each of 10,000 rows.
    """
    if isinstance(outcome, Accepted):
        return {"code": "OK", "result": {"contactId": pair_of(group.id, outcome.contact.id)}}
    key, field, description = reason_in_row(outcome.reason)
    display_name = _DISPLAY_NAMES.get(field, field)
    result = {"localizationKey": key, "fieldName": field, "displayName": display_name}
    return {"code": "REJECTED", "result": result, "description": description}


def render_deletion(
    parameter: str, outcomes: Mapping[str, PhonebookError | None]
) -> dict[str, Any]:
    """Render the outcome of each list that was to be deleted.

    As in the vendor's table, the reasons are next to the results: one for each rejected list,
    in order.
    """
    results = []
    reasons = []
    for list_id, error in outcomes.items():
        if error is None:
            results.append({"code": "OK", "result": list_id})
        else:
            _, _, description = reason_in_row(error)
            results.append({"code": "REJECTED", "result": list_id, "description": description})
            reasons.append(reason_in_deletion(error, parameter))
    return {"result": results, **({"reasons": reasons} if reasons else {})}


def _render_definition(definition: FieldDefinition) -> dict[str, Any]:
    return {
        "name": definition.name,
        "displayName": definition.display_name,
        "type": TYPE_NUMBERS[definition.type],
        "isDefault": definition.name in MAIN_FIELDS,
        **({"values": definition.values} if definition.values else {}),
    }


def _render_field(field: Field, zone_offset: timedelta) -> dict[str, Any]:
    rendered = _render_definition(field.definition)
    if field.value is not None:
        rendered["value"] = shifted(field.definition.type, field.value, zone_offset)
    return rendered


def _render_unsubscribed(account: Account, contact: Contact, since: datetime) -> dict[str, Any]:
    """Render that a contact's number is on the blacklist; only the type ``SPAM`` is documented."""
    channels = [
        {
            "channel": channel,
            "unsubscribedAt": since.strftime(_MOMENT_WITH_T),
            "unsubscribedType": "SPAM",
        }
        for channel, is_blacklisted in CHANNELS.items()
        if is_blacklisted
    ]
    return {
        "companyId": company_id_of(account),
        "data": digits_of(contact),
        "dataType": "PHONE",
        "channelList": channels,
        "updatedAt": since.strftime(MOMENT),
    }
