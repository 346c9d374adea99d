"""``make deploy`` and ``make destroy``: a stage of the phonebook in the operator's AWS account."""

import argparse
import json
import os
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.cli.program import command_line
from chalicelib.domain.errors import PhonebookError
from infra import resources, table
from infra.aws.package import (
    BUILD,
    PackageError,
    at_work_on,
    compiler_or_warning,
    package_stage,
    stages,
)
from infra.aws.smoke import SmokeError, smoke_test
from infra.aws.stack import ChangeSet, Stack, StackError
from infra.exclusive import BusyError
from infra.table import TableError

TABLE_CONFIRMED: Final = "CONFIRM_TABLE"
"""The variable in which a script names the table to delete."""

WHAT_COMES_NEXT: Final = "Open an account next:"
WHAT_SEARCH_NEEDS: Final = "The search is new here. For the contacts that are there already, run:"

_MARKS: Final = {"True": ", MADE ANEW", "Conditional": ", MAYBE MADE ANEW", "False": ""}


class StoppedError(Exception):
    """The operator did not confirm."""


class NotSetUpError(Exception):
    """AWS credentials are missing here, or do not work."""


def main() -> int:
    """Run the command line, and return the exit code."""
    arguments = _parser().parse_args()
    action: str = arguments.action
    operator = Operator(asks=not arguments.yes)
    try:
        stack = _stack_of(arguments.stage)
        with at_work_on(arguments.stage, arguments.build):
            if action == "deploy":
                deploy(stack, arguments.stage, arguments.set, arguments.build, operator)
            else:
                destroy(stack, arguments.stage, operator, delete_table=arguments.delete_table)
    except NotSetUpError as error:
        return _fail(
            action,
            f"AWS is not set up here ({str(error).rstrip('.')}): set AWS_PROFILE, or"
            " AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_DEFAULT_REGION.",
        )
    except (BusyError, StackError, TableError, PackageError, SmokeError, StoppedError) as error:
        return _fail(action, str(error))
    except PhonebookError as error:
        return _fail(action, f"the table refused ({error}): {error.__cause__}")
    except (ClientError, BotoCoreError) as error:
        return _fail(action, f"AWS refused or is out of reach: {error}")
    except KeyboardInterrupt:
        return _fail(action, "interrupted; what CloudFormation began it goes on with.")
    return 0


class Operator:
    """The operator, whom we ask before a change, unless they switched questions off."""

    def __init__(self, *, asks: bool) -> None:
        self._asks = asks

    def confirm(self, question: str) -> None:
        """Return if the operator says yes.

        Raises:
            StoppedError: They say anything else, or nobody is there to ask.

        """
        if self._asks and self._answer(f"{question} [y/N] ").lower() not in {"y", "yes"}:
            raise StoppedError("nothing was changed.")

    def confirm_deletion_of(self, table_name: str) -> None:
        """Return if the operator names the table whose data are to be deleted.

        Raises:
            StoppedError: They name another, or nobody is there to ask.

        """
        question = f"This deletes all data. Type the table's name, {table_name}: "
        if (os.environ.get(TABLE_CONFIRMED) or self._answer(question)) != table_name:
            raise StoppedError("nothing was changed.")

    def _answer(self, question: str) -> str:
        try:
            return input(question).strip()
        except EOFError as error:
            raise StoppedError("nobody is there to answer; YES=1 asks nothing.") from error


def deploy(
    stack: Stack, stage: str, chosen: dict[str, str], build: Path, operator: Operator
) -> None:
    """Show the changes to *stack*, make them, and test the result.

    Raises:
        StackError: The operator may not set a parameter, or CloudFormation refused or failed.
        TableError: The table to take over is not a phonebook's.
        SmokeError: What was deployed does not work.
        PackageError: It could not be packaged.
        StoppedError: The operator said no.

    """
    _refuse_unless_the_operators_own(chosen, stage)
    if taken_over := chosen.get("TableName"):
        table.refuse_unless_a_phonebooks(taken_over)
        operator.confirm(f"Give {taken_over} a stream, expiry, recovery and protection?")
        chosen["TableStreamArn"] = table.take_over(taken_over)
    package = package_stage(stage, build, compiler_or_warning())
    was_there = stack.exists or bool(taken_over)
    change_set = stack.propose(package, chosen)
    if change_set is None:
        print(f"{stack.name} is as it should be; there is nothing to change.")
    else:
        _show(change_set)
        try:
            operator.confirm(f"Deploy {stack.name}?")
        except (StoppedError, KeyboardInterrupt):
            stack.withdraw(change_set)
            raise
        print("Deploying ...", flush=True)
        stack.execute(change_set)
    outputs = stack.outputs
    outputs["Url"] = api_url(outputs)
    print("Trying it ...", flush=True)
    smoke_test(outputs["Url"], outputs["TableName"])
    outputs_file(build, stage).write_text(json.dumps(outputs, indent=2, sort_keys=True) + "\n")
    print(f"\n{stack.name} answers at {outputs['Url']}\n")
    for name, value in sorted(outputs.items()):
        print(f"  {name:22}{value}")
    if change_set and was_there and change_set.adds("ChangeStream"):
        print(f"\n{WHAT_SEARCH_NEEDS}\n\n  {command_line('maintenance', 'reindex')}")
    print(f"\n{WHAT_COMES_NEXT}\n\n  export PHONEBOOK_TABLE={outputs['TableName']}")
    print(f"  {command_line('accounts', 'open', 'Acme', '--default-region', 'EE')}")


def destroy(stack: Stack, stage: str, operator: Operator, *, delete_table: bool) -> None:
    """Delete *stack*; delete its table only with *delete_table* and the operator's confirmation.

    If the stack is already gone, it deletes the table that the operator names.

    Raises:
        StackError: There is no stack, or CloudFormation failed.
        TableError: There is no such table.
        StoppedError: The operator said no.

    """
    left = os.environ.get(TABLE_CONFIRMED, "")
    if not stack.exists and delete_table and left:
        table.refuse_unless_a_phonebooks(left)
        table.delete(left)
        print(f"Deleted the table {left} with all its data.")
        return
    name = stack.table_name
    operator.confirm(f"Delete {stack.name}, and with it the API?")
    if name and delete_table:
        operator.confirm_deletion_of(name)
    stack.delete()
    if name is None:
        print("Deleted. It had no table yet.")
    elif delete_table:
        table.delete(name)
        print(f"Deleted, and the table {name} with all its data.")
    else:
        print(f"Deleted. The table {name} is kept, with all its data. To run on it again:\n")
        print(f"  make deploy STAGE={stage} SET=TableName={name}")


def api_url(outputs: dict[str, str]) -> str:
    """Return the API's URL: its own host on AWS, a path in the rehearsal."""
    if rehearsed := os.environ.get("AWS_ENDPOINT_URL"):
        return f"{rehearsed}/restapis/{outputs['RestAPIId']}/api/_user_request_"
    return outputs["EndpointURL"].rstrip("/")


def outputs_file(build: Path, stage: str) -> Path:
    """Return the file in which a deployment stores its outputs; packaging does not delete it."""
    return build / f"{stage}-outputs.json"


def _stack_of(stage: str) -> Stack:
    """Return a stage's stack, after printing its account and region.

    Raises:
        NotSetUpError: AWS does not accept the credentials, or there are none.

    """
    try:
        stack = Stack(f"phonebook-{stage}")
        print(f"{stack.name} in {stack.place}", flush=True)
    except (BotoCoreError, ClientError) as error:
        raise NotSetUpError(str(error)) from error
    return stack


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=("deploy", "destroy"))
    parser.add_argument("--stage", choices=sorted(stages()), required=True)
    parser.add_argument("--set", type=_settings, default={}, metavar="'PARAMETER=VALUE ...'")
    parser.add_argument("--build", type=Path, default=BUILD, help="where to package")
    parser.add_argument("--delete-table", action="store_true")
    parser.add_argument("--yes", action="store_true", help="ask nothing")
    return parser


def _settings(text: str) -> dict[str, str]:
    """Split settings as a shell does, so that a value may hold spaces."""
    settings: dict[str, str] = {}
    for each in shlex.split(text):
        name, equals, value = each.partition("=")
        if not equals:
            raise argparse.ArgumentTypeError(f"{each} is not PARAMETER=VALUE")
        settings[name] = value
    return settings


def _refuse_unless_the_operators_own(chosen: Iterable[str], stage: str) -> None:
    parameters = sorted(resources.defaults())
    for name in chosen:
        if name not in parameters:
            raise StackError(f"{name} is no parameter; there are {', '.join(parameters)}.")
        if name in stages()[stage]:
            raise StackError(f"{name} is for infra/aws/stages.yaml to say: change it there.")


def _show(change_set: ChangeSet) -> None:
    print("\nThis would change:\n")
    for change in sorted(change_set.changes, key=lambda each: (each.action, each.resource)):
        mark = ", kept outside of the stack" if change.kept else _MARKS[change.made_anew]
        print(f"  {change.action:8}{change.resource:46}{change.kind}{mark}")
    print(flush=True)


def _fail(action: str, message: str) -> int:
    print(f"make {action}: {message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
