"""Load: the served app and the deployed stack under many clients, beside plain Chalice."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.clients import Burst, Target, keep_busy
from benchmarks.contacts import NOW, STAMP, caller_of
from benchmarks.engines import MINISTACK, connected
from benchmarks.exchanges import basic
from benchmarks.report import Row, Subject
from chalicelib.domain.account import Account
from chalicelib.domain.ids import uuid_of
from chalicelib.services import accounts, contacts, groups
from chalicelib.settings import TABLE_VARIABLE
from infra.local import child, engine
from infra.local.connected import Connected
from infra.rehearsal import rehearsal

CLIENTS: Final = (1, 8, 32)
ROUNDS: Final = 3
SECONDS: Final = 2.0
SECONDS_TO_START: Final = 20.0

PEER: Final = "plain Chalice + PynamoDB"
_PEER_MODULE: Final = "benchmarks.peers.plain_chalice.app"
_PEER_ACCOUNT: Final = "PEER_ACCOUNT"


@dataclass(slots=True)
class Contender:
    """A phonebook under load, the account it writes to, and what came of each burst."""

    account: Account
    target: Target
    bursts: dict[int, list[Burst]] = field(default_factory=dict)

    def burst(self, clients: int, seconds: float) -> None:
        """Keep it busy once more."""
        burst = keep_busy(self.target, clients, seconds)
        self.bursts.setdefault(clients, []).append(burst)

    @property
    def errors(self) -> list[str]:
        """Every request that was not answered as it should have been."""
        return [
            error for bursts in self.bursts.values() for each in bursts for error in each.errors
        ]

    @property
    def lost(self) -> int:
        """How many acknowledged writes are not in the table."""
        kept = {each.phone_number.e164: each for each in contacts.list_contacts(self.account)}
        created, joined = self.target.created, self.target.joined
        return sum(
            number not in kept or kept[number].details.get("custom") != custom
            for number, custom in created.items()
        ) + sum(number not in kept or not kept[number].group_ids for number in joined)


def measure(_quick: bool) -> Subject:  # noqa: FBT001 - as every subject is called
    """Load the served app in turns with its peer, and then the deployed stack."""
    with TemporaryDirectory() as folder:
        served, served_footnotes = _measure_served(Path(folder))
        deployed, deployed_footnotes = _measure_deployed(Path(folder))
    return Subject(
        name="load",
        title="Under load",
        engine=MINISTACK,
        method=(
            "Each client creates a contact, retrieves it, changes it and puts it into one group "
            "that all share, and begins anew. Afterwards every acknowledged write is looked for. "
            f"The phonebook and its peer take turns, {ROUNDS} times, on one engine."
        ),
        rows=served + deployed,
        footnotes=served_footnotes + deployed_footnotes,
    )


def _measure_served(folder: Path) -> tuple[list[Row], list[str]]:
    with connected(MINISTACK) as there:
        ours, peer_account = (accounts.open_account("Load", "EE", 30, STAMP) for _ in range(2))
        with (
            _served(there, folder, "app") as our_url,
            _served(there, folder, _PEER_MODULE, peer_account) as peer_url,
        ):
            phonebook = _contender(ours, our_url)
            peer = _contender(peer_account, peer_url)
            for clients in CLIENTS:
                for _ in range(ROUNDS):
                    phonebook.burst(clients, SECONDS)
                    peer.burst(clients, SECONDS)
        rows = [
            *_correctness_rows("served", phonebook),
            *_correctness_rows(f"served, {PEER}", peer),
            *_throughput_rows("served", phonebook, peer),
        ]
    return rows, list(_footnotes("served", phonebook, peer))


def _measure_deployed(folder: Path) -> tuple[list[Row], list[str]]:
    with rehearsal(folder / "rehearsal") as rehearsed:
        rehearsed.deploy()
        endpoint, outputs = rehearsed.environment["AWS_ENDPOINT_URL"], rehearsed.outputs
        with Connected(endpoint, outputs["TableName"]):
            account = accounts.open_account("Load", "EE", 30, STAMP)
            phonebook = _contender(account, outputs["Url"])
            for clients in CLIENTS:
                phonebook.burst(clients, SECONDS)
            rows = list(_correctness_rows("deployed", phonebook))
    return rows, list(_footnotes("deployed", phonebook))


def _contender(account: Account, url: str) -> Contender:
    group = groups.create_group(caller_of(account), "Load", NOW)
    credential, secret = accounts.issue_credential(account.id, STAMP)
    headers = {"Authorization": basic(credential.username, secret)}
    return Contender(account, Target(url, headers, uuid_of(group.id)))


@contextmanager
def _served(
    there: Connected, folder: Path, module: str, account: Account | None = None
) -> Iterator[str]:
    """Serve a Chalice app by the server of ``make dev``, and yield where."""
    port = engine.free_port()
    environment = {**engine.environment(there.endpoint), TABLE_VARIABLE: there.table}
    if account:
        environment[_PEER_ACCOUNT] = account.id
    log = folder / f"{module}.log"
    with ExitStack() as stack:
        output = stack.enter_context(log.open("wb"))
        process = child.start_module(
            "benchmarks.serve", module, str(port), environment=environment, output=output
        )
        stack.callback(child.end, process)
        _await(process, port, log)
        yield f"http://{engine.HOST}:{port}"


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            socket.create_connection((engine.HOST, port)).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > end:
                raise engine.EngineError(log.read_text()) from None
            time.sleep(0.02)
        else:
            return


def _correctness_rows(name: str, contender: Contender) -> Iterator[Row]:
    answers = sum(each.answers for bursts in contender.bursts.values() for each in bursts)
    yield Row(
        name=f"{name}: errors",
        unit="requests",
        measured=len(contender.errors),
        against=f"{answers:,} requests",
        mark=0,
    )
    yield Row(
        name=f"{name}: acknowledged writes that are lost",
        unit="writes",
        measured=contender.lost,
        against="all writes",
        mark=0,
    )


def _throughput_rows(name: str, phonebook: Contender, peer: Contender) -> Iterator[Row]:
    for clients in peer.bursts:
        pairs = zip(phonebook.bursts[clients], peer.bursts[clients], strict=True)
        ratios = [ours.seconds_for_each / theirs.seconds_for_each for ours, theirs in pairs]
        yield Row(
            name=f"{name}, {clients} client{'s' * (clients > 1)}: time for each request",
            unit="×",
            measured=median(ratios),
            low=min(ratios),
            high=max(ratios),
            against=PEER,
            mark=1,
            below=True,
        )


def _footnotes(name: str, phonebook: Contender, peer: Contender | None = None) -> Iterator[str]:
    for whose, contender in (("the phonebook", phonebook), (PEER, peer)):
        if contender is None:
            continue
        for clients, bursts in contender.bursts.items():
            rate = median(1 / each.seconds_for_each for each in bursts)
            many = f"{clients} client{'s' * (clients > 1)}"
            yield f"{name}, {many}: {rate:.0f} requests a second of {whose}."
        for error in contender.errors[:3]:
            yield f"{name}: {whose} answered {error}."
