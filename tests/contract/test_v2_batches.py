"""Batches of `/v2`: every row has one outcome, at its place."""

import pytest

from chalicelib.domain.limits import MAX_UPLOAD_BYTES
from chalicelib.storage.dynamodb.connection import REPEATS
from tests.conftest import open_client
from tests.contract.test_v2_http import at, create, create_group, problems_of
from tests.faulty_engine import throttle

CONTACTS_BATCH, BLACKLIST_BATCH = "/v2/contacts/batch", "/v2/blacklist/batch"
OURS = "70686f6e-6562-4000-8000-000000000007"
NOBODYS = "00000000-0000-4000-8000-000000000000"
"""Ids of no group: one that we could give, and one that we could not."""

NUMBER, OTHER, THIRD = "+37251000000", "+37251000001", "+37251000002"


def number(index):
    return f"+3725100{index:04d}"


def upsert(client, *rows):
    answer = client.send("POST", CONTACTS_BATCH, {"contacts": rows})
    assert answer.status == 200, answer
    assert len(answer.json["outcomes"]) == len(rows)
    return answer.json["outcomes"]


def stop(client, *rows):
    answer = client.send("POST", BLACKLIST_BATCH, {"entries": rows})
    assert answer.status == 200, answer
    assert len(answer.json["outcomes"]) == len(rows)
    return answer.json["outcomes"]


def change_members(client, group, **keys):
    answer = client.send("PATCH", f"/v2/groups/{group}/members", keys)
    assert answer.status == 200, answer
    return answer.json["added"], answer.json["removed"]


def told(outcomes):
    return [each.get("code", each["outcome"]) for each in outcomes]


def places(outcomes):
    return [[each["pointer"] for each in row.get("errors", [])] for row in outcomes]


# Contacts


def test_each_row_is_told_what_became_of_its_contact(client):
    group = create_group(client)
    there = [create(client, number(index), title="Sir").json for index in range(1, 5)]
    client.send("PUT", f"/v2/blacklist/{number(4)}")
    rows = [
        {"phoneNumber": number(0), "attributes": {"size": "42"}, "groups": [group]},
        {"phoneNumber": number(1), "title": None},
        {"phoneNumber": number(2), "groups": [{"id": group}]},
        {"phoneNumber": number(3), "title": "Sir"},
        {"phoneNumber": number(4), "title": "Dame"},
        {"phoneNumber": number(1), "title": None},
    ]

    outcomes = upsert(client, *rows)

    assert told(outcomes) == [
        "created", "updated", "joined", "unchanged", "suppressed", "duplicate",
    ]  # fmt: skip
    assert [each["contact"] for each in outcomes[1:5]] == [each["id"] for each in there]
    assert [each["duplicateOf"] for each in outcomes] == [*[None] * 5, 1]
    shown = [client.send("GET", at(number(index))).json for index in range(5)]
    assert shown[0]["id"] == outcomes[0]["contact"]
    assert shown[0]["attributes"] == {"size": "42"}
    assert [each["title"] for each in shown] == [None, None, "Sir", "Sir", "Dame"]
    assert [len(each["groups"]) for each in shown] == [1, 0, 1, 0, 0]
    assert shown[3] == there[2]


def test_unchanged_contact_keeps_its_version(client):
    created = create(client, title="Sir", attributes={"size": "42"})

    assert told(upsert(client, created.json)) == ["unchanged"]

    read = client.send("GET", at(NUMBER))
    assert (read.json, read.headers["etag"]) == (created.json, created.headers["etag"])


def test_rows_take_effect_in_their_order_and_bad_ones_fail_no_other(client):
    rows = [
        {"phoneNumber": NUMBER, "title": "a"},
        "not an object",
        {"phoneNumber": NUMBER, "title": "b", "nickname": "x"},
        {"phoneNumber": NUMBER, "title": "c"},
        {"phoneNumber": NUMBER, "title": "c"},
        {"phoneNumber": OTHER, "groups": [OURS, NOBODYS, NOBODYS.replace("8", "9")]},
        {"title": "d"},
        {"phoneNumber": THIRD, "attributes": {str(n): "x" * 1000 for n in range(17)}},
    ]

    outcomes = upsert(client, *rows)

    assert told(outcomes) == [
        "created", "invalid_data", "invalid_data", "updated", "duplicate", "group_not_found",
        "invalid_data", "invalid_data",
    ]  # fmt: skip
    assert places(outcomes) == [
        [], ["/contacts/1"], ["/contacts/2/nickname"], [], [],
        [f"/contacts/5/groups/{place}" for place in range(3)],
        ["/contacts/6/phoneNumber"], ["/contacts/7/attributes"],
    ]  # fmt: skip
    assert client.send("GET", at(NUMBER)).json["title"] == "c"
    assert client.send("GET", at(OTHER)).status == 404


def test_contacts_can_be_sent_back_as_they_were_listed_but_not_with_changed_read_only_fields(
    client,
):
    group = create_group(client)
    for index in range(3):
        create(client, number(index), groups=[group] if index else [])
    client.send("PUT", f"/v2/blacklist/{number(2)}")
    listed = client.send("GET", "/v2/contacts").json["contacts"]
    changed = [{**each, "title": "Sir"} for each in listed]
    changed[0]["blacklisted"] = True
    new = {"phoneNumber": number(3), "blacklisted": True}

    outcomes = upsert(client, *changed, new)

    assert told(outcomes) == ["invalid_data", "updated", "suppressed", "invalid_data"]
    assert places(outcomes)[0] == ["/contacts/0/blacklisted"]
    assert places(outcomes)[3] == ["/contacts/3/blacklisted"]


def test_attributes_are_changed_one_by_one_or_cleared_by_null(client):
    create(client, attributes={"size": "42", "colour": "red"})

    upsert(client, {"phoneNumber": NUMBER, "attributes": {"size": None, "shape": "round"}})
    assert client.send("GET", at(NUMBER)).json["attributes"] == {"colour": "red", "shape": "round"}

    upsert(client, {"phoneNumber": NUMBER, "attributes": None})
    assert client.send("GET", at(NUMBER)).json["attributes"] == {}


def test_a_thousand_contacts_are_created_joined_and_then_unchanged(client):
    group = create_group(client)
    rows = [{"phoneNumber": number(n), "title": str(n), "groups": [group]} for n in range(1000)]

    assert set(told(upsert(client, *rows))) == {"created"}
    assert set(told(upsert(client, *rows))) == {"unchanged"}

    members = client.send("GET", f"/v2/groups/{group}/members?limit=1000").json["contacts"]
    assert [each["title"] for each in members] == [str(n) for n in range(1000)]
    assert problems_of(client.send("POST", CONTACTS_BATCH, {"contacts": [*rows, rows[0]]})) == {
        "/contacts": "must have at most 1000 elements"
    }


@pytest.mark.parametrize("path", [CONTACTS_BATCH, BLACKLIST_BATCH])
def test_body_of_a_batch_is_json_up_to_5_mb(client, path):
    too_large = client.send("POST", path, b"{}".ljust(MAX_UPLOAD_BYTES + 1))
    assert (too_large.status, too_large.json["code"]) == (413, "request_too_large")

    for body in (b'{"contacts": [{]}', b'{"entries": [', b"[]", b"\xff"):
        assert client.send("POST", path, body).status == 400
    largest = client.send("POST", path, b"{}".ljust(MAX_UPLOAD_BYTES))
    assert largest.status == 400


# Members


def test_members_are_added_and_removed_each_with_an_outcome(client):
    group = create_group(client)
    ids = [create(client, number(index)).json["id"] for index in range(3)]
    change_members(client, group, add=[ids[1], number(2)])

    added, removed = change_members(
        client, group, add=[number(0), ids[1], number(9), "x"], remove=[ids[2], number(8)]
    )

    assert told(added) == ["joined", "unchanged", "contact_not_found", "invalid_data"]
    assert told(removed) == ["updated", "contact_not_found"]
    assert [each["contact"] for each in (*added[:2], removed[0])] == ids
    assert places(added)[2:] == [["/add/2"], ["/add/3"]]
    assert places(removed)[1] == ["/remove/1"]
    members = client.send("GET", f"/v2/groups/{group}/members").json["contacts"]
    assert [each["id"] for each in members] == ids[:2]


def test_key_that_is_to_be_added_and_removed_is_refused(client):
    group = create_group(client)
    create(client)
    path = f"/v2/groups/{group}/members"

    refused = client.send("PATCH", path, {"add": [NUMBER], "remove": [OTHER, NUMBER]})

    assert problems_of(refused) == {"/remove/1": "is in add too"}
    assert client.send("GET", path).json["contacts"] == []


def test_members_of_a_group_that_is_not_there_are_not_found(client):
    path = f"/v2/groups/{OURS}/members"

    assert client.send("PATCH", path, {"add": [NUMBER]}).json["code"] == "group_not_found"


def test_who_leaves_a_stoplist_may_be_messaged_again_unless_somebody_asked_for_it(client):
    stoplist = create_group(client, kind="stoplist")
    for each in (NUMBER, OTHER):
        create(client, each)
    client.send("PUT", f"/v2/blacklist/{OTHER}")

    added, _ = change_members(client, stoplist, add=[NUMBER, OTHER])
    assert told(added) == ["joined", "suppressed"]
    _, removed = change_members(client, stoplist, remove=[NUMBER, OTHER])

    assert told(removed) == ["updated", "updated"]
    listed = client.send("GET", "/v2/blacklist").json["entries"]
    assert [each["phoneNumber"] for each in listed] == [OTHER]


# The blacklist


def test_numbers_are_stopped_each_with_an_outcome(client):
    client.send("PUT", f"/v2/blacklist/{OTHER}", {"reason": "bounce"})
    rows = [
        {"phoneNumber": NUMBER, "reason": "bounce", "note": "a"},
        {"phoneNumber": OTHER},
        {"phoneNumber": NUMBER, "reason": "complaint", "note": "b"},
        {"phoneNumber": NUMBER},
        {"phoneNumber": "5", "note": 1},
        7,
    ]

    outcomes = stop(client, *rows)

    assert told(outcomes) == [
        "created", "updated", "updated", "duplicate", "invalid_data", "invalid_data",
    ]  # fmt: skip
    assert [each["phoneNumber"] for each in outcomes[:4]] == [NUMBER, OTHER, NUMBER, NUMBER]
    assert outcomes[3]["duplicateOf"] == 2
    assert places(outcomes)[4:] == [["/entries/4/phoneNumber", "/entries/4/note"], ["/entries/5"]]
    ledger = client.send("GET", f"/v2/blacklist/{NUMBER}").json["entries"]
    assert [(each["reason"], each["note"], each["source"]) for each in ledger] == [
        ("complaint", "b", "v2.stop_numbers"), ("bounce", "a", "v2.stop_numbers"),
    ]  # fmt: skip


def test_a_thousand_numbers_are_stopped_and_then_unchanged(client):
    rows = [{"phoneNumber": number(index)} for index in range(1000)]

    assert set(told(stop(client, *rows))) == {"created"}
    assert set(told(stop(client, *rows))) == {"unchanged"}


# An engine that is busy


def test_rows_whose_table_is_busy_are_told_so_and_can_be_sent_again(
    ministack, engine_and_url, engine
):
    client = open_client(ministack, engine_and_url[1])
    create(client)  # the credential is cached from here on
    engine.fail("BatchGetItem", throttle, times=REPEATS + 1)

    outcomes = upsert(client, {"phoneNumber": NUMBER, "title": "a"}, {"phoneNumber": OTHER})

    assert told(outcomes) == ["busy", "busy"]
    assert places(outcomes) == [["/contacts/0"], ["/contacts/1"]]
    assert client.send("GET", at(OTHER)).status == 404
