"""Opt-outs under every operation of every dialect: none is lifted by the way, and none is lost."""

from collections import deque
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain.caller import Caller
from chalicelib.domain.imports import ImportMode, ImportRow
from chalicelib.domain.phone import PhoneNumber
from chalicelib.migrating.errors import GroupJustDeletedError
from chalicelib.migrating.migration import Migration
from chalicelib.migrating.registry import VENDORS
from chalicelib.migrating.report import Report
from chalicelib.migrating.vendor import VendorApi, VendorKey
from chalicelib.migrating.writing import Writer
from chalicelib.services import accounts
from chalicelib.services.importing import Import
from chalicelib.storage.dynamodb.clock import time_of_table
from tests.behaviour.atom import AtomSpeaker
from tests.behaviour.devino import DevinoSpeaker
from tests.behaviour.messente import MessenteSpeaker
from tests.behaviour.speaker import RefusedError
from tests.behaviour.speakers import SPEAKERS
from tests.behaviour.v2 import V2Speaker
from tests.conftest import open_client
from tests.sizes import HISTORIES_OF_OPT_OUTS

NUMBERS: Final = ["+37251000001", "+37251000002"]
GROUPS: Final = {"friends": "standard", "stop": "stoplist", "halt": "stoplist"}
LISTED: Final[dict[str, type[MessenteSpeaker | V2Speaker]]] = {
    "messente": MessenteSpeaker, "v2": V2Speaker,
}  # fmt: skip
"""The dialects that have the blacklist."""

LIFTING: Final = {"allow", "take_out"}
"""The steps that may lift an opt-out: they say so."""

_BY_ANOTHER: Final = {"stop", "allow", "move", "upsert", "delete_group"}
"""The steps that another dialect takes, where the drawn one has no such operation."""


@dataclass(frozen=True)
class Step:
    """What somebody tries to do to a number, in a dialect."""

    kind: type
    what: str
    number: int
    group: str
    other: str

    def take(self, client) -> None:
        """Do it, if it can be done."""
        with suppress(RefusedError):
            getattr(self, self.what)(self.kind(client))

    def create(self, speaker):
        speaker.create_contact(self._number, {}, speaker.find_group(self.group))

    def upsert(self, speaker):
        """Create or change the contact in a batch, in a group."""
        v2 = V2Speaker(speaker.client)
        row = {"phoneNumber": self._number, "groups": [v2.find_group(self.group)]}
        v2._send("POST", "/contacts/batch", {"contacts": [row, {**row, "title": "Sir"}]})

    def change(self, speaker):
        speaker.change_contact(self._contact(speaker), {"first_name": "Ann"})

    def renumber(self, speaker):
        other = NUMBERS[(self.number + 1) % len(NUMBERS)]
        speaker.change_number(self._contact(speaker), other)

    def delete(self, speaker):
        speaker.delete_contact(self._contact(speaker))

    def put(self, speaker):
        speaker.put_into_group(self._contact(speaker), speaker.find_group(self.other))

    def move(self, speaker):
        atom = AtomSpeaker(speaker.client)
        contact, group = self._contact(atom), atom.find_group(self.other)
        atom._ask("contact/edit", id=contact, group_id=group)

    def take_out(self, speaker):
        speaker.take_out_of_group(self._contact(speaker), speaker.find_group(self.group))

    def delete_group(self, speaker):
        speaker.delete_group(speaker.find_group(self.group))
        create_group(speaker.client, self.group)

    def erase(self, speaker):
        V2Speaker(speaker.client)._send("POST", f"/contacts/{self._number}/erase")

    def stop(self, speaker):
        LISTED.get(speaker.dialect, V2Speaker)(speaker.client).put_on_blacklist(self._number)

    def allow(self, speaker):
        LISTED.get(speaker.dialect, V2Speaker)(speaker.client).take_off_blacklist(self._number)

    @property
    def _number(self):
        return NUMBERS[self.number]

    def _contact(self, speaker):
        return speaker.find_contact(self._number, speaker.find_group(self.group))


WHAT: Final = (
    "create", "create", "put", "put", "take_out", "take_out", "move", "move", "renumber", "stop",
    "allow", "change", "upsert", "delete", "delete_group",
)  # fmt: skip


def steps(*what):
    return st.lists(one_step(GROUPS, *what), min_size=10, max_size=30)


def one_step(groups, *what):
    return st.builds(
        Step,
        kind=st.sampled_from(SPEAKERS),
        what=st.sampled_from(what),
        number=st.integers(0, len(NUMBERS) - 1),
        group=st.sampled_from(sorted(groups)),
        other=st.sampled_from(sorted(groups)),
    )


def create_group(client, name):
    body = {"name": name, "kind": {**GROUPS, **THEIRS}[name]}
    assert client.send("POST", "/v2/groups", body).status == 201


def ledger_of(client, number):
    """The entries of a number, oldest first; none if it was never stopped."""
    answer = client.send("GET", f"/v2/blacklist/{number}?limit=1000")
    if answer.status == 404:
        return []
    entries = answer.json["entries"]
    assert answer.json.items() >= entries[0].items()
    return entries[::-1]


@settings(
    max_examples=HISTORIES_OF_OPT_OUTS, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps(*WHAT))
def test_opt_out_is_lifted_only_by_who_says_so_and_none_is_lost(ministack, app_url, history):
    client = open_client(ministack, app_url)
    for name in GROUPS:
        create_group(client, name)
    before: dict[str, list[dict[str, str]]] = {number: [] for number in NUMBERS}

    for step in history:
        step.take(client)

        blacklisted = set(V2Speaker(client).list_blacklist())
        for number in NUMBERS:
            ledger = ledger_of(client, number)
            assert ledger[: len(before[number])] == before[number]
            new = ledger[len(before[number]) :]
            assert all(entry["source"].startswith(dialects_of(step)) for entry in new)
            assert_alternating(ledger)
            assert (number in blacklisted) == bool(ledger and ledger[-1]["state"] == "stopped")
            if any(entry["state"] == "allowed" for entry in new):
                assert_lifted_by(step, number, before[number])
            before[number] = ledger


@settings(
    max_examples=HISTORIES_OF_OPT_OUTS // 2,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps(*WHAT, "stop", "erase", "erase", "move_in", "move_in"))
def test_nobody_is_reached_again_by_an_import_or_an_erasure(ministack, app_url, history):
    client = open_client(ministack, app_url)
    for name in GROUPS:
        create_group(client, name)
    reached = set(NUMBERS)

    for step in history:
        if step.what == "move_in":
            move_in(ministack, client, step)
        else:
            step.take(client)

        before, reached = reached, reached_numbers(client)
        if reached - before:
            assert step.what in LIFTING
            assert reached - before == {NUMBERS[step.number]}


THEIRS: Final = {"pals": "standard", "quit": "stoplist"}
"""The groups of an account that is migrated. A stoplist is a standard group to most vendors."""


@dataclass(frozen=True)
class Told:
    """A step in one of two accounts: the one that is migrated, or the one into which it is."""

    is_theirs: bool
    step: Step


def told_steps():
    """Return histories of both accounts, with migrations between them."""
    # After migrations from several vendors, two of ours may be called like their stoplist.
    ours = {*GROUPS, "pals"}
    return st.lists(
        st.one_of(
            st.builds(Told, st.just(value=True), one_step(THEIRS, *WHAT, "stop", "stop", "erase")),
            st.builds(
                Told, st.just(value=False), one_step(ours, *WHAT, "stop", "erase", "move_in")
            ),
            st.builds(Told, st.just(value=False), one_step(ours, "migrate")),
        ),
        min_size=10,
        max_size=20,
    )


@pytest.mark.real_engine
@settings(
    max_examples=HISTORIES_OF_OPT_OUTS // 3,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(told_steps())
def test_nobody_is_reached_again_by_a_migration_and_none_of_its_opt_outs_is_lost(
    ministack, app_url, history
):
    theirs, ours = (open_client(ministack, app_url) for _ in range(2))
    for client, names in ((theirs, THEIRS), (ours, GROUPS)):
        for name in names:
            create_group(client, name)
    reached = set(NUMBERS)

    for told in history:
        if told.is_theirs:
            told.step.take(theirs)
        elif told.step.what == "migrate":
            migrate(ministack, theirs, ours, vendor_of(told.step))
            assert not reached_numbers(ours) & opt_outs_that_are_told(theirs, vendor_of(told.step))
        elif told.step.what == "move_in":
            move_in(ministack, ours, told.step)
        else:
            told.step.take(ours)

        before, reached = reached, reached_numbers(ours)
        if reached - before:
            assert not told.is_theirs
            assert told.step.what in LIFTING
            assert reached - before == {NUMBERS[told.step.number]}


def migrate(connected, source, target, vendor):
    """Migrate an account into another, as the command line does."""
    key = VendorKey(source.username, source.secret)
    kind = VENDORS[vendor]
    with connected, closing(VendorApi(source.url, key, kind.authorization(key))) as api:
        read = kind(api)
        account = accounts.retrieve_account(target.account)
        caller = Caller.operator(account, via=f"migrate.{vendor}")
        writer = Writer(caller, source.url, read.notation)
        report = Report(read.lost, read.not_told)
        # A group that was deleted here a moment ago ends a migration; its opt-outs came first.
        with suppress(GroupJustDeletedError):
            deque(Migration(read, writer, report, time_of_table, nullcontext).run(), maxlen=0)
        assert not report.rejected


def vendor_of(step):
    """Return the vendor whose dialect a migration speaks: one that tells opt-outs, not ours."""
    return step.kind.dialect if step.kind.dialect in VENDORS else "devino"


def opt_outs_that_are_told(client, vendor):
    """Return the numbers of which a vendor's API says that they must not be messaged."""
    if vendor == "messente":
        return set(MessenteSpeaker(client).list_blacklist())
    if vendor == "devino":
        devino = DevinoSpeaker(client)
        lists = devino._send("GET", "/contact-groups")
        return {
            number for each in lists for number in devino.list_unsubscribed(each["contactGroupId"])
        }
    return set()


def move_in(connected, client, step):
    """Import a row, as the command line does."""
    row = ImportRow(phone_number=PhoneNumber(NUMBERS[step.number]), groups=(step.group,))
    with connected:
        caller = Caller.operator(accounts.retrieve_account(client.account), via="cli.import")
        importing = Import(caller, ImportMode.UPSERT)
        now = datetime.now(UTC)
        importing.write([row], importing.make_groups([step.group], now), now)


def reached_numbers(client):
    """Return the numbers that may be messaged, whether as given ones or as members of groups."""
    groups = [each["id"] for each in client.send("GET", "/v2/groups").json["groups"]]
    asked = {"groups": groups, "numbers": NUMBERS}
    answer = client.send("POST", "/v2/recipients", asked).json
    return {each["phoneNumber"] for each in answer["recipients"]}


def dialects_of(step):
    """How the source of a step's entries may begin."""
    beside = ("v2.", "atom.") if step.what in _BY_ANOTHER else ()
    return (f"{step.kind.dialect}.", *beside)


def assert_alternating(ledger):
    """Each entry changes the state, or gives a stopped number a weightier reason."""
    state, reason = "allowed", None
    for entry in ledger:
        if entry["state"] == state:
            assert (reason, entry["reason"]) == ("stoplist", "request")
        state, reason = entry["state"], entry["reason"]


def assert_lifted_by(step, number, before):
    assert step.what in LIFTING
    assert number == NUMBERS[step.number]
    if step.what == "take_out":
        assert GROUPS[step.group] == "stoplist"
        assert before[-1]["reason"] == "stoplist"
