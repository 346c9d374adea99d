"""What `/v2` promises beside its document: conditions, keys, and nothing that is ignored."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from urllib.parse import quote

import pytest

from tests.behaviour.devino import DevinoSpeaker

CONTACTS, GROUPS, BLACKLIST = "/v2/contacts", "/v2/groups", "/v2/blacklist"
NUMBER, OTHER = "+37251000000", "+37251000001"
MERGE_PATCH = {"Content-Type": "application/merge-patch+json"}
EIGHT = 8


def at(number):
    return f"{CONTACTS}/{quote(number)}"


def create(client, number=NUMBER, **fields):
    answer = client.send("POST", CONTACTS, {"phoneNumber": number, **fields})
    assert answer.status == 201, answer
    return answer


def create_group(client, name="Friends", **fields):
    return client.send("POST", GROUPS, {"name": name, **fields}).json["id"]


def problems_of(answer, status=400):
    assert answer.status == status, answer
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["requestId"] == answer.headers["x-request-id"]
    return {
        each.get("pointer", each.get("parameter", each.get("header"))): each["detail"]
        for each in answer.json.get("errors", [])
    }


def at_once(send):
    barrier = Barrier(EIGHT)

    def run(index):
        barrier.wait()
        return send(index)

    with ThreadPoolExecutor(EIGHT) as pool:
        return list(pool.map(run, range(EIGHT)))


# Contacts


def test_contact_is_found_by_its_id_and_by_its_number(client):
    created = create(client, firstName="Any")

    assert created.headers["location"].endswith(f"{CONTACTS}/{created.json['id']}")
    for key in (created.json["id"], NUMBER, "5100 0000"):
        assert client.send("GET", at(key)).json == created.json


def test_duplicate_names_the_contact_that_is_there(client):
    created = create(client)

    refused = client.send("POST", CONTACTS, {"phoneNumber": NUMBER})

    assert (refused.status, refused.json["contact"]) == (409, created.json["id"])


def test_contact_that_is_sent_back_as_it_was_read_is_not_refused(client):
    group = create_group(client)
    read = create(client, title="Sir", attributes={"size": "42"}, groups=[group]).json

    for method, headers in (("PUT", {}), ("PATCH", MERGE_PATCH)):
        answer = client.send(method, at(NUMBER), read, headers=headers)
        assert answer.status == 200, answer
        changed = {"updatedOn": answer.json["updatedOn"]}
        assert answer.json == {**read, **changed}
        read = answer.json


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "70686f6e-6562-4000-8000-000000000007"),
        ("blacklisted", True),
        ("scheduledDeletionDate", None),
        ("createdOn", "2020-01-01T00:00:00.000000Z"),
        ("updatedOn", "2020-01-01T00:00:00.000000Z"),
    ],
)
def test_read_only_field_is_refused_where_it_is_another_one(client, field, value):
    body = {field: value}
    created = create(client).json

    assert problems_of(client.send("PATCH", at(NUMBER), body)) == {f"/{field}": "cannot be changed"}
    for method, path, sent in (
        ("POST", CONTACTS, {"phoneNumber": OTHER, **body}),
        ("PUT", at(OTHER), body),
    ):
        assert problems_of(client.send(method, path, sent)) == {f"/{field}": "cannot be changed"}
    assert client.send("GET", at(NUMBER)).json == created
    assert client.send("GET", at(OTHER)).status == 404


def test_put_clears_what_is_absent_and_leaves_the_groups(client):
    group = create_group(client)
    create(client, title="Sir", attributes={"size": "42"}, groups=[group])

    answer = client.send("PUT", at(NUMBER), {"firstName": "Any"})

    assert (answer.json["firstName"], answer.json["title"]) == ("Any", None)
    assert answer.json["attributes"] == {}
    assert [each["id"] for each in answer.json["groups"]] == [group]


def test_patch_changes_attributes_one_by_one(client):
    create(client, attributes={"size": "42", "colour": "red"})

    changed = client.send("PATCH", at(NUMBER), {"attributes": {"size": None, "hat": "7"}})
    assert changed.json["attributes"] == {"colour": "red", "hat": "7"}
    cleared = client.send("PATCH", at(NUMBER), {"attributes": None})
    assert cleared.json["attributes"] == {}


def test_attribute_of_another_dialect_is_shown_kept_and_not_changed(client):
    devino = DevinoSpeaker(client)
    devino.create_contact(NUMBER, {"middleName": "B."}, devino.create_group("Friends"))
    read = client.send("GET", at(NUMBER)).json
    (name,) = (each for each in read["attributes"] if each.startswith("devino."))

    assert client.send("PUT", at(NUMBER), read).json["attributes"] == read["attributes"]
    assert client.send("PUT", at(NUMBER), {}).json["attributes"] == read["attributes"]
    for value in ("else", None):
        refused = client.send("PATCH", at(NUMBER), {"attributes": {name: value}})
        assert problems_of(refused) == {f"/attributes/{name}": "cannot be changed"}
    refused = client.send("POST", CONTACTS, {"phoneNumber": OTHER, "attributes": {"a.b": "c"}})
    assert problems_of(refused) == {"/attributes/a.b": "cannot be changed"}


def test_every_problem_is_named_with_its_place(client):
    body = {
        "phoneNumber": "123",
        "email": 1,
        "attributes": {"a~b": 2},
        "groups": ["x", {"id": 3}],
        "nickname": "",
    }

    assert problems_of(client.send("POST", CONTACTS, body)).keys() == {
        "/phoneNumber", "/email", "/attributes/a~0b", "/groups/0", "/groups/1", "/nickname",
    }  # fmt: skip
    assert problems_of(client.send("POST", CONTACTS, b"[]")) == {"": "must be a JSON object"}
    unknown = client.send("GET", f"{CONTACTS}?limit=0&blacklisted=1&find=Tamm")
    assert problems_of(unknown).keys() == {"find"}
    assert problems_of(client.send("GET", f"{CONTACTS}?limit=0")).keys() == {"limit"}
    refused = client.send("PUT", at(NUMBER), {}, headers={"If-Match": "x"})
    assert problems_of(refused).keys() == {"If-Match"}
    assert problems_of(client.send("GET", at("51000000000000"))).keys() == {"contact"}


def test_group_that_does_not_exist_is_named_and_nothing_is_written(client, stranger):
    group, others = create_group(client), create_group(stranger)
    nobodys = "00000000-0000-0000-0000-000000000000"

    for sent in (others, nobodys):
        refused = client.send(
            "POST", CONTACTS, {"phoneNumber": NUMBER, "groups": [group, {"id": sent}]}
        )
        assert problems_of(refused, 404) == {"/groups/1": "is not a group"}
    assert client.send("GET", at(NUMBER)).status == 404
    assert problems_of(client.send("GET", f"{CONTACTS}?group={others}"), 404) == {}


def test_contact_is_put_into_exactly_these_groups(client):
    first, second, third = (create_group(client, name) for name in "abc")
    create(client, groups=[first, second])

    answer = client.send("PUT", f"{at(NUMBER)}/groups", {"groups": [second, {"id": third}]})

    assert [group["name"] for group in answer.json["groups"]] == ["b", "c"]
    assert answer.json["scheduledDeletionDate"] is None
    emptied = client.send("PUT", f"{at(NUMBER)}/groups", {"groups": []})
    assert emptied.json["groups"] == []
    assert emptied.json["scheduledDeletionDate"]


def test_contact_joins_and_leaves_more_groups_than_a_transaction_holds(client):
    before = [create_group(client, f"a{index}") for index in range(60)]
    after = [create_group(client, f"b{index}") for index in range(60)]
    create(client, groups=before)

    answer = client.send("PUT", f"{at(NUMBER)}/groups", {"groups": after})

    assert [group["id"] for group in answer.json["groups"]] == after


def test_only_taking_a_contact_out_of_its_stoplist_allows_its_number(client):
    stoplist, group = create_group(client, "Stop", kind="stoplist"), create_group(client)
    create(client, groups=[stoplist])
    assert client.send("GET", at(NUMBER)).json["blacklisted"] is True

    client.send("PATCH", at(NUMBER), {"phoneNumber": OTHER})
    client.send("PUT", f"{at(OTHER)}/groups", {"groups": [group]})

    assert client.send("GET", at(OTHER)).json["blacklisted"] is False
    assert client.send("GET", f"{BLACKLIST}/{NUMBER}").json["state"] == "stopped"


def test_contact_that_leaves_a_stoplist_with_its_number_lifts_no_opt_out_of_the_new_one(client):
    stoplist = create_group(client, "Stop", kind="stoplist")
    create(client, OTHER, groups=[stoplist])
    client.send("DELETE", at(OTHER))
    create(client, groups=[stoplist])

    client.send("PATCH", at(NUMBER), {"phoneNumber": OTHER, "groups": []})

    assert client.send("GET", at(OTHER)).json["blacklisted"] is True
    assert client.send("GET", f"{BLACKLIST}/{NUMBER}").json["state"] == "stopped"


# Conditions


def test_etag_changes_with_each_write_and_is_what_a_condition_names(client):
    tags = [create(client).headers["etag"]]
    for title in ("Sir", "Lady"):
        headers = {"If-Match": f'"70686f6e-6562-4000-8000-000000000007-1", {tags[-1]}'}
        answer = client.send("PATCH", at(NUMBER), {"title": title}, headers=headers)
        tags.append(answer.headers["etag"])
    assert client.send("GET", at(NUMBER)).headers["etag"] == tags[-1]
    assert len(set(tags)) == 3

    for method, body in (("PUT", {}), ("PATCH", {"title": "x"}), ("DELETE", None)):
        stale = client.send(method, at(NUMBER), body, headers={"If-Match": tags[0]})
        assert problems_of(stale, 412) == {}
    stale = client.send(
        "PUT", f"{at(NUMBER)}/groups", {"groups": []}, headers={"If-Match": tags[0]}
    )
    assert stale.status == 412
    assert client.send("GET", at(NUMBER)).json["title"] == "Lady"
    assert client.send("DELETE", at(NUMBER), headers={"If-Match": tags[-1]}).status == 204


def test_contact_that_was_deleted_and_created_again_is_another_version(client):
    tag = create(client).headers["etag"]
    client.send("DELETE", at(NUMBER))
    create(client)

    assert client.send("PUT", at(NUMBER), {}, headers={"If-Match": tag}).status == 412


def test_star_says_that_a_contact_is_there_or_is_not(client):
    for method, body in (("PUT", {}), ("PATCH", {"title": "x"}), ("DELETE", None)):
        missing = client.send(method, at(NUMBER), body, headers={"If-Match": "*"})
        assert missing.status == 412
    assert client.send("PUT", at(NUMBER), {}, headers={"If-None-Match": "*"}).status == 201
    assert client.send("PUT", at(NUMBER), {}, headers={"If-None-Match": "*"}).status == 412
    assert client.send("PUT", at(NUMBER), {}, headers={"If-Match": "*"}).status == 200
    both = {"If-Match": "*", "If-None-Match": "*"}
    assert problems_of(client.send("PUT", at(NUMBER), {}, headers=both)).keys() == {"If-None-Match"}


def test_of_eight_who_put_a_contact_that_must_not_be_there_one_is_served(client):
    answers = at_once(
        lambda index: client.send(
            "PUT", at(NUMBER), {"title": str(index)}, headers={"If-None-Match": "*"}
        )
    )

    assert sorted(answer.status for answer in answers) == [201] + [412] * (EIGHT - 1)
    (served,) = (answer for answer in answers if answer.status == 201)
    assert client.send("GET", at(NUMBER)).json == served.json


def test_of_eight_who_change_one_version_one_is_served(client):
    tag = create(client).headers["etag"]

    answers = at_once(
        lambda index: client.send(
            "PATCH", at(NUMBER), {"title": str(index)}, headers={"If-Match": tag}
        )
    )

    assert sorted(answer.status for answer in answers) == [200] + [412] * (EIGHT - 1)


# Lists


def numbers(client, path):
    found = []
    while path:
        answer = client.send("GET", path)
        assert answer.status == 200
        assert (answer.json["next"] is None) == (answer.next_path is None)
        found.append([each["phoneNumber"] for each in answer.json["contacts"]])
        path = answer.next_path
    return found


def test_contacts_are_listed_by_group_and_by_the_blacklist(client):
    friends, family = create_group(client), create_group(client, "Family")
    several = [f"+3725100000{index}" for index in range(6)]
    for index, number in enumerate(several):
        create(client, number, groups=[[friends], [family], []][index % 3])
        if index % 2:
            client.send("PUT", f"{BLACKLIST}/{number}")
    client.send("PUT", f"{BLACKLIST}/+37251999999")

    assert numbers(client, f"{CONTACTS}?limit=4") == [several[:4], several[4:]]
    of_both = [number for index, number in enumerate(several) if index % 3 != 2]
    groups = f"group={friends}&group={family}"
    assert numbers(client, f"{CONTACTS}?{groups}&limit=3") == [of_both[:3], of_both[3:]]
    assert numbers(client, f"{CONTACTS}?blacklisted=true&limit=2") == [
        several[1:5:2], [several[5]],
    ]  # fmt: skip
    assert numbers(client, f"{CONTACTS}?blacklisted=false&limit=2") == [
        several[0:4:2], [several[4]],
    ]  # fmt: skip
    assert numbers(client, f"{CONTACTS}?blacklisted=true&{groups}") == [[several[1], several[3]]]
    assert numbers(client, f"{GROUPS}/{friends}/members?limit=1") == [[several[0]], [several[3]]]


@pytest.mark.parametrize(
    ("text", "problem"),
    [("a", "one character"), ("", "must not be empty"), ("tamm%20m", "one character")],
)
def test_search_that_would_find_everybody_is_refused(client, text, problem):
    ((where, why),) = problems_of(client.send("GET", f"{CONTACTS}?q={text}")).items()

    assert (where, problem in why) == ("q", True)


def test_search_is_a_list_of_its_own(client):
    create(client)
    create(client, OTHER)

    first = client.send("GET", f"{CONTACTS}?limit=1")
    (cursor,) = re.findall(r"cursor=([^&>]*)", first.headers["link"])
    assert client.send("GET", f"{CONTACTS}?limit=1&cursor={cursor}").status == 200
    assert client.send("GET", f"{CONTACTS}?limit=1&cursor={cursor}&q=any").status == 400


def test_list_has_a_hundred_entries_unless_another_limit_is_asked_for(client, ministack):
    for index in range(101):
        create_group(client, str(index))

    answer = client.send("GET", GROUPS)

    assert len(answer.json["groups"]) == 100
    assert len(client.send("GET", answer.next_path).json["groups"]) == 1


def test_group_that_was_left_by_its_deletion_is_not_shown(client):
    group = create_group(client)
    create(client, groups=[group])

    client.send("DELETE", f"{GROUPS}/{group}")

    (shown,) = client.send("GET", CONTACTS).json["contacts"]
    assert shown["groups"] == []
    assert shown["scheduledDeletionDate"]


# Groups


def test_repetitions_with_a_key_make_one_group(client):
    def send(_=None, name="Friends", key="a", **fields):
        return client.send(
            "POST", GROUPS, {"name": name, **fields}, headers={"Idempotency-Key": key}
        )

    answers = at_once(send) + [send() for _ in range(5)]

    assert {answer.status for answer in answers} == {201}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert send(name="Foes").status == 422
    assert send(kind="stoplist").status == 422
    assert send(key="b").json["id"] != answers[0].json["id"]
    assert len(client.send("GET", GROUPS).json["groups"]) == 2


def test_key_of_another_account_is_another_key(client, stranger):
    ids = {
        each.send("POST", GROUPS, {"name": "a"}, headers={"Idempotency-Key": "a"}).json["id"]
        for each in (client, stranger)
    }

    assert len(ids) == 2


def test_key_of_a_deleted_group_does_not_bring_back_its_contacts(client):
    headers = {"Idempotency-Key": "a"}
    group = client.send("POST", GROUPS, {"name": "Friends"}, headers=headers).json["id"]
    create(client, groups=[group])
    client.send("DELETE", f"{GROUPS}/{group}")

    assert client.send("POST", GROUPS, {"name": "Friends"}, headers=headers).status == 422
    assert client.send("GET", at(NUMBER)).json["groups"] == []


def test_group_is_changed_by_its_name_alone(client):
    group = create_group(client)
    read = client.send("GET", f"{GROUPS}/{group}").json

    assert client.send("PATCH", f"{GROUPS}/{group}", {**read, "name": "Foes"}).status == 200
    assert client.send("PATCH", f"{GROUPS}/{group}", {}).json["name"] == "Foes"
    for body in ({"contactsCount": 7}, {"kind": "stoplist", "name": "x"}):
        assert problems_of(client.send("PATCH", f"{GROUPS}/{group}", body))
    assert client.send("GET", f"{GROUPS}/{group}").json["name"] == "Foes"


# The blacklist


def test_ledger_says_who_stopped_a_number_when_and_why(client):
    client.send("POST", "/v1/phonebook/blacklist", {"phoneNumber": NUMBER})
    complaint = {"reason": "complaint", "note": "by phone"}
    assert client.send("PUT", f"{BLACKLIST}/{NUMBER}", complaint).status == 200
    assert client.send("DELETE", f"{BLACKLIST}/{NUMBER}?note=wrote%20again").status == 204
    assert client.send("DELETE", f"{BLACKLIST}/{NUMBER}").status == 404
    assert client.send("GET", BLACKLIST).json == {"entries": [], "next": None}
    assert client.send("PUT", f"{BLACKLIST}/{NUMBER}").status == 201

    state = client.send("GET", f"{BLACKLIST}/{NUMBER}").json

    told = [
        (entry["state"], entry["reason"], entry["source"], entry["note"])
        for entry in state["entries"]
    ]
    assert told == [
        ("stopped", "request", "v2.stop_number", None),
        ("allowed", "request", "v2.allow_number", "wrote again"),
        ("stopped", "complaint", "v2.stop_number", "by phone"),
        ("stopped", "request", "messente.add_to_blacklist", None),
    ]
    assert {entry["actor"] for entry in state["entries"]} == {client.username}
    assert {entry["numberId"] for entry in state["entries"]} == {state["numberId"]}
    assert state["since"] == state["at"] == state["entries"][0]["at"]
    first = client.send("GET", f"{BLACKLIST}/{NUMBER}?limit=3")
    last = client.send("GET", first.next_path).json
    assert first.json["entries"] + last["entries"] == state["entries"]


def test_stoplist_is_not_a_reason_to_give(client):
    refused = client.send("PUT", f"{BLACKLIST}/{NUMBER}", {"reason": "stoplist", "note": 1})

    assert problems_of(refused).keys() == {"/reason", "/note"}


def test_account_says_whose_it_is_and_what_it_holds(client):
    create_group(client)
    client.send("PUT", f"{BLACKLIST}/{NUMBER}")

    shown = client.send("GET", "/v2/account").json

    assert (shown["id"], shown["groupsCount"], shown["blacklistCount"]) == (client.account, 1, 1)
    assert shown["credential"] == {"username": client.username, "scope": "full"}


def test_nothing_of_another_account_is_there(client, stranger):
    contact = create(client).json["id"]
    client.send("PUT", f"{BLACKLIST}/{NUMBER}")

    for key in (contact, NUMBER):
        assert stranger.send("GET", at(key)).status == 404
        assert stranger.send("DELETE", at(key)).status == 404
    assert stranger.send("GET", f"{BLACKLIST}/{NUMBER}").status == 404
