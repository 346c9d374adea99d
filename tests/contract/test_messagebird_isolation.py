"""Two accounts: neither sees, changes or even detects what is the other's."""

import pytest

from tests.contract.messagebird import CONTACTS, GROUPS, MSISDN, NOBODY, OPERATIONS, MessageBird

BODIES: dict[tuple[str, str], dict[str, object]] = {
    ("POST", CONTACTS): {"msisdn": MSISDN},
    ("PATCH", f"{CONTACTS}/{{contactId}}"): {"msisdn": MSISDN + 1, "firstName": "changed"},
    ("POST", GROUPS): {"name": "new"},
    ("PATCH", f"{GROUPS}/{{groupId}}"): {"name": "changed"},
    ("PUT", f"{GROUPS}/{{groupId}}"): {"ids": ["{contactId}"]},
    ("PUT", f"{GROUPS}/{{groupId}}/contacts"): {"ids": ["{contactId}"]},
}


@pytest.fixture
def owner(client):
    return MessageBird(client)


@pytest.fixture
def other(stranger):
    return MessageBird(stranger)


@pytest.fixture
def owned(owner):
    """A contact in a group, by the names that they have in paths."""
    contact = owner.create_contact(firstName="John")
    return {"contactId": contact["id"], "groupId": owner.create_group(contact)["id"]}


def path_of(route, ids):
    for name, value in ids.items():
        route = route.replace(f"{{{name}}}", value)
    return route


def body_of(operation, ids):
    body = BODIES.get(operation)
    return {**body, "ids": [ids["contactId"]]} if body and "ids" in body else body


def everything(owner, ids):
    return [
        owner.send("GET", path_of(route, ids)).body for method, route in OPERATIONS
        if method == "GET"
    ]  # fmt: skip


@pytest.mark.parametrize(("method", "route"), OPERATIONS)
def test_operation_answers_a_stranger_as_if_there_were_nothing(owner, other, owned, method, route):
    """The answer is to the byte the one for ids that nobody has."""
    before = everything(owner, owned)
    nobody = {"contactId": NOBODY, "groupId": NOBODY}

    answer = other.send(method, path_of(route, owned), body_of((method, route), owned))

    assert answer.status == ({"POST": 201, "GET": 200}[method] if "{" not in route else 404)
    assert everything(owner, owned) == before
    if answer.status == 404:
        unknown = other.send(method, path_of(route, nobody), body_of((method, route), nobody))
        assert (unknown.status, unknown.body) == (answer.status, answer.body)


def test_every_operation_with_a_body_has_one_here():
    assert set(BODIES) == {
        (method, route) for method, route in OPERATIONS if method in {"POST", "PUT", "PATCH"}
    }


def test_strangers_lists_are_empty(other, owned):
    for path in (CONTACTS, GROUPS, f"{CONTACTS}?msisdn={MSISDN}", f"{CONTACTS}?name=John"):
        answer = other.send("GET", path).json
        assert (answer["items"], answer["totalCount"]) == ([], 0)
    for by in (MSISDN, "John"):
        assert other.send("GET", f"{CONTACTS}/{by}").status == 404


def test_stranger_cannot_mix_what_is_his_with_the_owners(owner, other, owned):
    contact = other.create_contact()
    group = other.create_group(contact)
    before = everything(owner, owned)

    for group_id, contact_id in [
        (owned["groupId"], contact["id"]),
        (group["id"], owned["contactId"]),
    ]:
        path = f"{GROUPS}/{group_id}/contacts"
        assert other.send("PUT", path, {"ids": [contact_id]}).status == 404
        assert other.send("PUT", path, {"ids": [contact["id"], contact_id]}).status == 404
        assert other.send("GET", f"{path}?_method=PUT&ids[]={contact_id}").status == 404
        assert other.send("DELETE", f"{path}/{contact_id}").status == 404
    assert other.members(group) == [contact["id"]]
    assert everything(owner, owned) == before


def test_conflict_names_a_contact_of_the_same_account(other, owned):
    contact = other.create_contact()

    refused = other.send("POST", CONTACTS, {"msisdn": MSISDN})

    assert contact["id"] in refused.body.decode()
    assert owned["contactId"] not in refused.body.decode()
