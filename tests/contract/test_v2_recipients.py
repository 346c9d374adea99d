"""Who may be messaged now, over HTTP."""

import pytest

from tests.contract.test_v2_http import BLACKLIST, GROUPS, create, create_group, problems_of

RECIPIENTS = "/v2/recipients"


def number(index):
    return f"+3725100000{index}"


def ask(client, **question):
    answer = client.send("POST", RECIPIENTS, question)
    assert answer.status == 200, answer
    return answer.json


def told(page):
    recipients = [each["phoneNumber"] for each in page["recipients"]]
    excluded = [
        (each.get("phoneNumber", each.get("input")), each["reason"]) for each in page["excluded"]
    ]
    return recipients, excluded


@pytest.fixture
def friends(client):
    """A group of numbers 0 to 3; 1 is blacklisted, and 2 is also among the rivals."""
    group = create_group(client)
    rivals = create_group(client, "Rivals")
    for index in range(4):
        create(client, number(index), title=str(index), groups=[group, *[rivals][: index == 2]])
    client.send("PUT", f"{BLACKLIST}/{number(1)}")
    return group, rivals


def test_groups_and_numbers_are_put_together_and_who_is_left_out_has_a_reason(client, friends):
    group, rivals = friends
    given = [number(9), "5100 0003", number(9), "Ann", 7, number(1), "3.725E+10"]

    page = ask(client, groups=[group], excludeGroups=[{"id": rivals}], numbers=given)

    recipients, excluded = told(page)
    assert recipients == [number(0), number(3), number(9)]
    assert excluded == [
        ("Ann", "invalid"), (7, "invalid"), ("3.725E+10", "invalid"), (number(9), "duplicate"),
        (number(1), "blacklisted"), (number(2), "excludedGroup"),
    ]  # fmt: skip
    assert page["counts"] == {
        "recipients": 3, "blacklisted": 1, "suppressed": 0, "excludedGroup": 1, "invalid": 3,
        "duplicate": 1,
    }  # fmt: skip
    assert [each["contact"] and each["contact"]["title"] for each in page["recipients"]] == [
        "0", "3", None,
    ]  # fmt: skip
    assert all(each["detail"] for each in page["excluded"] if each["reason"] == "invalid")
    assert page["next"] is None


def test_pages_hold_everybody_once_and_the_first_one_what_was_not_read(client, friends):
    group, _ = friends
    question = {"groups": [group], "numbers": ["x", number(0), number(0)], "limit": 2}

    first = ask(client, **question)
    second = ask(client, **question, cursor=first["next"])

    assert told(first) == (
        [number(0)],
        [("x", "invalid"), (number(0), "duplicate"), (number(1), "blacklisted")],
    )
    assert told(second) == ([number(2), number(3)], [])
    assert second["next"] is None


def test_cursor_is_bound_to_the_whole_question(client, friends, stranger):
    group, rivals = friends
    cursor = ask(client, groups=[group], limit=1)["next"]

    for question in (
        {"groups": [rivals]},
        {"groups": [group], "numbers": [number(9)]},
        {"groups": [group], "excludeGroups": [rivals]},
    ):
        refused = client.send("POST", RECIPIENTS, {**question, "limit": 1, "cursor": cursor})
        assert problems_of(refused) == {"/cursor": "is not a cursor of this list"}


def test_group_that_does_not_exist_is_no_half_answer(client, friends, stranger):
    group, _ = friends
    others = create_group(stranger)
    client.send("DELETE", f"{GROUPS}/{group}")

    for question in ({"groups": [others]}, {"excludeGroups": [others]}, {"groups": [group]}):
        refused = client.send("POST", RECIPIENTS, question)
        assert problems_of(refused, 404) == {}
        assert refused.json["code"] == "group_not_found"


def test_question_that_is_not_understood_is_refused_by_its_places(client, friends):
    group, _ = friends
    question = {
        "groups": [group, group], "excludeGroups": "x", "numbers": {}, "limit": 0, "cursor": 7,
        "exclude": [],
    }  # fmt: skip

    assert problems_of(client.send("POST", RECIPIENTS, question)).keys() == {
        "/groups/1", "/excludeGroups", "/numbers", "/limit", "/cursor", "/exclude",
    }  # fmt: skip
    many = {"numbers": [number(0)] * 10_001}
    assert problems_of(client.send("POST", RECIPIENTS, many)).keys() == {"/numbers"}
    assert ask(client)["recipients"] == []
