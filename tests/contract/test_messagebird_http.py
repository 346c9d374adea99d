"""Each operation by hand, and what no MessageBird client sends."""

import json
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from chalicelib.dialects.messagebird import MESSAGEBIRD
from chalicelib.dialects.messagebird.endpoints import ENDPOINTS
from chalicelib.dialects.messagebird.parse import SENT_BESIDE
from chalicelib.services import accounts
from infra.documents import table
from tests.account import stamp_of
from tests.contract.messagebird import (
    CONTACTS,
    GROUPS,
    MSISDN,
    NOBODY,
    OPERATIONS,
    MessageBird,
    assert_errors,
)
from tests.openapi import methods_at

METHODS = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}
OTHER_METHODS = [
    (method, route)
    for route in ENDPOINTS
    for method in sorted(METHODS - methods_at(MESSAGEBIRD, route))
]
OTHER_MSISDN = 31687654321
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def bird(client):
    return MessageBird(client)


def path_of(route, *, contact=NOBODY, group=NOBODY):
    return route.replace("{contactId}", contact).replace("{groupId}", group)


def test_contact_is_answered_as_documented(bird):
    before = datetime.now(UTC).replace(microsecond=0)
    contact = bird.create_contact(firstName="John", lastName="Doe", custom1="one", custom4="four")

    href = f"{bird.url}/contacts/{contact['id']}"
    created = datetime.strptime(contact["createdDatetime"], "%Y-%m-%dT%H:%M:%S%z")
    assert created >= before
    assert contact["createdDatetime"].endswith("+00:00")
    assert contact == {
        "id": contact["id"],
        "href": href,
        "msisdn": MSISDN,
        "firstName": "John",
        "lastName": "Doe",
        "customDetails": {"custom1": "one", "custom2": "", "custom3": "", "custom4": "four"},
        "groups": {"totalCount": 0, "href": f"{href}/groups"},
        "messages": {"totalCount": 0, "href": f"{href}/messages"},
        "createdDatetime": contact["createdDatetime"],
        "updatedDatetime": contact["createdDatetime"],
    }
    assert bird.send("GET", href.removeprefix(bird.url)).json == contact


def test_group_is_answered_as_documented(bird):
    group = bird.create_group(name="Friends")

    href = f"{bird.url}/groups/{group['id']}"
    assert group == {
        "id": group["id"],
        "href": href,
        "name": "Friends",
        "contacts": {"totalCount": 0, "href": f"{href}/contacts"},
        "createdDatetime": group["createdDatetime"],
        "updatedDatetime": group["createdDatetime"],
    }
    assert bird.send("GET", href.removeprefix(bird.url)).json == group


def test_hrefs_lead_where_they_say(bird):
    contact = bird.create_contact()
    group = bird.create_group(contact)
    contact = bird.send("GET", f"{CONTACTS}/{contact['id']}").json

    def items(reference):
        return bird.send("GET", reference["href"].removeprefix(bird.url)).json["items"]

    assert contact["groups"]["totalCount"] == 1
    assert [each["id"] for each in items(contact["groups"])] == [group["id"]]
    assert items(contact["messages"]) == []
    assert items(group["contacts"]) == [contact]


def test_contact_changes_its_number_and_keeps_everything_else(bird):
    contact = bird.create_contact(firstName="John", custom2="two")
    group = bird.create_group(contact)

    answer = bird.send(
        "PATCH", f"{CONTACTS}/{contact['id']}", {"msisdn": OTHER_MSISDN, "lastName": "Doe"}
    )

    assert answer.status == 200
    changed = answer.json
    assert (changed["msisdn"], changed["firstName"], changed["lastName"]) == (
        OTHER_MSISDN, "John", "Doe",
    )  # fmt: skip
    for kept in ("id", "href", "customDetails", "createdDatetime"):
        assert changed[kept] == contact[kept]
    assert bird.members(group) == [contact["id"]]
    assert bird.send("GET", f"{CONTACTS}/{OTHER_MSISDN}").json == changed
    assert_errors(bird.send("GET", f"{CONTACTS}/{MSISDN}"), 404, (20, None))
    assert bird.create_contact()["id"] != contact["id"]


def test_update_sets_clears_and_leaves(bird):
    contact = bird.create_contact(firstName="John", lastName="Doe", custom1="one")

    answer = bird.send(
        "PATCH",
        f"{CONTACTS}/{contact['id']}",
        {"firstName": None, "custom1": "", "custom3": "three", "msisdn": None},
    )

    assert answer.status == 200
    changed = answer.json
    assert (changed["msisdn"], changed["firstName"], changed["lastName"]) == (MSISDN, "", "Doe")
    assert changed["customDetails"] == {
        "custom1": "", "custom2": "", "custom3": "three", "custom4": "",
    }  # fmt: skip
    assert bird.send("PATCH", f"{CONTACTS}/{contact['id']}", {}).json["lastName"] == "Doe"
    assert bird.send("PATCH", f"{CONTACTS}/{contact['id']}", {"msisdn": MSISDN}).status == 200


def test_contact_may_be_sent_back_as_it_was_shown(bird):
    contact = bird.create_contact(firstName="John", custom1="one")
    path = f"{CONTACTS}/{contact['id']}"

    own = {**contact["customDetails"], "custom2": "two"}
    changed = bird.send("PATCH", path, {**contact, "lastName": "Doe", "customDetails": own})

    assert changed.status == 200
    assert (changed.json["lastName"], changed.json["customDetails"]["custom2"]) == ("Doe", "two")
    for name, other in [
        ("id", NOBODY), ("href", "x"), ("groups", {"totalCount": 9}), ("messages", None),
        ("createdDatetime", "2020-01-01T00:00:00+00:00"),
    ]:  # fmt: skip
        refused = bird.send("PATCH", path, {"firstName": "Other", name: other})
        assert_errors(refused, 422, (10, name))
    assert bird.send("GET", path).json["firstName"] == "John"


def test_group_may_be_sent_back_as_it_was_shown(bird):
    group = bird.create_group()
    path = f"{GROUPS}/{group['id']}"

    assert bird.send("PATCH", path, {**group, "name": "Other"}).json["name"] == "Other"
    assert_errors(bird.send("PATCH", path, {"name": "a", "id": NOBODY}), 422, (10, "id"))


def test_duplicate_number_is_refused_and_names_the_contact_that_has_it(bird):
    first, second = bird.create_contact(), bird.create_contact(OTHER_MSISDN)

    for answer in (
        bird.send("POST", CONTACTS, {"msisdn": f"+{MSISDN}"}),
        bird.send("PATCH", f"{CONTACTS}/{second['id']}", {"msisdn": MSISDN}),
    ):
        assert_errors(answer, 422, (10, "msisdn"))
        assert first["id"] in answer.json["errors"][0]["description"]
    assert bird.send("GET", f"{CONTACTS}/{second['id']}").json["msisdn"] == OTHER_MSISDN


@pytest.mark.parametrize("written", ["31612345678", "+31612345678", "%2B31612345678"])
def test_contact_is_viewed_by_its_number(bird, written):
    contact = bird.create_contact()

    assert bird.send("GET", f"{CONTACTS}/{written}").json == contact


def test_contact_is_viewed_by_its_name(bird):
    john = bird.create_contact(firstName="John", lastName="Doe")
    jane = bird.create_contact(OTHER_MSISDN, firstName="Jané", lastName="Doe")

    for name, found in [("John", john), ("Jané", jane), ("Jané Doe", jane), ("John Doe", john)]:
        assert bird.send("GET", f"{CONTACTS}/{quote(name)}").json == found
    several = bird.send("GET", f"{CONTACTS}/Doe").json
    assert (several["count"], several["totalCount"]) == (2, 2)
    assert several["items"] == [john, jane]
    for name in ("john", "Do", "John%20"):
        assert_errors(bird.send("GET", f"{CONTACTS}/{name}"), 404, (20, None))


def test_several_contacts_of_a_name_are_paged(bird):
    created = [bird.create_contact(MSISDN + n, firstName="A&B +c/d") for n in range(3)]

    pages = bird.pages(f"{CONTACTS}/{quote('A&B +c/d', safe='')}?limit=2")

    assert [len(page["items"]) for page in pages] == [2, 1]
    assert [item for page in pages for item in page["items"]] == created


def test_contacts_are_listed_by_number_or_name(bird):
    john = bird.create_contact(firstName="John", lastName="Doe")
    bird.create_contact(OTHER_MSISDN, firstName="Jane")

    def listed(query):
        return bird.send("GET", f"{CONTACTS}?{query}").json["items"]

    for query in (f"msisdn={MSISDN}", f"msisdn=%2B{MSISDN}", f"msisdn=+{MSISDN}", "name=John+Doe"):
        assert listed(query) == [john]
    assert listed("msisdn=31600000000") == listed("name=Nobody") == []
    refused = bird.send("GET", f"{CONTACTS}?name=&msisdn=")
    assert_errors(refused, 422, (10, "name"), (10, "msisdn"))
    assert_errors(bird.send("GET", f"{CONTACTS}?msisdn=x&limit=x"), 422, (10, "msisdn"),
                  (10, "limit"))  # fmt: skip


def test_number_and_name_are_for_viewing_only(bird):
    bird.create_contact(firstName="John")

    for name in (MSISDN, "John"):
        for method, path in [
            ("PATCH", ""), ("DELETE", ""), ("GET", "/groups"), ("GET", "/messages"),
        ]:  # fmt: skip
            assert_errors(bird.send(method, f"{CONTACTS}/{name}{path}", {}), 404, (20, None))


def test_contact_and_group_are_deleted(bird):
    contact = bird.create_contact()
    group = bird.create_group(contact)

    for path in (f"{GROUPS}/{group['id']}", f"{CONTACTS}/{contact['id']}"):
        deleted = bird.send("DELETE", path)
        assert (deleted.status, deleted.body) == (204, b"")
        assert "content-type" not in deleted.headers
        changes = {"name": "a"} if "groups" in path else {"firstName": "a"}
        for method, body in (("GET", None), ("PATCH", changes), ("DELETE", None)):
            assert_errors(bird.send(method, path, body), 404, (20, None))


def test_contact_leaves_a_group(bird):
    contact = bird.create_contact()
    group = bird.create_group(contact)
    path = f"{GROUPS}/{group['id']}/contacts/{contact['id']}"

    assert bird.send("DELETE", path).status == 204
    assert bird.members(group) == []
    assert_errors(bird.send("DELETE", path), 404, (20, None))


def test_group_is_renamed(bird):
    group = bird.create_group()

    renamed = bird.send("PATCH", f"{GROUPS}/{group['id']}", {"name": "New"})

    assert (renamed.status, renamed.json["name"]) == (200, "New")
    assert renamed.json["createdDatetime"] == group["createdDatetime"]


@pytest.mark.parametrize("place", ["query", "form"])
def test_phps_own_form_of_a_list_is_read(bird, place):
    """``http_build_query(['ids' => […]])``, which PHP's client makes of an array."""
    ids = [bird.create_contact()["id"], bird.create_contact(OTHER_MSISDN)["id"]]
    group = bird.create_group()
    path = f"{GROUPS}/{group['id']}/contacts"
    sent = "&".join(f"ids%5B{n}%5D={each}" for n, each in enumerate(ids))

    if place == "query":
        answer = bird.send("PUT", f"{path}?{sent}")
    else:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = bird.send("PUT", path, sent.encode(), headers=headers)

    assert answer.status == 204
    assert bird.members(group) == ids


def test_contacts_join_the_group_of_the_path_or_none(bird):
    """Node sends the group's id beside the ids."""
    contact, group, other = bird.create_contact(), bird.create_group(), bird.create_group()
    body = {"groupId": other["id"], "ids": [contact["id"]]}

    refused = bird.send("PUT", f"{GROUPS}/{group['id']}/contacts", body)

    assert_errors(refused, 422, (10, "groupId"))
    assert bird.members(group) == bird.members(other) == []


def test_what_is_sent_beside_is_on_the_page():
    documented = table("docs/dialects/messagebird.md", "sent beside")

    assert {name: by for name, _, by in documented if by in SENT_BESIDE.values()} == SENT_BESIDE


def test_adding_can_be_repeated(bird):
    one, two = bird.create_contact(), bird.create_contact(OTHER_MSISDN)
    group = bird.create_group(one)
    path = f"{GROUPS}/{group['id']}/contacts"

    for _ in range(2):
        ids = [one["id"], two["id"], two["id"].upper()]
        assert bird.send("PUT", path, {"ids": ids}).status == 204
        assert bird.members(group) == [one["id"], two["id"]]


@pytest.mark.parametrize("missing", [NOBODY, "no-id", "61afc0531573b08ddbe36e1c85602827"])
def test_nobody_is_added_when_somebody_is_missing(bird, missing):
    contact = bird.create_contact()
    group = bird.create_group()

    answer = bird.send("PUT", f"{GROUPS}/{group['id']}/contacts", {"ids": [contact["id"], missing]})

    assert_errors(answer, 404, (20, None))
    assert bird.members(group) == []


def test_up_to_50_are_added_at_once(bird):
    ids = [bird.create_contact(MSISDN + n)["id"] for n in range(50)]
    group = bird.create_group()
    path = f"{GROUPS}/{group['id']}/contacts"

    assert_errors(bird.send("PUT", path, {"ids": [*ids, NOBODY]}), 422, (10, "ids"))
    assert bird.send("PUT", path, {"ids": ids}).status == 204
    assert bird.members(group) == ids


@pytest.mark.parametrize(
    ("body", "code"),
    [({}, 9), (None, 9), ({"ids": []}, 10), ({"ids": "a"}, 10), ({"ids": [1]}, 10),
     ({"ids": None}, 9)],
)  # fmt: skip
@pytest.mark.parametrize("path", ["", "/contacts"])
def test_adding_nobody_is_refused(bird, body, code, path):
    group = bird.create_group()

    answer = bird.send("PUT", f"{GROUPS}/{group['id']}{path}", body)

    assert_errors(answer, 422, (code, "ids"))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_method_in_the_query_is_the_one_that_is_meant(bird, method):
    contact = bird.create_contact()
    group = bird.create_group()
    path = f"{GROUPS}/{group['id']}"

    added = bird.send(method, f"{path}/contacts?_method=put&ids[]={contact['id']}")
    assert (added.status, bird.members(group)) == (204, [contact["id"]])
    renamed = bird.send(method, f"{path}?_method=PATCH&name=New+name")
    assert (renamed.status, renamed.json["name"]) == (200, "New name")
    changed = bird.send(method, f"{CONTACTS}/{contact['id']}?_method=PATCH&custom1=%C3%A4")
    assert changed.json["customDetails"]["custom1"] == "ä"
    assert bird.send(method, f"{path}?_method=DELETE").status == 204
    assert bird.send("GET", path).status == 404


def test_method_in_the_query_is_for_get_and_post_only_and_has_to_be_one(bird):
    group = bird.create_group()
    path = f"{GROUPS}/{group['id']}"

    assert_errors(bird.send("PATCH", f"{path}?_method=DELETE", {"name": "a"}), 422, (10, "_method"))
    assert_errors(bird.send("DELETE", f"{path}?_method=GET"), 422, (10, "_method"))
    assert bird.send("GET", f"{path}?_method=").json["id"] == group["id"]
    for meant in ("GET", "HEAD"):
        refused = bird.send("POST", f"{path}?_method={meant}", {"name": "lost"})
        assert_errors(refused, 422, (10, "_method"))
    refused = bird.send("GET", f"{path}?_method=OTHER&ids[]=a")
    assert_errors(refused, 405, (98, None))
    assert refused.headers["allow"] == "DELETE, GET, HEAD, PATCH, PUT"


@pytest.mark.parametrize("body", [b"null", b"{}", b" ", b"[]"])
@pytest.mark.parametrize("content_type", ["application/json", "text/plain", None])
def test_body_that_says_nothing_does_not_matter(bird, body, content_type):
    """Go sends one with GET, and Python with DELETE."""
    contact = bird.create_contact()
    group = bird.create_group(contact)
    headers = {"Content-Type": content_type}
    by_id = f"{CONTACTS}/{contact['id']}"

    for path in (by_id, f"{by_id}/groups", f"{by_id}/messages", CONTACTS, GROUPS):
        assert bird.send("GET", path, body, headers=headers).status == 200
    for path in (f"{GROUPS}/{group['id']}/contacts/{contact['id']}", by_id):
        assert bird.send("DELETE", path, body, headers=headers).status == 204


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"msisdn": "1"}', "application/json"),
        (b"msisdn=1", "application/x-www-form-urlencoded"),
        (b"msisdn=", "application/x-www-form-urlencoded"),
    ],
)
def test_list_and_deletion_are_not_wider_than_their_body_says(bird, body, content_type):
    contact = bird.create_contact()
    group = bird.create_group(contact)
    headers = {"Content-Type": content_type}
    by_id = f"{CONTACTS}/{contact['id']}"

    # Go sends the contact again with this one.
    assert bird.send("GET", by_id, body, headers=headers).status == 200
    for method, path in [
        ("GET", CONTACTS), ("GET", GROUPS), ("GET", f"{by_id}/groups"), ("DELETE", by_id),
        ("DELETE", f"{GROUPS}/{group['id']}"),
        ("DELETE", f"{GROUPS}/{group['id']}/contacts/{contact['id']}"),
    ]:  # fmt: skip
        assert_errors(bird.send(method, path, body, headers=headers), 422, (10, "msisdn"))
    assert bird.members(group) == [contact["id"]]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'["1"]', "application/json"),
        (b'{"ids":', "application/json"),
        (b"ids[]=1", "text/plain"),
        (b"\xff", None),
    ],
)
def test_body_that_cannot_be_read_widens_no_deletion(bird, body, content_type):
    contact = bird.create_contact()
    group = bird.create_group(contact)
    headers = {"Content-Type": content_type}

    refused = bird.send("DELETE", f"{GROUPS}/{group['id']}", body, headers=headers)

    assert_errors(refused, 422, (21, None))
    assert bird.members(group) == [contact["id"]]


def test_form_is_as_good_as_json(bird):
    body = b"msisdn=%2B31612345678&firstName=J%C3%B6hn+X&custom2=a%26b&lastName="

    created = bird.send("POST", CONTACTS, body, headers=FORM)

    assert created.status == 201
    assert (created.json["msisdn"], created.json["firstName"]) == (MSISDN, "Jöhn X")
    assert created.json["customDetails"]["custom2"] == "a&b"
    path = f"{CONTACTS}/{created.json['id']}"
    changed = bird.send("PATCH", path, b"firstName=&lastName=Doe", headers=FORM).json
    assert (changed["firstName"], changed["lastName"]) == ("", "Doe")


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        (b"", [(9, "msisdn")]),
        (b"{}", [(9, "msisdn")]),
        (b"{", [(21, None)]),
        (b"[]", [(21, None)]),
        (b"\xff\xfe", [(21, None)]),
        (b'{"msisdn": null}', [(9, "msisdn")]),
        (b'{"msisdn": "", "custom1": 1}', [(9, "msisdn"), (10, "custom1")]),
        (b'{"msisdn": 31612345678, "firstname": "a"}', [(10, "firstname")]),
        (b'{"msisdn": 31612345678, "customDetails": {"custom5": "a"}}', [(10, "custom5")]),
        (b'{"msisdn": true}', [(10, "msisdn")]),
        (b'{"msisdn": 123}', [(10, "msisdn")]),
        (b'{"msisdn": 31612345678.0}', [(10, "msisdn")]),
        (b'{"firstName": "\\ud800", "lastName": "\\u0000"}',
         [(9, "msisdn"), (10, "firstName"), (10, "lastName")]),
    ],
)  # fmt: skip
def test_every_problem_is_an_item(bird, body, errors):
    assert_errors(bird.send("POST", CONTACTS, body), 422, *errors)
    assert bird.send("GET", CONTACTS).json["items"] == []


@pytest.mark.parametrize(("name", "code"), [("", 9), ("x" * 256, 10), (None, 9), (1, 10)])
def test_group_has_a_name(bird, name, code):
    group = bird.create_group()

    for method, path in (("POST", GROUPS), ("PATCH", f"{GROUPS}/{group['id']}")):
        assert_errors(bird.send(method, path, {"name": name}), 422, (code, "name"))
        assert_errors(bird.send(method, path, {}), 422, (9, "name"))


def test_body_of_another_type_or_too_large_is_refused_as_every_client_can_read(bird):
    headers = {"Content-Type": "text/plain"}

    assert_errors(bird.send("POST", CONTACTS, b"msisdn", headers=headers), 422, (21, None))
    assert_errors(bird.send("POST", CONTACTS, b" " * (256 * 1024 + 1)), 422, (21, None))


@pytest.mark.parametrize(("method", "route"), OPERATIONS)
def test_no_operation_is_open_to_the_public(bird, method, route):
    anonymous = bird.send(method, path_of(route), headers={"Authorization": None})

    assert_errors(anonymous, 401, (2, "access_key"))
    assert anonymous.headers["www-authenticate"].startswith("AccessKey ")


@pytest.mark.parametrize(
    "authorization",
    ["", "AccessKey", "AccessKey x", "AccessKey .", "AccessKey a.b", "Bearer {key}", "{basic}",
     "AccessKey {key}x", "AccessKey " + "A" * 5_000],
)  # fmt: skip
def test_every_wrong_access_key_is_refused_alike(bird, authorization):
    anonymous = bird.send("GET", CONTACTS, headers={"Authorization": None})
    sent = authorization.format(key=bird.access_key, basic=bird.client.basic)

    refused = bird.send("GET", CONTACTS, headers={"Authorization": sent})

    assert_errors(refused, 401, (2, "access_key"))
    assert refused.body == anonymous.body


def test_access_key_may_be_in_the_query_and_is_in_no_answer(bird):
    for n in range(2):
        bird.create_contact(MSISDN + n)
    query = f"access_key={bird.access_key}"
    nothing = {"Authorization": None}

    answer = bird.send("GET", f"{CONTACTS}?limit=1&{query}", headers=nothing)
    assert answer.status == 200
    assert answer.json["links"]["next"]
    assert bird.client.secret not in answer.body.decode()
    wrong = bird.send("GET", f"{CONTACTS}?{query}x", headers=nothing)
    assert_errors(wrong, 401, (2, "access_key"))


def test_scheme_is_read_in_any_case(bird):
    headers = {"Authorization": f"accesskey {bird.access_key}"}

    assert bird.send("GET", CONTACTS, headers=headers).status == 200


def test_revoked_access_key_is_refused(bird, ministack):
    with ministack:
        accounts.revoke_credential(bird.client.username, stamp_of(datetime.now(UTC)))

    assert_errors(bird.send("GET", CONTACTS), 401, (2, "access_key"))


@pytest.mark.parametrize("path", ["/contacts/1/2/3", "/contacts/1/other", "/groups/1/contacts/2/3"])
def test_unknown_path_is_told_to_those_who_may_know(bird, path):
    assert_errors(bird.send("GET", path), 404, (98, None))
    assert_errors(bird.send("GET", path, headers={"Authorization": None}), 401, (2, "access_key"))


@pytest.mark.parametrize(("method", "route"), OTHER_METHODS)
def test_wrong_method_is_told_with_the_right_ones(bird, method, route):
    answer = bird.send(method, path_of(route))

    assert_errors(answer, 405, (98, None), has_body=method != "HEAD")
    assert answer.headers["allow"] == ", ".join(sorted(methods_at(MESSAGEBIRD, route)))


@pytest.mark.parametrize(
    "unknown", [NOBODY, "5792a02ae5c2422ba0a00ae65d814663", "no-id", "%20", "%2F", "31600000000"]
)
def test_what_is_not_there_is_told(bird, unknown):
    contact, group = bird.create_contact(), bird.create_group()
    for method, path, body in [
        ("GET", f"{CONTACTS}/{unknown}", None),
        ("PATCH", f"{CONTACTS}/{unknown}", {}),
        ("DELETE", f"{CONTACTS}/{unknown}", None),
        ("GET", f"{CONTACTS}/{unknown}/groups", None),
        ("GET", f"{CONTACTS}/{unknown}/messages", None),
        ("GET", f"{GROUPS}/{unknown}", None),
        ("PATCH", f"{GROUPS}/{unknown}", {"name": "a"}),
        ("DELETE", f"{GROUPS}/{unknown}", None),
        ("GET", f"{GROUPS}/{unknown}/contacts", None),
        ("PUT", f"{GROUPS}/{unknown}/contacts", {"ids": [contact["id"]]}),
        ("PUT", f"{GROUPS}/{unknown}", {"ids": [contact["id"]]}),
        ("DELETE", f"{GROUPS}/{unknown}/contacts/{contact['id']}", None),
        ("DELETE", f"{GROUPS}/{group['id']}/contacts/{unknown}", None),
    ]:
        assert_errors(bird.send(method, path, body), 404, (20, None))


def test_contact_is_the_same_in_the_other_dialect(bird):
    contact = bird.create_contact(firstName="John", custom1="one", custom2="two")
    path = f"/v1/phonebook/contacts/+{MSISDN}"

    seen = bird.client.send("GET", path).json["contact"]
    assert (seen["firstName"], seen["custom"], seen["custom2"]) == ("John", "one", "two")
    bird.client.send("PATCH", path, {"custom4": "four", "company": "Acme"})
    assert bird.send("GET", f"{CONTACTS}/{contact['id']}").json["customDetails"] == {
        "custom1": "one", "custom2": "two", "custom3": "", "custom4": "four",
    }  # fmt: skip


def test_no_success_has_a_key_that_clients_take_for_an_error(bird):
    contact = bird.create_contact()

    for path in (CONTACTS, GROUPS, f"{CONTACTS}/{contact['id']}"):
        assert "errors" not in json.loads(bird.send("GET", path).body)
