"""Changes on their way from the queue to receivers: a real queue, a real table, real sockets."""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
import standardwebhooks

from chalicelib.domain.webhooks import RETRY_AFTER, Outcome
from chalicelib.services import accounts, verifying, webhooks
from chalicelib.services.delivering import BESIDE_SENDING, Sender, replay
from chalicelib.services.webhooks import WebhookChanges
from chalicelib.storage import keys, webhook_places, webhook_queue
from chalicelib.storage import webhooks as stored
from chalicelib.storage.dynamodb.connection import table
from chalicelib.storage.inspection import Key
from chalicelib.storage.invariants import Kind
from chalicelib.storage.items import DeliveryItem, WebhookItem
from chalicelib.storage.webhook_queue import message_in
from tests.account import caller_of, stamp_of
from tests.jobs.breaking import Died, dying_at
from tests.patience import await_true
from tests.webhooks.conftest import NOW, after, change_of
from tests.webhooks.receivers import hanging, receiving, status

SOON = 0.3
OK = status("200 OK")
DOWN = status("500 Internal Server Error")
TOLD = {"subject", "revision", "fields", "actor", "source", "id"}


def headers_of(request):
    lines = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


def body_in(request):
    return json.loads(request.partition(b"\r\n\r\n")[2])


def ids(receiver):
    return [headers_of(request)["webhook-id"] for request in receiver.requests]


def test_change_is_told_as_standard_webhooks_says_and_its_receiver_can_verify_it(hooks):
    change = change_of()
    with receiving(OK) as receiver:
        webhook = hooks.add(f"{receiver.url}/hook")
        (attempt,) = hooks.deliver(change)

    (request,) = receiver.requests
    body = standardwebhooks.Webhook(webhook.secrets[0].text).verify(
        receiver.body, headers_of(request)
    )
    assert (body["type"], body["timestamp"]) == (change["type"], change["at"])
    assert body["data"] == {name: change[name] for name in TOLD}
    assert ids(receiver) == [change["id"]]
    assert (attempt.outcome, attempt.status, attempt.problem) == (Outcome.DELIVERED, 200, None)
    assert hooks.ledger(webhook) == [replace(attempt, seconds=round(attempt.seconds, 3))]
    assert hooks.waiting() == []


def test_former_secret_signs_too_for_a_day(hooks):
    with receiving(OK) as receiver:
        webhook = hooks.add(receiver.url)
        rotated = webhooks.rotate_secret(hooks.caller, webhook.id, NOW)
        hooks.deliver(change_of(), after(seconds=1))
        hooks.deliver(change_of(), after(days=1))

    during, ended = (headers_of(request)["webhook-signature"] for request in receiver.requests)
    assert (len(during.split()), len(ended.split())) == (2, 1)
    for secret in (webhook.secrets[0], rotated.secrets[0]):
        request = receiver.requests[0]
        standardwebhooks.Webhook(secret.text).verify(
            request.partition(b"\r\n\r\n")[2], headers_of(request)
        )


def test_each_webhook_is_told_of_what_it_wants_and_no_other_account_of_anything(hooks):
    stranger = caller_of(accounts.open_account("Other", "EE", 30, stamp_of(NOW)))
    with receiving(OK) as of_all, receiving(OK) as of_groups, receiving(OK) as off:
        hooks.add(of_all.url)
        hooks.add(of_groups.url, types=["group.created"])
        hooks.add(off.url, is_on=False)
        webhooks.add_webhook(stranger, off.url, NOW)
        contact, group = change_of(), change_of("group.created")
        hooks.deliver(contact)
        hooks.deliver(group)

    assert sorted(ids(of_all)) == sorted([contact["id"], group["id"]])
    assert ids(of_groups) == [group["id"]]
    assert off.requests == []


def test_failed_message_is_tried_again_by_plan_and_then_given_up(hooks):
    change = change_of()
    with receiving(DOWN) as receiver:
        webhook = hooks.add(receiver.url)
        now = NOW
        (attempt,) = hooks.deliver(change)
        for number, wait in enumerate(RETRY_AFTER, start=1):
            assert (attempt.number, attempt.outcome) == (number, Outcome.AGAIN)
            ended = now + timedelta(seconds=attempt.seconds)
            assert attempt.again_at == ended + wait
            assert hooks.work(attempt.again_at - timedelta(milliseconds=1)) == []
            now = attempt.again_at
            (attempt,) = hooks.work(now)
        failing_since = hooks.get(webhook).failing_since

    assert (attempt.number, attempt.outcome) == (len(RETRY_AFTER) + 1, Outcome.GIVEN_UP)
    assert ids(receiver) == [change["id"]] * (len(RETRY_AFTER) + 1)
    assert hooks.waiting() == []
    assert hooks.get(webhook).is_on
    assert failing_since == NOW
    assert [each.number for each in hooks.ledger(webhook)] == list(range(attempt.number, 0, -1))


def test_wait_is_longer_than_the_queue_holds_anything_and_so_is_made_of_several(hooks):
    with receiving(DOWN) as receiver:
        hooks.add(receiver.url)
        (first,) = hooks.deliver(change_of())
        hooks.work(first.again_at)
        (second,) = hooks.waiting()
        hooks.delays.clear()
        waited = 0
        now = first.again_at
        while now < second.due - timedelta(seconds=1):
            assert hooks.work(now) == []
            now += timedelta(seconds=hooks.delays[-1])
            waited += 1
            assert hooks.delays[-1] <= 900

    assert waited >= 1
    assert len(receiver.requests) == 2


def test_wait_of_hours_is_made_of_quarters(hooks):
    with receiving(status("503 Busy", "Retry-After: 3600")) as receiver:
        hooks.add(receiver.url)
        (attempt,) = hooks.deliver(change_of())
        now = attempt.again_at - timedelta(hours=1)
        hooks.delays.clear()
        for _ in range(4):
            assert hooks.work(now) == []
            now += timedelta(seconds=hooks.delays[-1])
        assert hooks.delays == [900] * 4
        assert [each.number for each in hooks.work(now)] == [2]


@pytest.mark.parametrize(
    ("behaviour", "wait"),
    [
        (status("301 Moved", "Location: http://127.0.0.1:1/"), timedelta(seconds=5)),
        (status("429 Too Many Requests", "Retry-After: 600"), timedelta(minutes=10)),
        (status("429 Too Many Requests", "Retry-After: 1"), timedelta(seconds=5)),
        (status("503 Service Unavailable", "Retry-After: 9999999"), timedelta(hours=24)),
    ],
    ids=["301", "429 for long", "429 for short", "503 for ever"],
)
def test_receiver_that_asks_for_time_gets_it_within_bounds(hooks, behaviour, wait):
    with receiving(behaviour) as receiver:
        hooks.add(receiver.url)
        (attempt,) = hooks.deliver(change_of())

    assert attempt.outcome is Outcome.AGAIN
    assert attempt.again_at == NOW + timedelta(seconds=attempt.seconds) + wait


def test_retries_of_what_failed_together_come_apart(hooks):
    with receiving(DOWN) as receiver:
        hooks.add(receiver.url)
        (attempt,) = hooks.deliver(change_of(), chance=lambda: 0.5)

    ended = NOW + timedelta(seconds=attempt.seconds)
    assert attempt.again_at == ended + timedelta(seconds=5.5)
    assert Sender().chance is random.random


def test_receiver_that_is_gone_turns_its_webhook_off_and_gets_nothing_more(hooks):
    with receiving(status("410 Gone")) as receiver:
        webhook = hooks.add(receiver.url)
        hooks.tell(change_of())
        hooks.tell(change_of())
        hooks.work()
        attempts = hooks.work()
        hooks.tell(change_of())
        hooks.work()
        assert hooks.work(after(days=1)) == []

    assert [each.outcome for each in attempts] == [Outcome.TURNS_OFF]
    assert len(receiver.requests) == 1
    off = hooks.get(webhook)
    assert (off.is_on, "410" in off.off_because) == (False, True)
    item = WebhookItem.get(
        keys.webhooks(hooks.account.id), keys.of_id(webhook.id), consistent_read=True
    )
    assert (item.changed_by, item.changed_via) == ("phonebook", "queue.deliver")


def test_receiver_that_asks_for_rest_gets_no_other_message_meanwhile(hooks):
    with receiving(status("429 Too Many Requests", "Retry-After: 600")) as receiver:
        hooks.add(receiver.url)
        (first,) = hooks.deliver(change_of())
        assert first.outcome is Outcome.AGAIN

        assert hooks.deliver(change_of(), after(minutes=9)) == []
        assert len(receiver.requests) == 1

        # One of the two is sent when the rest is over, and the next one begins.
        (again,) = hooks.work(after(minutes=11))
        assert again.outcome is Outcome.AGAIN
    assert len(receiver.requests) == 2


def test_whole_contact_that_an_event_may_have_goes_to_no_webhook(hooks):
    with receiving(OK) as receiver:
        hooks.add(receiver.url)
        hooks.deliver(change_of(contact={"phoneNumber": "+37250000000"}))

    assert set(body_in(receiver.requests[0])["data"]) == TOLD


def test_webhook_that_fails_for_five_days_is_turned_off_and_can_be_turned_on_again(hooks):
    with receiving(DOWN) as receiver:
        webhook = hooks.add(receiver.url)
        hooks.deliver(change_of())
        hooks.take()
        hooks.deliver(change_of(), after(days=4, hours=23))
        assert hooks.get(webhook).failing_since == NOW
        hooks.take()
        (first,) = hooks.deliver(change_of(), after(days=5))
        (attempt,) = hooks.work(after(days=5, minutes=1))

    # It may be the first message for days.
    assert first.outcome is Outcome.AGAIN
    assert attempt.outcome is Outcome.TURNS_OFF
    assert hooks.waiting() == []
    off = hooks.get(webhook)
    assert (off.is_on, off.off_because) == (
        False,
        "it has failed for 5 days: it answered 500",
    )
    webhooks.change_webhook(hooks.caller, webhook.id, WebhookChanges(is_on=True), NOW)
    assert hooks.get(webhook) == webhook


def test_success_ends_failing(hooks):
    with receiving(DOWN) as down, receiving(OK) as up:
        webhook = hooks.add(down.url)
        (attempt,) = hooks.deliver(change_of())
        assert hooks.get(webhook).failing_since == NOW
        item = WebhookItem(keys.webhooks(hooks.account.id), keys.of_id(webhook.id))
        item.update([WebhookItem.url.set(up.url)])
        (attempt,) = hooks.work(attempt.again_at)

    assert (attempt.number, attempt.outcome) == (2, Outcome.DELIVERED)
    assert hooks.get(webhook).failing_since is None
    assert hooks.waiting() == []


def test_message_to_a_webhook_that_was_removed_or_turned_off_ends(hooks):
    with receiving(OK) as receiver:
        removed, off = hooks.add(receiver.url), hooks.add(receiver.url)
        hooks.tell(change_of())
        hooks.work()
        webhooks.remove_webhook(hooks.caller, removed.id, NOW)
        webhooks.change_webhook(hooks.caller, off.id, WebhookChanges(is_on=False), NOW)
        assert hooks.work() == []

    assert (receiver.requests, hooks.waiting()) == ([], [])


def test_only_one_of_two_senders_works_for_a_webhook_at_once(hooks):
    with receiving(hanging) as receiver:
        webhook = hooks.add(receiver.url)
        one, other = change_of(), change_of()
        replay(hooks.account.id, webhook, [one, other], NOW)
        first, second = hooks.deliveries()
        with ThreadPoolExecutor(1) as elsewhere:
            held = elsewhere.submit(Sender().work_on, first, NOW)
            await_true(lambda: receiver.requests)
            assert Sender(chance=lambda: 1).work_on(second, NOW) is None
            receiver.is_over.set()
            attempt = held.result()
    assert attempt
    assert attempt.outcome is Outcome.AGAIN

    waiting = {each.message_id: each for each in hooks.waiting()}
    assert ids(receiver) == [first.message_id]
    assert (waiting[first.message_id].attempt, waiting[first.message_id].turns) == (2, 0)
    turned_away = waiting[second.message_id]
    assert (turned_away.attempt, turned_away.turns) == (1, 1)
    assert turned_away.due == after(seconds=4)
    assert 4 in hooks.delays


def test_eight_senders_at_once_tell_a_webhook_one_by_one(hooks):
    """Each that does not have its turn waits for it, and none is lost."""
    changes = [change_of() for _ in range(8)]
    with receiving(OK) as receiver:
        webhook = hooks.add(receiver.url)
        replay(hooks.account.id, webhook, changes, NOW)
        now = NOW
        while messages := hooks.deliveries():
            now = max(each.due for each in messages)
            with ThreadPoolExecutor(8) as senders:
                list(senders.map(lambda each, at=now: Sender().work_on(each, at), messages))

    assert sorted(ids(receiver)) == sorted(change["id"] for change in changes)
    assert len(hooks.ledger(webhook)) == 8


def test_receiver_that_hangs_delays_no_message_to_another_webhook(hooks):
    with receiving(hanging) as slow, receiving(OK) as fast:
        held, other = hooks.add(slow.url), hooks.add(fast.url)
        changes = [change_of() for _ in range(3)]
        replay(hooks.account.id, held, changes, NOW)
        of_slow = hooks.deliveries()
        with ThreadPoolExecutor(1) as elsewhere:
            holding = elsewhere.submit(Sender().work_on, of_slow[0], NOW)
            await_true(lambda: slow.requests)
            for message in of_slow[1:]:
                assert Sender().work_on(message, NOW) is None
            replay(hooks.account.id, other, changes, NOW)
            done = hooks.work()
            assert not holding.done()
            slow.is_over.set()

    assert [each.outcome for each in done] == [Outcome.DELIVERED] * 3
    assert len(fast.requests) == 3
    assert len(slow.requests) == 1


def test_receiver_that_hangs_has_failed_after_the_deadline(hooks):
    with receiving(hanging) as receiver:
        hooks.add(receiver.url)
        (attempt,) = hooks.deliver(change_of(), seconds=SOON)

    assert (attempt.outcome, attempt.status) == (Outcome.AGAIN, None)
    assert attempt.problem == "it did not answer within 0.3 seconds"


def test_message_that_the_queue_delivers_twice_is_sent_twice_with_one_id(hooks):
    change = change_of()
    with receiving(OK) as receiver:
        webhook = hooks.add(receiver.url)
        hooks.tell(change)
        hooks.work()
        (body,) = hooks.take()
        for _ in range(2):
            Sender().work_on(message_in(body), NOW)

    assert ids(receiver) == [change["id"]] * 2
    assert [each.position for each in hooks.ledger(webhook)] == [2, 1]


CALLS_OF_A_DELIVERY = 3
"""Taking the webhook, writing the entry, and the next attempt's message."""


@pytest.mark.parametrize("calls_before", [0, 1])
@pytest.mark.parametrize("call", range(CALLS_OF_A_DELIVERY))
def test_sender_that_breaks_off_at_any_call_loses_no_message(
    hooks, monkeypatch, call, calls_before
):
    """Its message is in the queue still, and comes again; nobody is told by another id.

    It ends before every second call and after the others, so one call before turns them round.
    """
    change = change_of()
    with receiving(DOWN) as receiver:
        webhook = hooks.add(receiver.url)
        hooks.tell(change)
        hooks.work()
        (body,) = hooks.take()

        def work():
            for _ in range(calls_before):
                hooks.get(webhook)
            Sender().work_on(message_in(body), NOW)

        with dying_at(monkeypatch, call + calls_before), pytest.raises(Died):
            work()
        is_sent = call > 0
        assert len(receiver.requests) == is_sent
        held = NOW + timedelta(seconds=15) + BESIDE_SENDING
        Sender().work_on(message_in(body), held)

    assert set(ids(receiver)) == {change["id"]}
    newest, *_ = hooks.ledger(webhook)
    assert (newest.at, newest.number) == (held, 1)
    assert all(each.attempt == 2 for each in hooks.waiting())
    assert hooks.waiting()


def test_delivery_makes_as_many_calls_as_it_is_broken_off_at(hooks, monkeypatch):
    with receiving(DOWN) as receiver:
        hooks.add(receiver.url)
        hooks.tell(change_of())
        hooks.work()
        (body,) = hooks.take()
        with dying_at(monkeypatch, -1) as calls:
            Sender().work_on(message_in(body), NOW)

    assert len(calls) == CALLS_OF_A_DELIVERY


def test_lease_of_a_sender_that_broke_off_ends(hooks):
    with receiving(OK) as receiver:
        webhook = hooks.add(receiver.url)
        lasting = timedelta(seconds=30)
        assert stored.take(hooks.account.id, webhook.id, "one", NOW, lasting=lasting)
        assert hooks.deliver(change_of(), after(seconds=29)) == []
        (attempt,) = hooks.work(after(seconds=40))

    assert (attempt.outcome, attempt.position) == (Outcome.DELIVERED, 2)


def test_ledger_keeps_as_many_attempts_as_it_has_slots(hooks):
    with receiving(OK) as receiver:
        webhook = hooks.add(receiver.url)
        changes = [change_of() for _ in range(12)]
        for change in changes:
            replay(hooks.account.id, webhook, [change], NOW)
            hooks.work(slots=5)

    def listed(**options):
        found = stored.list_attempts(
            hooks.account.id, webhook.id, **{"before": None, "expected": None, **options}, slots=5
        )
        return [each.message_id for each in found]

    newest = [change["id"] for change in reversed(changes)][:5]
    assert listed() == newest
    assert listed(before=11) == newest[2:]
    assert listed(before=8) == []
    partition = keys.deliveries(hooks.account.id, webhook.id)
    assert DeliveryItem.count(partition, consistent_read=True) == 5


def test_webhook_that_is_removed_takes_its_ledger_with_it(hooks):
    with receiving(OK) as receiver:
        webhook = hooks.add(receiver.url)
        for _ in range(3):
            hooks.deliver(change_of())
        webhooks.remove_webhook(hooks.caller, webhook.id, NOW)

    partition = keys.deliveries(hooks.account.id, webhook.id)
    assert DeliveryItem.count(partition, consistent_read=True) == 0


def test_webhook_that_is_removed_while_it_is_told_leaves_no_ledger(hooks):
    with receiving(hanging) as receiver:
        webhook = hooks.add(receiver.url)
        replay(hooks.account.id, webhook, [change_of()], NOW)
        (message,) = hooks.deliveries()
        with ThreadPoolExecutor(1) as elsewhere:
            held = elsewhere.submit(Sender().work_on, message, NOW)
            await_true(lambda: receiver.requests)
            webhooks.remove_webhook(hooks.caller, webhook.id, NOW)
            receiver.is_over.set()
            held.result()

    partition = keys.deliveries(hooks.account.id, webhook.id)
    assert DeliveryItem.count(partition, consistent_read=True) == 0


@pytest.mark.parametrize("changes", [{"url": "https://new.example"}, {"is_on": False}], ids=str)
def test_what_a_sender_learns_is_not_held_against_a_webhook_that_was_changed_meanwhile(
    hooks, changes
):
    def change_and_leave(receiver, connection):
        webhooks.change_webhook(hooks.caller, webhook.id, WebhookChanges(**changes), NOW)
        status("410 Gone")(receiver, connection)

    with receiving(change_and_leave) as receiver:
        webhook = hooks.add(receiver.url)
        hooks.deliver(change_of())

    assert hooks.get(webhook) == replace(webhook, **changes)
    assert [each.status for each in hooks.ledger(webhook)] == [410]


def test_test_is_sent_at_once_even_to_a_webhook_that_is_off_and_changes_only_the_ledger(hooks):
    with receiving(status("500 Oops", body=b"why")) as receiver:
        webhook = hooks.add(receiver.url, is_on=False)
        answer = Sender().test(hooks.caller, webhook.id, NOW)

    assert (answer.status, answer.problem, answer.text) == (500, "it answered 500", "why")
    assert body_in(receiver.requests[0])["type"] == "webhook.test"
    assert hooks.get(webhook) == webhook
    (attempt,) = hooks.ledger(webhook)
    assert (attempt.type, attempt.outcome) == ("webhook.test", Outcome.GIVEN_UP)
    assert hooks.waiting() == []


def test_test_waits_for_no_other_sender(hooks):
    with receiving(OK) as receiver:
        webhook = hooks.add(receiver.url)
        stored.take(hooks.account.id, webhook.id, "one", NOW, lasting=timedelta(hours=1))
        assert Sender().test(hooks.caller, webhook.id, NOW).problem is None

    assert [each.outcome for each in hooks.ledger(webhook)] == [Outcome.DELIVERED]


def test_replay_tells_one_webhook_what_it_wants_anew(hooks):
    with receiving(OK) as receiver, receiving(OK) as other:
        webhook = hooks.add(receiver.url, types=["contact.created"])
        hooks.add(other.url)
        changes = [change_of(), change_of("group.created"), change_of()]
        assert replay(hooks.account.id, webhook, changes, NOW) == 2
        hooks.work()

    assert sorted(ids(receiver)) == sorted([changes[0]["id"], changes[2]["id"]])
    assert other.requests == []


def test_receiver_on_this_machine_is_told_nothing_unless_that_is_allowed(hooks):
    with receiving(OK) as receiver:
        hooks.add(receiver.url)
        hooks.tell(change_of())
        hooks.work()
        webhook_places.use(hooks.settings._replace(allows_loopback=False))
        (attempt,) = hooks.work()

    assert receiver.requests == []
    assert attempt.problem == "the URL must begin with https://"


def test_queue_holds_a_delivery_back(hooks):
    """The one test in which the queue itself waits."""
    webhook_places.use(hooks.settings)
    with receiving(OK) as receiver:
        webhook = hooks.add(receiver.url)
        replay(hooks.account.id, webhook, [change_of()], NOW)
        (message,) = hooks.deliveries()
        webhook_queue.send(message, timedelta(seconds=2))

    assert hooks.take() == []
    await_true(hooks.take)


def test_verify_of_an_account_looks_at_its_webhooks_and_their_ledgers(hooks, monkeypatch):
    monkeypatch.setattr(verifying, "SECONDS_TO_SETTLE", 0)
    with receiving(OK) as receiver:
        webhook = hooks.add(receiver.url)
        hooks.deliver(change_of())
    stamp = hooks.caller.stamp(NOW)
    assert list(verifying.verify(hooks.account.id, stamp, fix=False)) == []

    damaged = [
        Key(keys.webhooks(hooks.account.id), keys.of_id(7)),
        Key(keys.deliveries(hooks.account.id, webhook.id), keys.slot(2, 1_000)),
        Key(keys.webhooks(hooks.account.id), keys.WEBHOOK_COUNT),
    ]
    for key in damaged:
        table().put_item(key.pk, key.sk, attributes={"other": {"S": "x"}})

    found = list(verifying.verify(hooks.account.id, stamp, fix=False))
    assert {each.kind for each in found} == {Kind.UNREADABLE}
    assert {each.key for each in found} == set(damaged)
