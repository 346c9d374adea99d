"""``make rehearse``: the whole packaged stack on the embedded AWS.

The program of ``make deploy`` deploys it with CloudFormation. It runs behind API Gateway, in
separate Lambda processes, with each role's policy enforced. ``docs/operations.md`` lists how the
embedded AWS differs from AWS.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chalicelib.settings import TABLE_VARIABLE
from infra import PROJECT
from infra.aws.deploy import WHAT_COMES_NEXT, outputs_file
from infra.aws.package import BUILD
from infra.local import engine
from infra.local.demo import greet, write_secret

STAGE: Final = "dev"
NO_TLS: Final = "RequireTls=no"
"""The embedded AWS speaks HTTP only."""

READY_FILE: Final = BUILD / "rehearsal.json"


class RehearsalError(Exception):
    """A command of the rehearsal failed; the message is what it said."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A rehearsed stack, with the environment of an operator who works on it."""

    environment: Mapping[str, str]
    build: Path

    def deploy(self, settings: str = "", *options: str) -> str:
        """Run ``make deploy`` with parameters of the form ``Name=value``; return its words."""
        return self.run(
            *("infra.aws.deploy", "deploy", "--stage", STAGE, "--build", str(self.build)),
            *("--set", f"{NO_TLS} {settings}", *(options or ("--yes",))),
        )

    def destroy(self, *options: str, confirm_table: str = "") -> str:
        """Run ``make destroy``; return what it said."""
        confirmed = {"CONFIRM_TABLE": confirm_table} if confirm_table else {}
        return self.run(
            *("infra.aws.deploy", "destroy", "--stage", STAGE, "--build", str(self.build)),
            *("--yes", *options),
            **confirmed,
        )

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs of the last deployment; ``Url`` is where the API answers."""
        outputs: dict[str, str] = json.loads(outputs_file(self.build, STAGE).read_text())
        return outputs

    def phonebook(self, *arguments: str) -> dict[str, str]:
        """Run the command line; return what it printed as JSON."""
        variables = {TABLE_VARIABLE: self.outputs["TableName"]}
        said = self.run("chalicelib.cli", *arguments, "--json", **variables)
        answer: dict[str, str] = json.loads(said)
        return answer

    def open_account(self, *options: str) -> dict[str, str]:
        """Open an account; return its credential, and the URL that accepts it."""
        account = self.phonebook("accounts", "open", "Demo", "--default-region", "EE", *options)[
            "account"
        ]
        issued = self.phonebook("credentials", "issue", account)
        wanted = ("account", "username", "secret", "token")
        return {"url": self.outputs["Url"], **{name: issued[name] for name in wanted}}

    @property
    def settings(self) -> dict[str, str]:
        """The variables to export to work as this operator on the last deployment's table."""
        table = {TABLE_VARIABLE: self.outputs["TableName"]}
        return table | engine.settings(self.environment["AWS_ENDPOINT_URL"])

    def run(self, module: str, *arguments: str, **variables: str) -> str:
        """Run a program of ours as this operator, whom nobody can ask; return what it said.

        Raises:
            RehearsalError: It failed.

        """
        done = subprocess.run(  # noqa: S603 - our own interpreter and modules
            [sys.executable, "-m", module, *arguments],
            cwd=PROJECT,
            env={**self.environment, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RehearsalError(f"{module} {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout


@contextmanager
def rehearsal(folder: Path) -> Iterator[Rehearsal]:
    """Run the embedded AWS, with nothing deployed yet; its log and packages go to *folder*.

    Raises:
        engine.EngineError: It does not start.

    """
    folder.mkdir(parents=True, exist_ok=True)
    with engine.ministack(folder / "engine.log", enforce_policies=True) as endpoint:
        yield Rehearsal(engine.environment(endpoint), folder)


def main() -> int:
    """Deploy, and leave it running until Ctrl-C or SIGTERM."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        with rehearsal(BUILD / "rehearsal") as rehearsed:
            # Omit the next steps: an operator who follows them would change AWS.
            print(rehearsed.deploy().partition(WHAT_COMES_NEXT)[0], flush=True)
            ready = {**rehearsed.open_account(), "environment": rehearsed.settings}
            write_secret(READY_FILE, ready)
            greet(READY_FILE)
            print("Ctrl-C ends it and leaves nothing.", flush=True)
            signal.pause()
    except KeyboardInterrupt:
        print("\nEnded.", flush=True)
    except (RehearsalError, engine.EngineError) as error:
        print(f"make rehearse: {error}", file=sys.stderr)
        return 1
    finally:
        READY_FILE.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
