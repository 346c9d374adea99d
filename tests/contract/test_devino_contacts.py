"""Devino: uploading contacts into a list, and reading them."""

import json
import time
from urllib.parse import urlencode

import pytest

from chalicelib.domain.ids import ids_of_pair
from tests.devino import (
    BATCH,
    LISTS,
    MESSENTE,
    RANGE,
    contacts_of,
    create_list,
    field_of,
    is_ok,
    phones_of,
    rejected,
    upload,
)
from tests.patience import eventually

PHONE = "79100000000"
SAMPLE = {
    "email": "john@ggl.cm",
    "fields": [
        {"name": "name", "type": 3, "value": "John"},
        {"name": "surname", "type": 3, "value": "Smith"},
        {"name": "gender", "type": 3, "value": "gender.male"},
    ],
    "phone": PHONE,
    "pushInfo": [{"appId": "23244532534", "os": 0, "pushToken": "23fsdivfwrq34frvsfgwgrst4334rfw"}],
}
"""The contact of the vendor's own sample."""


def test_sample_of_the_vendor_is_kept_and_shown(client):
    group = create_list(client)

    (row,) = upload(client, int(group), SAMPLE, check="phone")

    contact_id = row["result"]["contactId"]
    assert row == {"code": "OK", "result": {"contactId": contact_id}}
    ids = ids_of_pair(contact_id)
    assert ids
    assert ids[0] == int(group)
    (contact,) = contacts_of(client, group)
    assert contact["contactId"] == contact_id
    assert contact["contactGroupId"] == group
    assert contact["phone"] == PHONE
    assert contact["email"] == "john@ggl.cm"
    assert contact["pushInfo"] == SAMPLE["pushInfo"]
    assert contact["unsubscribedData"] == []
    assert field_of(contact, "name")["value"] == "John"
    assert field_of(contact, "surname") == {
        "name": "surname", "displayName": "Last name", "type": 3, "isDefault": True,
        "value": "Smith",
    }  # fmt: skip
    assert field_of(contact, "gender")["values"] == ["gender.male", "gender.female"]
    assert "value" not in field_of(contact, "city")


def test_contact_is_the_same_in_messentes_dialect(client):
    group = create_list(client)
    upload(client, group, SAMPLE)

    shown = client.send("GET", f"{MESSENTE}/contacts/+{PHONE}").json["contact"]
    assert (shown["firstName"], shown["lastName"], shown["email"]) == (
        "John", "Smith", "john@ggl.cm",
    )  # fmt: skip
    assert shown["scheduledDeletionDate"] is None
    client.send("PATCH", f"{MESSENTE}/contacts/{PHONE}", {"firstName": "Jack"})

    (contact,) = contacts_of(client, group)
    assert field_of(contact, "name")["value"] == "Jack"
    assert field_of(contact, "gender")["value"] == "gender.male"


def test_second_upload_updates_and_keeps_the_id_unless_duplicates_are_refused(client):
    group = create_list(client)
    (first,) = upload(client, group, SAMPLE)

    (updated,) = upload(client, group, {"phone": f"+{PHONE}", "fields": [
        {"name": "name", "value": "Jack"}, {"name": "gender", "value": None},
    ]})  # fmt: skip
    assert updated == first
    (refused,) = upload(client, group, {"phone": PHONE, "email": "other@a.b"}, check="phone")
    assert refused == {
        "code": "REJECTED",
        "result": {"localizationKey": "DUPLICATE_VALUE", "fieldName": "phone",
                   "displayName": "Phone"},
        "description": "Duplicate",
    }  # fmt: skip

    (contact,) = contacts_of(client, group)
    assert contact["email"] == "john@ggl.cm"
    assert field_of(contact, "name")["value"] == "Jack"
    assert field_of(contact, "surname")["value"] == "Smith"
    assert "value" not in field_of(contact, "gender")


def test_same_number_twice_in_one_upload_is_a_duplicate_too(client):
    group = create_list(client)

    first, second = upload(client, group, {"phone": PHONE}, {"phone": f"+{PHONE}"}, check="phone")

    assert is_ok(first)
    assert rejected(second) == ("DUPLICATE_VALUE", "phone")


def test_duplicate_email_is_refused_whatever_the_number(client):
    group = create_list(client)
    upload(client, group, {"phone": PHONE, "email": "john@ggl.cm"})

    rows = upload(
        client, group,
        {"phone": "79100000001", "email": "JOHN@ggl.cm"},
        {"phone": "79100000002", "email": "a@b.c"},
        {"phone": "79100000003", "email": "a@b.c"},
        {"phone": "79100000004"},
        {"phone": PHONE, "email": "new@b.c"},
        check="email",
    )  # fmt: skip

    assert rejected(rows[0]) == rejected(rows[2]) == ("DUPLICATE_VALUE", "email")
    assert rows[0]["result"]["displayName"] == "Email"
    assert [is_ok(row) for row in rows] == [False, True, False, True, True]
    assert phones_of(client, group) == [PHONE, "79100000002", "79100000004"]


def test_contact_of_another_list_is_no_duplicate(client):
    first, second = create_list(client), create_list(client)
    upload(client, first, {"phone": PHONE})

    (row,) = upload(client, second, {"phone": PHONE}, check="phone")

    assert is_ok(row)
    assert phones_of(client, first) == phones_of(client, second) == [PHONE]


def test_one_bad_row_fails_no_other(client):
    group = create_list(client)

    rows = upload(
        client, group,
        {"phone": "79100000001"},
        {"email": "a@b.c"},
        {"phone": ""},
        {"phone": None},
        {"phone": "123"},
        {"phone": "79100000002", "email": 5},
        {"phone": "79100000003", "fields": [{"name": "gender", "value": "male"}]},
        {"phone": "79100000004", "fields": [{"type": 3, "value": "x"}]},
        {"phone": "79100000004", "fields": [{"name": "Name", "value": "x"}]},
        {"phone": "79100000004", "fields": [{"name": "name", "values": "x"}]},
        {"phone": "79100000005", "pushInfo": [{"appId": "1", "os": "a"}]},
        {"phone": "79100000006", "fields": [{"name": "a", "type": 4, "value": "x"}]},
        "79100000007",
        {"phone": 79100000008, "unknown": 1},
        {"phone": 79100000009},
    )  # fmt: skip

    assert [row["code"] for row in rows] == ["OK", *["REJECTED"] * 13, "OK"]
    assert [rejected(row) for row in rows[1:-1]] == [
        ("REQUIRED_VALUE", "phone"),
        ("REQUIRED_VALUE", "phone"),
        ("REQUIRED_VALUE", "phone"),
        ("INVALID_VALUE", "phone"),
        ("INVALID_VALUE", "email"),
        ("INVALID_VALUE", "gender"),
        ("REQUIRED_VALUE", "fields[0].name"),
        ("INVALID_VALUE", "fields[0].name"),
        ("INVALID_VALUE", "fields[0].value"),
        ("INVALID_VALUE", "pushInfo[0].os"),
        ("INVALID_VALUE", "a"),
        ("INVALID_VALUE", "contacts"),
        ("INVALID_VALUE", "unknown"),
    ]
    assert rows[6]["result"]["displayName"] == "Gender"
    assert rows[10]["description"] == (
        "pushInfo[0].os: must be a number from 0 to 99, and 1 more problems"
    )
    assert phones_of(client, group) == ["79100000001", "79100000009"]


def test_national_numbers_are_of_the_accounts_region(client):
    """The account of a test is Estonian."""
    group = create_list(client)

    upload(client, group, {"phone": "51234567"}, {"phone": "+372 5123-4568"}, {"phone": PHONE})

    assert phones_of(client, group) == ["37251234567", "37251234568", PHONE]


VALUES = [
    (0, "2026-01-31 10:00:00"),
    (0, "2026-01-31T10:00:00.250+03:00"),
    (1, True),
    (1, "false"),
    (2, 3576505602081984001),
    (2, -1.5),
    (2, "00012.50"),
    (3, ""),
    (3, "Ä😀"),
    (3, ["a", "b"]),
    (5, {"a": [1, 2.5, None, {"b": "c"}], "big": 18446744073709551617}),
    (8, "2000-02-29"),
]


def test_values_are_kept_exactly_and_with_their_types(client):
    group = create_list(client)
    fields = [
        {"name": f"f{n}", "type": kind, "value": value} for n, (kind, value) in enumerate(VALUES)
    ]

    (row,) = upload(client, group, {"phone": PHONE, "fields": fields})

    assert is_ok(row)
    (contact,) = contacts_of(client, group)
    shown = [field_of(contact, f"f{n}") for n in range(len(VALUES))]
    assert [(field["type"], field["value"]) for field in shown] == VALUES
    assert [type(field["value"]) for field in shown] == [type(value) for _, value in VALUES]


def test_fields_of_the_list_decide_about_types_and_values(client):
    group = create_list(client, fields=[
        {"name": "Age", "displayName": "Years", "type": 2},
        {"name": "Colour", "type": 3, "values": ["red", "green"]},
    ])  # fmt: skip

    rows = upload(
        client, group,
        {"phone": "79100000001", "fields": [{"name": "Age", "value": 5}]},
        {"phone": "79100000002", "fields": [{"name": "Age", "value": "old"}]},
        {"phone": "79100000003", "fields": [{"name": "Age", "type": 3, "value": "5"}]},
        {"phone": "79100000004", "fields": [{"name": "Colour", "type": "3", "value": "red"}]},
        {"phone": "79100000005", "fields": [{"name": "Colour", "value": "blue"}]},
        {"phone": "79100000006", "fields": [{"name": "Else", "displayName": "Other",
                                            "value": "x"}]},
    )  # fmt: skip

    assert [is_ok(row) for row in rows] == [True, False, False, True, False, True]
    assert [rejected(rows[n]) for n in (1, 2, 4)] == [
        ("INVALID_VALUE", "Age"), ("INVALID_VALUE", "Age"), ("INVALID_VALUE", "Colour"),
    ]  # fmt: skip
    first, _, last = contacts_of(client, group)
    assert field_of(first, "Age") == {
        "name": "Age", "displayName": "Years", "type": 2, "isDefault": False, "value": 5,
    }  # fmt: skip
    assert field_of(last, "Else") == {
        "name": "Else", "displayName": "Other", "type": 3, "isDefault": False, "value": "x",
    }  # fmt: skip


def test_phone_and_email_may_be_among_the_fields(client):
    group = create_list(client)

    rows = upload(
        client, group,
        {"fields": [{"name": "phone", "value": [PHONE]}, {"name": "email", "value": "a@b.c"}]},
        {"phone": PHONE, "fields": [{"name": "phone", "value": "79100000001"}]},
        {"phone": PHONE, "fields": [{"name": "CreationDate", "value": "2026-01-01 00:00:00"}]},
    )  # fmt: skip

    assert [is_ok(row) for row in rows] == [True, False, False]
    (contact,) = contacts_of(client, group)
    assert (contact["phone"], contact["email"]) == (PHONE, "a@b.c")


def test_dates_are_shifted_by_the_clients_offset(client):
    group = create_list(client)
    fields = [{"name": "seen", "type": 0, "value": "2026-01-31 23:30:00"}]

    upload(client, group, {"phone": PHONE, "fields": fields}, query="?zoneOffset=180")

    (at_utc,), (in_moscow,) = (contacts_of(client, group, zoneOffset=z) for z in ("", "+180"))
    assert field_of(at_utc, "seen")["value"] == "2026-01-31 20:30:00"
    assert field_of(in_moscow, "seen")["value"] == "2026-01-31 23:30:00"
    utc, moscow = (
        time.strptime(each["creationDate"], "%Y-%m-%d %H:%M:%S") for each in (at_utc, in_moscow)
    )
    assert time.mktime(moscow) - time.mktime(utc) == 3 * 3600


@pytest.fixture
def filled(client):
    group = create_list(client, fields=[{"name": "Age", "type": 2}])
    rows = upload(
        client, group,
        {"phone": "79100000001", "email": "a@x.ru",
         "fields": [{"name": "surname", "value": "Orlov"}, {"name": "Age", "value": 30}]},
        {"phone": "79100000002", "email": "b@x.ru",
         "fields": [{"name": "surname", "value": "Orlova"}, {"name": "Age", "value": 4}]},
        {"phone": "79100000003", "email": "c@y.ru",
         "fields": [{"name": "surname", "value": "Belov"}, {"name": "Age", "value": "100"}],
         "pushInfo": [{"appId": "1", "os": 1, "pushToken": "token"}]},
        {"phone": "79100000004"},
    )  # fmt: skip
    assert all(map(is_ok, rows))
    return group


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, "1234"),
        ({"queryName": "surname", "queryValue": "Orlov"}, "1"),
        ({"queryName": "surname", "queryOperator": "EQUALS", "queryValue": "Orlov"}, "1"),
        ({"queryName": "surname", "queryOperator": "NOT_EQUALS", "queryValue": "Orlov"}, "234"),
        ({"queryName": "surname", "queryOperator": "CONTAINS", "queryValue": "lov"}, "123"),
        ({"queryName": "surname", "queryOperator": "STARTS_WITH", "queryValue": "Orl"}, "12"),
        ({"queryName": "email", "queryOperator": "CONTAINS", "queryValue": "x.ru"}, "12"),
        ({"queryName": "phone", "queryValue": "+79100000003"}, "3"),
        ({"queryName": "phone", "queryOperator": "CONTAINS", "queryValue": "000 00 03"}, "3"),
        ({"queryName": "Age", "queryValue": "30"}, "1"),
        ({"queryName": "Age", "queryValue": "100"}, "3"),
        ({"queryName": "nothing", "queryOperator": "NOT_EQUALS", "queryValue": ""}, "1234"),
        ({"queryName": "creationDate", "queryOperator": "STARTS_WITH", "queryValue": "2"}, "1234"),
        ({"pushToken": "token"}, "3"),
        ({"pushToken": "other"}, ""),
        ({"descOrder": "true"}, "4321"),
        ({"sortByField": "surname"}, "4312"),
        ({"sortByField": "Age"}, "4213"),
        ({"sortByField": "Age", "descOrder": "true"}, "3124"),
        ({"sortByField": "Age", "descOrder": "true", "limit": 2, "offset": 1}, "12"),
        ({"sortByField": "creationDate"}, "1234"),
        ({"limit": 2}, "12"),
        ({"limit": 2, "offset": 3}, "4"),
        ({"offset": 1}, "234"),
        ({"offset": 2147483647, "limit": 1000}, ""),
        ({"queryName": "surname", "queryOperator": "CONTAINS", "queryValue": "lov",
          "offset": 1, "limit": 1}, "2"),
        ({"queryName": "phone", "queryOperator": "CONTAINS", "queryValue": "+0003"}, ""),
        ({"queryName": "phone", "queryOperator": "CONTAINS", "queryValue": "+7910"}, "1234"),
    ],
)  # fmt: skip
def test_contacts_are_found(client, filled, query, found):
    assert "".join(phone[-1] for phone in phones_of(client, filled, **query)) == found


@pytest.mark.parametrize(
    ("query", "refs"),
    [
        ({"limit": 0}, ["limit"]),
        ({"limit": 1001}, ["limit"]),
        ({"limit": "a", "offset": -1}, ["limit", "offset"]),
        ({"offset": 2147483648}, ["offset"]),
        ({"segmentId": "1"}, ["segmentId"]),
        ({"segmentId": ""}, ["segmentId"]),
        ({"queryName": "surname", "queryOperator": "CONTAINS", "queryValue": ""}, ["queryValue"]),
        ({"queryName": "phones", "queryOperator": "NOT_EQUALS", "queryValue": "x"}, ["queryName"]),
        ({"queryName": "pushInfo", "queryOperator": "NOT_EQUALS", "queryValue": "x"},
         ["queryName"]),
        ({"pushToken": ""}, ["pushToken"]),
        ({"subscriptionState": ""}, ["subscriptionState"]),
        ({"queryname": "surname", "queryValue": "Orlov"}, ["queryname"]),
        ({"queryName": "Surname", "queryValue": "Orlov"}, ["queryName"]),
        ({"queryName": "phone", "queryValue": "abc"}, ["queryValue"]),
        ({"queryName": "phone", "queryOperator": "CONTAINS", "queryValue": "abc"}, ["queryValue"]),
        ({"sortByField": "EMAIL"}, ["sortByField"]),
        ({"descOrder": "down"}, ["descOrder"]),
        ({"zoneOffset": "1081"}, ["zoneOffset"]),
        ({"queryName": "name"}, ["queryValue"]),
        ({"queryValue": "name"}, ["queryName"]),
        ({"queryName": "name", "queryValue": "a", "queryOperator": "LIKE"}, ["queryOperator"]),
        ({"subscriptionChannel": "SMS"}, ["subscriptionState"]),
        ({"subscriptionChannel": "FAX", "subscriptionState": "ON"},
         ["subscriptionChannel", "subscriptionState"]),
    ],
)  # fmt: skip
def test_every_bad_parameter_is_named(client, filled, query, refs):
    answer = client.send("GET", f"{RANGE}?contactGroupId={filled}&{urlencode(query)}")

    assert answer.status == 400
    assert [reason["ref"] for reason in answer.json["reasons"]] == refs


@pytest.mark.parametrize(
    ("list_id", "status"),
    [
        ("", 400), ("a", 400), ("1.5", 400),
        ("1", 404), ("0", 404), ("-1", 404), ("3576505602081984000", 404), ("9" * 400, 404),
    ],
)  # fmt: skip
def test_list_that_is_not_ours_is_not_found(client, list_id, status):
    read = client.send("GET", f"{RANGE}?contactGroupId={list_id}")
    written = client.send("POST", BATCH, {"contactGroupId": list_id, "contacts": []})

    assert (read.status, written.status) == (status, status)
    assert read.json["result"] is None
    assert [reason["ref"] for reason in read.json["reasons"]] == ["contactGroupId"]


@pytest.mark.parametrize("list_id", [b"3576505602081984000", b"1e3", b"1.0", b"true", b"[]"])
def test_integer_ids_are_read_exactly(client, list_id):
    answer = client.send("POST", BATCH, b'{"contacts": [], "contactGroupId": ' + list_id + b"}")

    assert answer.status == (404 if list_id.isdigit() else 400)


@pytest.mark.parametrize("form", [int, str])
def test_id_may_be_a_number_or_a_text(client, form):
    group = create_list(client)

    assert is_ok(*upload(client, form(group), {"phone": PHONE}))


@pytest.mark.parametrize(
    ("body", "refs"),
    [
        ({}, ["contactGroupId", "contacts"]),
        ({"contactGroupId": 1, "contacts": {}, "duplicateCheckField": "name"},
         ["contacts", "duplicateCheckField"]),
        ({"contactGroupId": 1, "contacts": [{}] * 10_001}, ["contacts"]),
    ],
)  # fmt: skip
def test_upload_that_is_none_is_refused_whole(client, body, refs):
    answer = client.send("POST", BATCH, body)

    assert answer.status == 400
    assert [reason["ref"] for reason in answer.json["reasons"]] == refs


def test_upload_may_be_empty(client):
    assert upload(client, create_list(client)) == []


def test_upload_of_5_megabytes_is_taken_and_a_larger_one_is_not(client):
    body = json.dumps({"contactGroupId": create_list(client), "contacts": []}).encode()

    assert client.send("POST", BATCH, body.ljust(5_000_000)).status == 200
    refused = client.send("POST", BATCH, body.ljust(5_000_001))
    assert (refused.status, refused.json["reasons"][0]["ref"]) == (413, "body")
    assert client.send("POST", LISTS, b"{}".ljust(256 * 1024 + 1)).status == 413


def test_contact_with_more_than_is_kept_is_rejected(client):
    group = create_list(client)
    large = [{"name": f"f{n}", "value": "x" * 1000} for n in range(20)]

    fits, too_large = upload(
        client, group,
        {"phone": PHONE, "fields": large[:15]}, {"phone": "79100000001", "fields": large},
    )  # fmt: skip

    assert is_ok(fits)
    assert rejected(too_large) == ("INVALID_VALUE", "fields")


def test_email_of_a_row_that_is_too_large_is_nobodys(client):
    group = create_list(client)
    large = [{"name": f"f{n}", "value": "x" * 1000} for n in range(20)]

    too_large, row = upload(
        client, group,
        {"phone": PHONE, "email": "a@b.c", "fields": large},
        {"phone": "79100000001", "email": "a@b.c"},
        check="email",
    )  # fmt: skip

    assert rejected(too_large) == ("INVALID_VALUE", "fields")
    assert is_ok(row)


def test_stoplist_is_the_blacklist(client):
    stoplist = create_list(client, type="STOPLIST")
    others = create_list(client)
    upload(client, stoplist, {"phone": "79100000001"})
    upload(client, others, {"phone": "79100000001"}, {"phone": "79100000002"},
           {"phone": "79100000003"})  # fmt: skip
    client.send("POST", f"{MESSENTE}/blacklist", {"phoneNumber": "+79100000002"})

    listed = client.send("GET", f"{MESSENTE}/blacklist").json["phoneNumbers"]
    assert listed == ["+79100000001", "+79100000002"]
    first, second, third = contacts_of(client, others)
    assert third["unsubscribedData"] == []
    for contact in (first, second):
        (data,) = contact["unsubscribedData"]
        assert (data["data"], data["dataType"]) == (contact["phone"], "PHONE")
        assert data["companyId"] == contact["companyId"]
        (channel,) = data["channelList"]
        assert (channel["channel"], channel["unsubscribedType"]) == ("SMS", "SPAM")
        assert channel["unsubscribedAt"].replace("T", " ") == data["updatedAt"]

    def found(**query):
        return [phone[-1] for phone in phones_of(client, others, **query)]

    assert found(subscriptionState="UNSUBSCRIBED") == ["1", "2"]
    assert found(subscriptionState="SUBSCRIBED") == ["3"]
    assert found(subscriptionState="UNSUBSCRIBED", subscriptionChannel="SMS", limit=1) == ["1"]
    assert found(subscriptionState="UNSUBSCRIBED", subscriptionChannel="EMAIL") == []
    assert found(subscriptionState="SUBSCRIBED", subscriptionChannel="PUSH") == ["1", "2", "3"]


def test_deleted_stoplist_and_uploaded_again_stay_unsubscribed(client):
    stoplist, others = create_list(client, type="STOPLIST"), create_list(client)
    upload(client, stoplist, {"phone": PHONE})
    client.send("DELETE", f"{LISTS}?ids={stoplist}")
    upload(client, others, {"phone": PHONE})

    assert contacts_of(client, others)[0]["unsubscribedData"]


def test_list_that_does_not_fit_into_an_answer_is_refused_and_can_be_asked_for_in_parts(client):
    group = create_list(client)
    fields = [{"name": f"f{n}", "value": "x" * 1000} for n in range(15)]
    rows = [{"phone": f"7910{n:07d}", "fields": fields} for n in range(400)]
    for start in (0, 200):
        assert all(map(is_ok, upload(client, group, *rows[start : start + 200])))

    whole = client.send("GET", f"{RANGE}?contactGroupId={group}")
    assert (whole.status, whole.json["reasons"][0]["ref"]) == (413, "limit")
    assert client.send("GET", f"{RANGE}?contactGroupId={group}&limit=1000").status == 413
    parts = [phones_of(client, group, limit=100, offset=offset) for offset in range(0, 500, 100)]
    assert [phone for part in parts for phone in part] == [row["phone"] for row in rows]


def test_count_of_a_list_follows_an_upload_once(client, events):
    group = create_list(client)
    rows = [{"phone": f"7910{n:07d}"} for n in range(30)]
    upload(client, group, *rows)
    upload(client, group, *rows, check="phone")
    upload(client, group, *rows)

    def count():
        (shown,) = client.send("GET", LISTS).json["result"]
        return shown["contactsCount"]

    assert eventually(count, "30")
    time.sleep(1)
    assert count() == "30"
