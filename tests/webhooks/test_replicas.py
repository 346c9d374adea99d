"""A copy that is kept by webhooks alone is equal to the phonebook in the end."""

import json
import random
from contextlib import suppress

import pytest
import standardwebhooks

from chalicelib.domain.errors import PhonebookError
from chalicelib.domain.ledger import Reason, State
from chalicelib.entrypoints import change_stream
from chalicelib.entrypoints.change_stream import follow_changes
from chalicelib.services import blacklist, changes, contacts, groups
from chalicelib.services.erasing import erase
from chalicelib.settings import Settings
from tests.events.delivery import Delivery
from tests.feed import AT_ONCE, read_on
from tests.replica import Replica
from tests.storage.steps import change, create_group, join, leave, number
from tests.webhooks.conftest import NOW
from tests.webhooks.receivers import receiving, status

STEPS = 40
CONTACTS = 4


def do_something(account, caller, chance, group):
    """Use the phonebook. What is refused is refused."""
    index = chance.randrange(CONTACTS)
    key, other = number(index), number(chance.randrange(CONTACTS))
    company = chance.choice("ABC")
    steps = [
        lambda: contacts.create_contact(caller, key, {}, NOW),
        lambda: change(account, key, details={"company": company}),
        lambda: change(account, key, phone_number=other),
        lambda: join(account, group, index),
        lambda: leave(account, group, index),
        lambda: contacts.delete_contact(caller, key, NOW),
        lambda: blacklist.stop_number(caller, key, NOW, reason=Reason.REQUEST),
        lambda: blacklist.allow_number(caller, key, NOW),
        lambda: erase(caller, key, NOW),
        lambda: groups.rename_group(caller, group.id, company, NOW),
    ]
    with suppress(PhonebookError):
        chance.choice(steps)()


@pytest.mark.parametrize("seed", range(4))
def test_copy_is_equal_whatever_is_sent_twice_or_in_another_order(
    ministack, hooks, monkeypatch, seed
):
    monkeypatch.setattr(changes, "SETTLES_AFTER", AT_ONCE)
    monkeypatch.setattr(change_stream, "_settings", lambda: Settings(ministack.table))
    chance = random.Random(seed)
    following = Delivery(ministack, hooks.account.id, follow_changes)
    replica, place = Replica(hooks.account), None
    with receiving(status("204 No Content")) as receiver:
        webhook = hooks.add(receiver.url)
        verifier = standardwebhooks.Webhook(webhook.secrets[0].text)
        both = [create_group(hooks.account) for _ in range(2)]
        for _ in range(STEPS):
            do_something(hooks.account, hooks.caller, chance, chance.choice(both))
            following.deliver_all()
            found, place = read_on(hooks.account, place)
            for each in found:
                hooks.tell(each)
            if chance.random() < 0.3:
                hear(replica, receiver, verifier, hooks, chance)
        for _ in range(2):
            hear(replica, receiver, verifier, hooks, chance)

    account = hooks.account
    assert replica.contacts == {each.id: each for each in contacts.list_contacts(account)}
    assert replica.groups == {each.id: each.name for each in groups.list_groups(account)}
    stopped = {each for each, state in replica.opt_outs.values() if state is State.STOPPED}
    assert stopped == {each.phone_number for each in blacklist.list_blacklist(account)}
    assert replica.contacts or replica.opt_outs


def hear(replica, receiver, verifier, hooks, chance):
    """Let what waits be sent, in any order and some of it twice, and hear what arrives."""
    while bodies := hooks.take():
        for body in chance.sample(bodies, len(bodies)) + chance.choices(bodies, k=len(bodies) // 3):
            hooks.put(body)
        hooks.work()
        if all("detail" not in json.loads(body) for body in bodies):
            break
    for request in receiver.requests:
        head, _, body = request.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        replica.hear(verifier.verify(body, headers)["data"])
    receiver.requests.clear()
