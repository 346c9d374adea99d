import json
from datetime import UTC, date, datetime, timedelta

import pytest

from chalicelib.dialects.devino.errors import ERRORS
from chalicelib.dialects.devino.fields import extra_of_list
from chalicelib.dialects.devino.render import (
    company_id_of,
    render_contact,
    render_deletion,
    render_list,
    render_row,
)
from chalicelib.domain.account import Account
from chalicelib.domain.contact import Contact
from chalicelib.domain.errors import NotFoundError
from chalicelib.domain.field import FieldDefinition, FieldType
from chalicelib.domain.group import Group, GroupKind
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.rows import Rejected
from tests.openapi import DOCUMENTS

NOW = datetime(2026, 1, 31, 23, 30, 0, 999_999, tzinfo=UTC)
UTC_OFFSET = timedelta(0)
ACCOUNT = Account(
    id="0123456789abcdef",
    name="Test",
    default_region="EE",
    retention_days=30,
    cursor_key="key",
    created_on=NOW,
)
GROUP = Group(
    id=2**53 - 1,
    name="List",
    kind=GroupKind.STOPLIST,
    extra=extra_of_list(
        [FieldDefinition("Age", "Years", FieldType.NUMBER, ("1",))], auto_delete=True
    ),
    created_on=NOW,
    updated_on=NOW,
    contacts_count=34_234,
)


def contact(index=0, **extra):
    return Contact(
        id=255,
        phone_number=PhoneNumber(f"+7910000000{index}"),
        details={"first_name": "John"},
        extra={f"devino.fields.{name}": value for name, value in extra.items()},
        group_ids=frozenset({GROUP.id}),
        scheduled_deletion_date=date(2026, 1, 1),
        created_on=NOW,
        updated_on=NOW,
    )


def test_list_is_shown_as_in_the_vendors_sample():
    shown = render_list(ACCOUNT, GROUP, timedelta(hours=1))

    assert shown | {"fields": []} == {
        "contactGroupId": "9007199254740991",
        "companyId": company_id_of(ACCOUNT),
        "name": "List",
        "creationDate": "2026-02-01T00:30:00",
        "lastUpdate": "2026-02-01T00:30:00",
        "fields": [],
        "contactsCount": "34234",
        "segmentsCount": "0",
        "type": "STOPLIST",
        "autoDeleteEnabled": True,
    }
    assert shown["fields"][-1] == {
        "name": "Age", "displayName": "Years", "type": 2, "isDefault": False, "values": ("1",),
    }  # fmt: skip


def test_company_id_is_the_same_for_good():
    """Clients keep it: another way to make it would be another company."""
    assert company_id_of(ACCOUNT) == 530_534_673


def test_contact_is_shown_as_in_the_vendors_sample():
    shown = render_contact(ACCOUNT, GROUP, contact(), NOW, UTC_OFFSET)

    assert shown["contactId"] == "001fffffffffffff-00000000000000ff"
    assert shown["creationDate"] == "2026-01-31 23:30:00"
    assert shown["phone"] == "79100000000"
    assert shown["email"] is None
    assert "pushInfo" not in shown
    (data,) = shown["unsubscribedData"]
    assert data["updatedAt"] == "2026-01-31 23:30:00"
    assert data["channelList"] == [{
        "channel": "SMS", "unsubscribedAt": "2026-01-31T23:30:00", "unsubscribedType": "SPAM",
    }]  # fmt: skip


@pytest.mark.parametrize("code", ERRORS)
def test_row_and_deletion_can_be_rejected_for_any_error(code):
    document = DOCUMENTS["devino"]
    error = NotFoundError(code)

    for schema, shown in [
        ("RejectedContact", render_row(GROUP, Rejected(error))),
        ("Deletions", render_deletion("ids", {"1": error, "2": None})),
    ]:
        document.assert_matches(
            {"$ref": f"#/components/schemas/{schema}"}, json.dumps(shown).encode()
        )
