"""Devino: creating, listing and deleting contact lists."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest

from chalicelib.dialects.devino.endpoints import ENDPOINTS
from tests.devino import LISTS, MESSENTE, contacts_of, create_list, upload

MAIN = ["name", "surname", "gender", "country", "city", "birthdate", "timezone"]
DELETED_AT = [path for path, methods in ENDPOINTS.items() if "DELETE" in methods]


def lists_of(client, **query):
    answer = client.send("GET", f"{LISTS}?{urlencode(query, doseq=True)}")
    assert answer.status == 200
    return answer.json["result"]


def names_of(client, **query):
    return [each["name"] for each in lists_of(client, **query)]


def test_sample_of_the_vendor_is_created_and_shown(client):
    answer = client.send("POST", LISTS, {
        "fields": [
            {"displayName": "NickName", "name": "Nickname", "type": 3},
            {"displayName": "Automobile", "name": "Auto", "type": 3},
        ],
        "name": "TestList",
        "type": "STANDARD",
        "autoDeleteEnabled": True,
    })  # fmt: skip

    assert answer.status == 200
    assert answer.json["result"].isdigit()
    (shown,) = lists_of(client)
    assert shown["contactGroupId"] == answer.json["result"]
    assert [field["name"] for field in shown["fields"]] == [*MAIN, "Nickname", "Auto"]
    assert [field["isDefault"] for field in shown["fields"]] == [True] * 7 + [False] * 2
    assert shown["fields"][-1]["displayName"] == "Automobile"
    assert (shown["type"], shown["autoDeleteEnabled"]) == ("STANDARD", True)
    assert (shown["contactsCount"], shown["segmentsCount"]) == ("0", "0")
    assert shown["creationDate"] == shown["lastUpdate"]


def test_company_is_the_same_number_everywhere_and_another_for_others(client, stranger):
    group = create_list(client)
    create_list(stranger)
    upload(client, group, {"phone": "79100000000"})

    (shown,) = lists_of(client)
    (contact,) = contacts_of(client, group)
    assert shown["companyId"] == contact["companyId"]
    assert 0 <= shown["companyId"] < 2**31
    assert lists_of(stranger)[0]["companyId"] != shown["companyId"]


@pytest.mark.parametrize(
    ("body", "reasons"),
    [
        ({"name": None}, [("name.must.be.not.null", "name")]),
        ({}, [("name.must.be.not.null", "name")]),
        ({"name": ""}, [("name.is.invalid", "name")]),
        ({"name": "x" * 256, "type": "OTHER", "autoDeleteEnabled": "yes", "fields": 1},
         [("name.is.invalid", "name"), ("type.is.invalid", "type"),
          ("fields.is.invalid", "fields"), ("autoDeleteEnabled.is.invalid", "autoDeleteEnabled")]),
        ({"name": "a", "type": "OMNI_API"}, [("type.is.invalid", "type")]),
        ({"name": "a", "fields": [{}, {"name": "b", "type": 4}, {"name": "c", "values": [1]},
                                  {"name": "phone"}, {"name": "birthdate", "type": 3},
                                  {"name": "d"}, {"name": "d"}, 5]},
         [("fields[0].name.must.be.not.null", "fields[0].name"),
          ("fields[1].type.is.invalid", "fields[1].type"),
          ("fields[2].values.is.invalid", "fields[2].values"),
          ("fields[3].name.is.invalid", "fields[3].name"),
          ("fields[4].type.is.invalid", "fields[4].type"),
          ("fields[6].name.is.invalid", "fields[6].name"),
          ("fields[7].is.invalid", "fields[7]")]),
        ({"name": "a", "fields": [{"name": f"f{n}", "values": ["x" * 1000]} for n in range(20)]},
         [("fields.is.invalid", "fields")]),
        ({"name": "a", "fields": [0] * 80_000}, [("fields.is.invalid", "fields")]),
        ([], [("body.is.invalid", "body")]),
    ],
)  # fmt: skip
def test_every_problem_of_a_new_list_is_told(client, body, reasons):
    answer = client.send("POST", LISTS, body)

    assert answer.status == 400
    assert [(each["key"], each["ref"]) for each in answer.json["reasons"]] == reasons
    assert lists_of(client) == []


def test_missing_name_is_told_in_the_vendors_own_words(client):
    assert client.send("POST", LISTS, {}).json == {
        "result": None,
        "reasons": [
            {"key": "name.must.be.not.null", "ref": "name", "defaultMessage": "must not be null"}
        ],
        "description": "Key error: (parameter: name -> must not be null)",
    }


def test_parameters_that_narrow_nothing_are_refused(client):
    create_list(client, fields=None, type=None, autoDeleteEnabled=None)

    for query in ({"unknown": 1}, {"name": ""}, {"Name": "List"}, {"type": ""}, {"limit": ""}):
        refused = client.send("GET", f"{LISTS}?{urlencode(query)}")
        assert (refused.status, refused.json["reasons"][0]["ref"]) == (400, *query)
    refused = client.send("POST", LISTS, {"name": "a", "colour": "red"})
    assert (refused.status, refused.json["reasons"][0]["ref"]) == (400, "colour")


def test_lists_are_filtered_and_cut_as_asked_for(client):
    for name, kind, auto in [
        ("a", "STANDARD", True), ("b", "STOPLIST", False), ("c", "PUSH", None), ("a", "PUSH", True),
    ]:  # fmt: skip
        create_list(client, name=name, type=kind, autoDeleteEnabled=auto)

    assert names_of(client) == ["a", "b", "c", "a"]
    assert names_of(client, limit=2, offset=1) == ["b", "c"]
    assert names_of(client, offset=3) == ["a"]
    assert names_of(client, offset=4) == []
    assert names_of(client, name="a") == ["a", "a"]
    assert names_of(client, name="A") == []
    assert names_of(client, type=["STOPLIST", "PUSH"]) == ["b", "c", "a"]
    assert names_of(client, type="STOPLIST,STANDARD") == ["a", "b"]
    assert names_of(client, type="OMNI_API") == []
    assert names_of(client, autoDeleteEnabled="true") == ["a", "a"]
    assert names_of(client, autoDeleteEnabled="False", limit=1) == ["b"]


def test_lists_are_found_by_the_day_of_the_clients_clock(client):
    create_list(client)
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    hour = timedelta(hours=1)

    def found(start, end, **query):
        return names_of(client, **{"from": start, "to": end}, **query) == ["List"]

    assert found(now - hour, now + hour)
    assert not found(now + hour, now + 2 * hour)
    assert not found(now - 2 * hour, now - hour)
    assert found(now + hour, now + 3 * hour, zoneOffset=120)
    (shown,) = lists_of(client, zoneOffset=-60)
    shown = datetime.fromisoformat(shown["creationDate"])
    assert abs(shown - (now - hour)) < timedelta(minutes=1)
    exactly = str(shown + hour)
    assert found(exactly, exactly)


@pytest.mark.parametrize(
    ("query", "refs"),
    [
        ({"limit": 0}, ["limit"]),
        ({"from": "2022-10-22", "to": "2022-13-22 00:00:00"}, ["from", "to"]),
        ({"type": "NONE", "autoDeleteEnabled": "maybe", "zoneOffset": "x"},
         ["zoneOffset", "type", "autoDeleteEnabled"]),
    ],
)  # fmt: skip
def test_every_bad_parameter_of_a_list_of_lists_is_told(client, query, refs):
    answer = client.send("GET", f"{LISTS}?{urlencode(query)}")

    assert answer.status == 400
    assert [each["ref"] for each in answer.json["reasons"]] == refs


def test_group_of_another_dialect_is_a_list(client):
    client.send("POST", f"{MESSENTE}/groups", {"name": "Friends"})

    (shown,) = lists_of(client)
    assert (shown["name"], shown["type"], shown["autoDeleteEnabled"]) == (
        "Friends", "STANDARD", False,
    )  # fmt: skip
    assert [field["name"] for field in shown["fields"]] == MAIN


@pytest.mark.parametrize("path", DELETED_AT)
@pytest.mark.parametrize(
    "query",
    ["ids={0}&ids={1}", "smsIds={0}&smsIds={1}", "ids={0},{1}", "ids[]={0}&ids%5B%5D={1}",
     "ids={0}&smsIds={1}", "smsIds={0},{1}", "ids={0}&ids={1}&ids={0}"],
)  # fmt: skip
def test_lists_are_deleted_by_every_form_of_the_request(client, path, query):
    first, second = create_list(client), create_list(client)

    answer = client.send("DELETE", f"{path}?{query.format(first, second)}")

    assert answer.status == 200
    assert answer.json == {
        "result": [{"code": "OK", "result": first}, {"code": "OK", "result": second}]
    }
    assert lists_of(client) == []


def test_each_list_has_an_outcome_of_its_own(client):
    group = create_list(client)
    not_ours = ["3576505602081984001", "18446744073709551617", "-5", "0", "007", "9" * 400]

    answer = client.send("DELETE", f"{LISTS}?smsIds={','.join(not_ours[:3])},{group}"
                                   f"&smsIds={','.join(not_ours[3:])}")  # fmt: skip

    assert answer.status == 200
    results = {each["result"]: each["code"] for each in answer.json["result"]}
    assert list(results) == [*not_ours[:3], group, *not_ours[3:]]
    assert results == dict.fromkeys(not_ours, "REJECTED") | {group: "OK"}
    assert answer.json["reasons"] == [{"key": "contact.group.not.found", "ref": "smsIds"}] * 6
    again = client.send("DELETE", f"{LISTS}?ids={group}").json
    assert again["result"] == [{
        "code": "REJECTED",
        "result": group,
        "description": "there is no contact list with this id",
    }]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("", "ids.must.be.not.null"),
        ("?ids=", "ids.must.be.not.null"),
        ("?smsIds=a", "smsIds.is.invalid"),
        ("?ids=1.5", "ids.is.invalid"),
        ("?ids=" + ",".join(map(str, range(101))), "ids.is.invalid"),
    ],
)
def test_nothing_is_deleted_by_a_request_that_is_wrong(client, query, key):
    answer = client.send("DELETE", LISTS + query)

    assert answer.status == 400
    assert [each["key"] for each in answer.json["reasons"]] == [key]


def test_contacts_of_a_deleted_list_stay_and_get_their_date(client):
    group = create_list(client)
    upload(client, group, {"phone": "79100000000"})

    client.send("DELETE", f"{LISTS}?ids={group}")

    contact = client.send("GET", f"{MESSENTE}/contacts/79100000000").json["contact"]
    assert contact["scheduledDeletionDate"]
