"""Counts under real traffic, and under a handler that is killed again and again."""

import random
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from benchmarks.use_cases.meter import Meter
from chalicelib.dialects.messente.endpoints import ROOT
from chalicelib.services import contacts, groups
from chalicelib.services.cleanup import clean_up
from chalicelib.storage import keys
from chalicelib.storage.counters import Counter, read_counter
from chalicelib.storage.items import ContactItem, MembershipItem
from chalicelib.storage.sweeping import TOMBSTONE_LIFETIME
from infra.local import child
from infra.local.connected import Connected
from tests.account import stamp_of
from tests.events.conftest import NOW
from tests.events.delivery import Delivery
from tests.faulty_engine import break_down, faulty_engine
from tests.sizes import MEMBERS_GAINED, SECONDS_OF_TRAFFIC
from tests.storage.steps import create_group, number

THREADS = 8
CONTACTS = 20
GROUPS = 5


def pass_on(faulty, headers, body):
    return faulty.pass_on(headers, body)


def contact_path(index):
    return f"{ROOT}/contacts/{number(index).e164}"


def use(client, group_ids, seed, until):
    """Create, join, leave, change and delete at random, and note every answer's status."""
    dice = random.Random(seed)
    statuses = []
    while time.monotonic() < until:
        contact = contact_path(dice.randrange(CONTACTS))
        slot = dice.randrange(GROUPS)
        membership = f"{ROOT}/groups/{group_ids[slot]}{contact.removeprefix(ROOT)}"
        act = dice.choices(
            ["create", "join", "leave", "change", "delete", "delete group"], [6, 8, 4, 2, 2, 0.3]
        )[0]
        if act == "create":
            new = {"phoneNumber": contact.rpartition("/")[2]}
            answer = client.send("POST", f"{ROOT}/contacts", new)
        elif act == "delete group":
            answer = client.send("DELETE", f"{ROOT}/groups/{group_ids[slot]}")
            created = client.send("POST", f"{ROOT}/groups", {"name": "again"})
            group_ids[slot] = created.json["group"]["id"]
        else:
            method, path, body = {
                "join": ("POST", membership, None),
                "leave": ("DELETE", membership, None),
                "change": ("PATCH", contact, {"title": str(seed)}),
                "delete": ("DELETE", contact, None),
            }[act]
            answer = client.send(method, path, body)
        statuses.append(answer.status)
    return statuses


def test_every_count_is_right_after_mixed_traffic_of_eight_threads(table, client, events):
    group_ids = [
        client.send("POST", f"{ROOT}/groups", {"name": str(n)}).json["group"]["id"]
        for n in range(GROUPS)
    ]
    until = time.monotonic() + SECONDS_OF_TRAFFIC
    statuses: list[int] = []
    threads = [
        threading.Thread(
            target=lambda seed=seed: statuses.extend(use(client, group_ids, seed, until))
        )
        for seed in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    child.end(events)

    assert set(statuses) <= {200, 201, 204, 404, 409, 503}
    assert statuses.count(503) < len(statuses) / 100
    assert {201, 204, 404, 409} <= set(statuses)
    for minutes in (0, 10, 20):
        clean_up(stamp_of(datetime.now(UTC) + timedelta(minutes=minutes)), lambda: 3600.0)
    Delivery(table, client.account).deliver_all()
    kept = list(ContactItem.query(keys.contacts(client.account), consistent_read=True))
    assert read_counter(Counter(client.account, None)) == len(kept)
    assert not list(ContactItem.query(keys.tombstones(client.account), consistent_read=True))
    for item in kept:
        assert bool(item.group_ids) != bool(item.scheduled_deletion_date)
    counted = client.send("GET", f"{ROOT}/groups").json["groups"]
    assert {group["id"] for group in counted} >= set(group_ids)
    for group in counted:
        members = client.send("GET", f"{ROOT}/contacts?groupIds={group['id']}").json["contacts"]
        assert group["contactsCount"] == len(members)
    assert timedelta(minutes=10) > TOMBSTONE_LIFETIME


def test_count_is_seen_within_a_moment(client, events):
    group = client.send("POST", f"{ROOT}/groups", {"name": "a"}).json["group"]["id"]
    client.send("POST", f"{ROOT}/contacts", {"phoneNumber": number().e164})
    client.send("POST", f"{ROOT}/groups/{group}/contacts/{number().e164}")

    for _ in range(1_200):
        if client.send("GET", f"{ROOT}/groups/{group}").json["group"]["contactsCount"] == 1:
            break
        time.sleep(0.05)
    else:
        pytest.fail("the count did not follow")


def test_group_gains_many_members_while_the_handler_is_killed_every_few_batches(
    table, account, delivery
):
    group = create_group(account)
    members = keys.members(account.id, group.id)
    table.load(
        MembershipItem(members, number(index).e164, joined_on=NOW).serialize()
        for index in range(MEMBERS_GAINED)
    )
    records = [record for record in delivery.collect() if "MEMBERS#" in str(record)]
    assert len(records) == MEMBERS_GAINED

    kills = 0
    with (
        faulty_engine(table.endpoint) as (faulty, endpoint),
        Connected(endpoint, table.table),
        Meter() as meter,
    ):
        while records:
            kills += 1
            if kills % 3:
                faulty.fail(
                    "TransactWriteItems", lambda engine, *call: engine.pass_on(*call), times=4
                )
                faulty.fail("TransactWriteItems", break_down)
                counted = delivery.deliver(records[:1_000])
            else:
                delivery.deliver(records[:300])  # and killed before it could say so
                counted = 0
            faulty.faults.clear()
            del records[:counted]

    assert groups.retrieve_group(account, group.id).contacts_count == MEMBERS_GAINED
    assert list(contacts.list_contacts(account)) == []
    least = 2 * MEMBERS_GAINED + 2 * -(-MEMBERS_GAINED // 99)
    assert least <= meter.writes <= least + 2 * 5 * kills
