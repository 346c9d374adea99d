"""Opt-outs under every operation of every dialect: none is lifted by the way, and none is lost."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain.caller import Caller
from chalicelib.domain.imports import ImportMode, ImportRow
from chalicelib.domain.phone import PhoneNumber
from chalicelib.services import accounts
from chalicelib.services.importing import Import
from tests.behaviour.atom import AtomSpeaker
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
    return st.lists(
        st.builds(
            Step,
            kind=st.sampled_from(SPEAKERS),
            what=st.sampled_from(what),
            number=st.integers(0, len(NUMBERS) - 1),
            group=st.sampled_from(sorted(GROUPS)),
            other=st.sampled_from(sorted(GROUPS)),
        ),
        min_size=10,
        max_size=30,
    )


def create_group(client, name):
    body = {"name": name, "kind": GROUPS[name]}
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
