"""When a delivery waits, for how long, and what a message says."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.deliveries import Delivery, body_of, change_of_test, wants
from chalicelib.domain.webhooks import Webhook

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
CHANGE = {"id": "c1", "type": "group.created", "at": "2026-01-31T12:00:00.000000Z", "revision": 2}


def delivery(**more):
    return Delivery(**{"account_id": "a", "webhook_id": 7, "change": CHANGE, "due": NOW, **more})


def webhook(**more):
    return Webhook(
        **{
            "id": 7,
            "url": "https://a.example",
            "types": frozenset(),
            "secrets": (),
            "created_on": NOW,
            **more,
        }
    )


@pytest.mark.parametrize(
    ("wait", "seconds"),
    [
        (timedelta(seconds=-5), 0),
        (timedelta(), 0),
        (timedelta(milliseconds=1), 1),
        (timedelta(seconds=5), 5),
        (timedelta(seconds=5, milliseconds=1), 6),
        (timedelta(minutes=15), 900),
        (timedelta(minutes=15, milliseconds=1), 900),
        (timedelta(hours=24), 900),
    ],
)
def test_queue_holds_a_delivery_for_whole_seconds_and_a_quarter_of_an_hour_at_most(wait, seconds):
    assert delivery(due=NOW + wait).delay(NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("turns", "chance", "seconds"),
    [(0, 0, 1), (0, 1, 4), (1, 1, 8), (3, 1, 32), (8, 1, 900), (1_000, 1, 900), (1_000, 0, 1)],
)
def test_delivery_waits_some_seconds_for_its_turn_and_longer_the_more_often(turns, chance, seconds):
    waits = delivery(turns=turns, attempt=3).at_next_turn(NOW, chance)

    assert waits == delivery(turns=turns + 1, attempt=3, due=NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(("chance", "wait"), [(0, 100), (0.5, 110), (1, 120)])
def test_next_attempt_is_never_earlier_than_told_and_a_fifth_later_at_most(chance, wait):
    again = delivery(turns=9).again(NOW + timedelta(seconds=100), NOW, chance)

    assert again == delivery(attempt=2, due=NOW + timedelta(seconds=wait))


def test_delivery_says_which_message_it_is():
    assert (delivery().message_id, delivery().type) == ("c1", "group.created")


@pytest.mark.parametrize(
    ("types", "is_on", "is_wanted"),
    [
        ((), True, True),
        (("group.created",), True, True),
        (("group.deleted",), True, False),
        ((), False, False),
        (("group.created",), False, False),
    ],
)
def test_webhook_wants_its_types_or_all_while_it_is_on(types, is_on, is_wanted):
    assert wants(webhook(types=frozenset(types), is_on=is_on), "group.created") is is_wanted


def test_message_has_the_form_of_standard_webhooks_and_the_rest_of_the_change_as_its_data():
    body = body_of({**CHANGE, "source": "Zoë"})

    assert json.loads(body) == {
        "type": "group.created",
        "timestamp": "2026-01-31T12:00:00.000000Z",
        "data": {"id": "c1", "revision": 2, "source": "Zoë"},
    }
    assert "Zoë".encode() in body


def test_message_of_a_test_is_of_its_own_type():
    assert json.loads(body_of(change_of_test("t1", NOW))) == {
        "type": "webhook.test",
        "timestamp": "2026-01-31T12:00:00.000000Z",
        "data": {"id": "t1"},
    }
