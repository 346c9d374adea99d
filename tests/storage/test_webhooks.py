"""Webhooks in the table: how many there may be, and what happens if several change one at once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import islice

import pytest

from benchmarks.use_cases.meter import Meter
from chalicelib.domain.deliveries import Attempt
from chalicelib.domain.errors import (
    ConflictError,
    InvalidDataError,
    NotFoundError,
    PhonebookError,
    UnavailableError,
)
from chalicelib.domain.limits import MAX_WEBHOOKS
from chalicelib.domain.webhooks import FORMER_SECRET_KEPT, Outcome, Verdict
from chalicelib.services import accounts, webhooks
from chalicelib.services.webhooks import WebhookChanges
from chalicelib.storage import keys
from chalicelib.storage import webhooks as stored
from chalicelib.storage.items import DeliveryItem, WebhookCountItem, WebhookItem
from infra.documents import table as documented
from tests.account import caller_of, stamp_of
from tests.faulty_engine import lose_answer
from tests.storage.conftest import NOW
from tests.written import assert_stamped, written

URL = "https://a.example/hook"
LATER = NOW + timedelta(hours=1)
LASTING = timedelta(seconds=30)
SLOTS = 5


@pytest.fixture
def caller(account):
    return caller_of(account)


def add(caller, **options):
    return webhooks.add_webhook(caller, URL, NOW, **options)


def attempt(position, **more):
    return Attempt(
        **{
            "position": position,
            "at": NOW,
            "message_id": f"m{position}",
            "type": "contact.created",
            "number": 1,
            "outcome": Outcome.DELIVERED,
            "status": 200,
            "problem": None,
            "seconds": 0.25,
            **more,
        }
    )


def take(caller, webhook, sender="one", now=NOW):
    return stored.take(caller.account.id, webhook.id, sender, now, lasting=LASTING)


def deliver(caller, webhook):
    lease = take(caller, webhook)
    assert lease
    verdict = Verdict(Outcome.DELIVERED)
    stored.finish(lease, attempt(lease.position), verdict, stamp_of(NOW), slots=SLOTS)
    return lease


def listed(caller, webhook, *, before=None, expected=None):
    found = stored.list_attempts(
        caller.account.id, webhook.id, before=before, expected=expected, slots=SLOTS
    )
    return [each.position for each in found]


def counted(caller):
    item = WebhookCountItem.get(
        keys.webhooks(caller.account.id), keys.WEBHOOK_COUNT, consistent_read=True
    )
    return item.webhooks


def outcome_of(work):
    try:
        return work()
    except PhonebookError as error:
        return error.code.name


def test_webhook_is_stored_as_it_is_and_listed_oldest_first(caller):
    found = [
        webhooks.add_webhook(caller, URL, NOW + timedelta(seconds=index), types=types)
        for index, types in enumerate([(), ["contact.created", "group.deleted"]])
    ]

    assert list(webhooks.list_webhooks(caller.account)) == found
    assert list(webhooks.list_webhooks(caller.account, after=found[0].id)) == found[1:]
    assert webhooks.retrieve_webhook(caller.account, found[1].id) == found[1]


def test_webhook_of_another_account_is_not_there(caller):
    webhook = add(caller)
    stranger = caller_of(accounts.open_account("Other", "EE", 30, stamp_of(NOW)))

    for use in (
        lambda: webhooks.retrieve_webhook(stranger.account, webhook.id),
        lambda: webhooks.change_webhook(stranger, webhook.id, WebhookChanges(is_on=False), NOW),
        lambda: webhooks.rotate_secret(stranger, webhook.id, NOW),
        lambda: webhooks.remove_webhook(stranger, webhook.id, NOW),
        lambda: webhooks.list_deliveries(stranger.account, webhook.id),
        lambda: stored.count_test(stranger.account.id, webhook.id, stamp_of(NOW)),
    ):
        with pytest.raises(NotFoundError):
            use()
    assert take(stranger, webhook) is None
    assert webhooks.retrieve_webhook(caller.account, webhook.id) == webhook


def test_webhook_has_a_url_and_types_that_there_are(caller):
    with pytest.raises(InvalidDataError) as refused:
        webhooks.add_webhook(caller, "http://a.example", NOW, types=["contact.made"])

    assert [each.field for each in refused.value.found] == ["url", "types"]
    assert list(webhooks.list_webhooks(caller.account)) == []


def test_account_has_no_more_than_it_may_and_another_one_after_one_was_removed(caller):
    found = [add(caller) for _ in range(MAX_WEBHOOKS)]
    with pytest.raises(ConflictError):
        add(caller)

    webhooks.remove_webhook(caller, found[0].id, NOW)
    add(caller)

    with pytest.raises(ConflictError):
        add(caller)
    assert len(list(webhooks.list_webhooks(caller.account))) == counted(caller) == MAX_WEBHOOKS


@pytest.mark.real_engine
def test_limit_holds_for_those_who_come_at_once(caller):
    for _ in range(MAX_WEBHOOKS - 2):
        add(caller)

    with ThreadPoolExecutor(8) as clients:
        outcomes = list(clients.map(lambda _: outcome_of(lambda: add(caller)), range(8)))

    assert outcomes.count("TOO_MANY_WEBHOOKS") == 6
    assert len(list(webhooks.list_webhooks(caller.account))) == counted(caller) == MAX_WEBHOOKS


@pytest.mark.real_engine
def test_webhook_that_is_removed_by_several_is_counted_once(caller):
    webhook, _ = add(caller), add(caller)

    with ThreadPoolExecutor(4) as clients:
        outcomes = list(
            clients.map(
                lambda _: outcome_of(lambda: webhooks.remove_webhook(caller, webhook.id, NOW)),
                range(4),
            )
        )

    assert sorted(map(str, outcomes)) == ["None", *["WEBHOOK_NOT_FOUND"] * 3]
    assert counted(caller) == 1


def test_id_that_is_taken_is_not_overwritten(caller):
    webhook = add(caller)

    other = replace(webhook, url="https://b.example")
    assert not stored.add(caller.account.id, other, stamp_of(NOW))
    assert webhooks.retrieve_webhook(caller.account, webhook.id) == webhook
    assert counted(caller) == 1


def test_changes_are_written_and_nothing_else(caller):
    webhook = add(caller, types=["group.created"])

    for changes, after in (
        (WebhookChanges(), webhook),
        (WebhookChanges(types=frozenset()), replace(webhook, types=frozenset())),
        (WebhookChanges(url=f"{URL}/2"), replace(webhook, types=frozenset(), url=f"{URL}/2")),
    ):
        assert webhooks.change_webhook(caller, webhook.id, changes, LATER) == after
        assert webhooks.retrieve_webhook(caller.account, webhook.id) == after


def test_webhook_that_was_turned_off_says_why_until_it_is_turned_on(caller):
    webhook = add(caller)
    lease = take(caller, webhook)
    assert lease
    failed = attempt(1, outcome=Outcome.TURNS_OFF, status=410, problem="gone")
    verdict = Verdict(Outcome.TURNS_OFF, because="gone")
    stored.finish(lease, failed, verdict, stamp_of(NOW), slots=SLOTS)
    off = replace(webhook, is_on=False, off_because="gone", failing_since=NOW)
    assert webhooks.retrieve_webhook(caller.account, webhook.id) == off

    still_off = WebhookChanges(types=frozenset({"group.created"}), is_on=False)
    assert webhooks.change_webhook(caller, webhook.id, still_off, LATER).off_because == "gone"
    on = webhooks.change_webhook(caller, webhook.id, WebhookChanges(is_on=True), LATER)
    assert on == replace(webhook, types=frozenset({"group.created"}))
    assert webhooks.retrieve_webhook(caller.account, webhook.id) == on


def test_webhook_that_is_on_already_is_failing_still(caller):
    webhook = add(caller)
    lease = take(caller, webhook)
    assert lease
    failed = attempt(1, outcome=Outcome.AGAIN, status=500, problem="no")
    stored.finish(lease, failed, Verdict(Outcome.AGAIN), stamp_of(NOW), slots=SLOTS)

    same = WebhookChanges(url=URL, is_on=True)
    assert webhooks.change_webhook(caller, webhook.id, same, LATER).failing_since == NOW
    other = WebhookChanges(url=f"{URL}/2")
    assert webhooks.change_webhook(caller, webhook.id, other, LATER).failing_since is None
    assert webhooks.retrieve_webhook(caller.account, webhook.id).failing_since is None


@pytest.mark.real_engine
def test_changes_that_come_at_once_are_all_made(caller):
    webhook = add(caller)
    changes = [
        WebhookChanges(url=f"{URL}/2"),
        WebhookChanges(types=frozenset({"group.created"})),
        WebhookChanges(is_on=False),
    ]

    with ThreadPoolExecutor(3) as clients:
        list(
            clients.map(
                lambda each: webhooks.change_webhook(caller, webhook.id, each, NOW), changes
            )
        )

    assert webhooks.retrieve_webhook(caller.account, webhook.id) == replace(
        webhook, url=f"{URL}/2", types=frozenset({"group.created"}), is_on=False
    )


def test_former_secret_ends_after_a_day_and_the_one_before_it_at_once(caller):
    first = add(caller)
    second = webhooks.rotate_secret(caller, first.id, NOW)
    third = webhooks.rotate_secret(caller, first.id, LATER)

    texts = [webhook.secrets[0].text for webhook in (first, second, third)]
    assert len(set(texts)) == 3
    assert [each.text for each in third.secrets] == [texts[2], texts[1]]
    assert [each.until for each in third.secrets] == [None, LATER + FORMER_SECRET_KEPT]
    assert webhooks.retrieve_webhook(caller.account, first.id) == third


@pytest.mark.real_engine
def test_rotation_whose_answer_is_lost_is_made_once(engine, caller):
    webhook = add(caller)
    engine.fail("UpdateItem", lose_answer)

    rotated = webhooks.rotate_secret(caller, webhook.id, NOW)

    assert rotated == webhooks.retrieve_webhook(caller.account, webhook.id)
    assert [each.text for each in rotated.secrets][1:] == [webhook.secrets[0].text]
    assert engine.calls.count("UpdateItem") == 2


def test_whoever_is_never_faster_is_told_to_try_again(caller):
    webhook = add(caller)

    def somebody_else_is_faster(_):
        item = WebhookItem(keys.webhooks(caller.account.id), keys.of_id(webhook.id))
        item.update([WebhookItem.url.set(f"{URL}/{next(names)}")])

    names = iter(range(100))
    with pytest.raises(UnavailableError):
        webhooks.change_webhook(
            caller,
            webhook.id,
            WebhookChanges(is_on=False),
            NOW,
            check_before=somebody_else_is_faster,
        )
    assert webhooks.retrieve_webhook(caller.account, webhook.id).is_on


@pytest.mark.real_engine
def test_one_of_many_senders_takes_a_webhook(caller):
    webhook = add(caller)

    with ThreadPoolExecutor(8) as senders:
        taken = list(senders.map(lambda token: take(caller, webhook, token), map(str, range(8))))

    (lease,) = filter(None, taken)
    assert (lease.position, lease.webhook) == (1, webhook)


@pytest.mark.real_engine
def test_sender_whose_answer_is_lost_has_its_turn(engine, caller):
    webhook = add(caller)
    engine.fail("UpdateItem", lose_answer)

    lease = take(caller, webhook)

    assert lease
    assert lease.position == 2
    assert take(caller, webhook, "two") is None


def test_lease_ends_with_its_time_or_its_attempt(caller):
    webhook = add(caller)
    lease = take(caller, webhook)

    assert take(caller, webhook, "two", NOW + LASTING - timedelta(seconds=1)) is None
    taken = take(caller, webhook, "two", NOW + LASTING)
    assert lease
    assert taken
    assert (lease.position, taken.position) == (1, 2)
    stored.finish(taken, attempt(2), Verdict(Outcome.DELIVERED), stamp_of(NOW), slots=SLOTS)
    assert take(caller, webhook, "three")


def test_sender_that_is_too_late_only_writes_what_it_did(caller):
    webhook = add(caller)
    late = take(caller, webhook)
    assert late
    assert take(caller, webhook, "two", NOW + LASTING)

    failed = attempt(1, outcome=Outcome.TURNS_OFF, status=410)
    verdict = Verdict(Outcome.TURNS_OFF, because="gone")
    stored.finish(late, failed, verdict, stamp_of(NOW), slots=SLOTS)

    assert webhooks.retrieve_webhook(caller.account, webhook.id) == webhook
    assert listed(caller, webhook) == [1]
    assert take(caller, webhook, "three", NOW + LASTING) is None


def test_webhook_that_is_off_is_not_taken(caller):
    assert take(caller, add(caller, is_on=False)) is None


def test_ring_of_the_ledger_is_listed_in_pages_wherever_it_begins(caller):
    webhook = add(caller)
    assert listed(caller, webhook) == []

    for newest in range(1, 2 * SLOTS + 2):
        deliver(caller, webhook)
        kept = list(range(newest, max(newest - SLOTS, 0), -1))
        assert listed(caller, webhook) == kept
        for taken in range(1, len(kept) + 1):
            assert listed(caller, webhook, before=kept[taken - 1], expected=1) == kept[taken:]
    partition = keys.deliveries(caller.account.id, webhook.id)
    assert DeliveryItem.count(partition, consistent_read=True) == SLOTS


def test_attempt_of_which_nothing_is_known_leaves_a_gap(caller):
    webhook = add(caller)
    for _ in range(SLOTS + 1):
        deliver(caller, webhook)
    take(caller, webhook)
    stored.take(caller.account.id, webhook.id, "two", NOW + LASTING, lasting=LASTING)

    assert listed(caller, webhook) == [6, 5, 4]


def test_entry_is_listed_as_it_was_written(caller):
    webhook = add(caller)
    position = stored.count_test(caller.account.id, webhook.id, stamp_of(NOW))[1]
    told = attempt(
        position, status=None, problem="no", outcome=Outcome.AGAIN, number=7, again_at=LATER
    )

    assert stored.note(caller.account.id, webhook.id, told, stamp_of(NOW), slots=SLOTS)
    assert list(webhooks.list_deliveries(caller.account, webhook.id)) == [told]


def test_nothing_is_noted_of_a_webhook_that_is_gone(caller):
    webhook = add(caller)
    webhooks.remove_webhook(caller, webhook.id, NOW)

    assert not stored.note(caller.account.id, webhook.id, attempt(1), stamp_of(NOW), slots=SLOTS)
    with pytest.raises(NotFoundError):
        webhooks.list_deliveries(caller.account, webhook.id)


def test_ledger_that_was_left_is_deleted_by_the_next_who_removes_the_webhook(caller):
    webhook = add(caller)
    deliver(caller, webhook)
    WebhookItem(keys.webhooks(caller.account.id), keys.of_id(webhook.id)).delete()

    with pytest.raises(NotFoundError):
        webhooks.remove_webhook(caller, webhook.id, NOW)
    partition = keys.deliveries(caller.account.id, webhook.id)
    assert DeliveryItem.count(partition, consistent_read=True) == 0


def test_closed_account_leaves_no_webhook_and_no_ledger(caller):
    account_id = caller.account.id
    found = [add(caller), add(caller)]
    for webhook in found:
        deliver(caller, webhook)

    accounts.close_account(account_id, NOW)

    assert WebhookItem.count(keys.webhooks(account_id), consistent_read=True) == 0
    for webhook in found:
        partition = keys.deliveries(account_id, webhook.id)
        assert DeliveryItem.count(partition, consistent_read=True) == 0


def test_whoever_changes_a_webhook_is_stored_with_it(caller):
    stamp = caller.stamp(NOW)
    with written() as found:
        webhook = add(caller)
    assert_stamped(found, stamp)
    other = caller_of(caller.account, via="tests.other")
    for change in (
        lambda: webhooks.change_webhook(other, webhook.id, WebhookChanges(is_on=True), NOW),
        lambda: webhooks.rotate_secret(other, webhook.id, NOW),
    ):
        with written() as found:
            change()
        assert_stamped(found, other.stamp(NOW))
    deliver(caller, webhook)
    assert_stamped({(keys.webhooks(caller.account.id), keys.of_id(webhook.id))}, other.stamp(NOW))


COSTS = {
    "add a webhook": lambda caller, _: add(caller),
    "retrieve a webhook": lambda caller, webhook: webhooks.retrieve_webhook(
        caller.account, webhook.id
    ),
    "list 1 webhook, or tell it of a change": lambda caller, _: list(
        webhooks.list_webhooks(caller.account)
    ),
    "change a webhook, or its secret": lambda caller, webhook: webhooks.rotate_secret(
        caller, webhook.id, NOW
    ),
    "deliver a message": deliver,
    "find that another sender works for a webhook": lambda caller, webhook: (
        take(caller, webhook),
        take(caller, webhook, "two"),
        webhooks.retrieve_webhook(caller.account, webhook.id),
    ),
    "list 3 deliveries": lambda caller, webhook: list(
        islice(webhooks.list_deliveries(caller.account, webhook.id, expected=4), 3)
    ),
    "remove a webhook with 3 deliveries": lambda caller, webhook: webhooks.remove_webhook(
        caller, webhook.id, NOW
    ),
}


def test_costs_of_webhooks_are_documented():
    assert [row[0] for row in documented("docs/access-patterns.md", "of webhooks")] == list(COSTS)


@pytest.mark.real_engine
@pytest.mark.parametrize("name", COSTS)
def test_webhook_costs_what_is_documented(caller, engine_name, name):
    rows = {row[0]: row[2:] for row in documented("docs/access-patterns.md", "of webhooks")}
    calls, reads, writes = rows[name]
    webhook = add(caller)
    for _ in range(3):
        deliver(caller, webhook)

    with Meter() as meter:
        COSTS[name](caller, webhook)

    assert ", ".join(meter.calls) == calls
    assert meter.reads == int(reads)
    if engine_name == "ministack":
        assert meter.writes == int(writes)
