"""``make deploy`` and ``make destroy``: a stage of the phonebook in the operator's AWS account."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable
from typing import Final

from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
)

from chalicelib.domain.errors import PhonebookError
from infra import table
from infra.package import BUILD, PackageError, package_stage, parameters, stages
from infra.smoke import SmokeError, smoke_test
from infra.stack import ChangeSet, Stack, StackError

NOT_SET_UP: Final = (
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    EndpointConnectionError,
)


class StoppedError(Exception):
    """The operator does not want it after all."""


def main() -> int:
    """Do what the command line says, and return the exit code."""
    arguments = _parser().parse_args()
    stack_name = f"phonebook-{arguments.stage}"
    try:
        if arguments.action == "deploy":
            chosen = dict(each.split("=", 1) for each in arguments.set)
            deploy(Stack(stack_name), arguments.stage, chosen, arguments.yes)
        else:
            destroy(Stack(stack_name), arguments.delete_table, arguments.yes)
    except NOT_SET_UP as error:
        return _fail(
            arguments.action,
            f"AWS is not set up here ({str(error).rstrip('.')}): set AWS_PROFILE, or"
            " AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_DEFAULT_REGION.",
        )
    except (StackError, PackageError, SmokeError, StoppedError) as error:
        return _fail(arguments.action, str(error))
    except PhonebookError as error:
        return _fail(arguments.action, f"the table refused ({error}): {error.__cause__}")
    except ClientError as error:
        return _fail(arguments.action, f"AWS refused: {error}")
    except KeyboardInterrupt:
        return _fail(arguments.action, "interrupted; what CloudFormation began it goes on with.")
    return 0


def deploy(stack: Stack, stage: str, chosen: dict[str, str], yes: bool) -> None:  # noqa: FBT001
    """Bring *stack* to what the code says, after showing what would change, and try it.

    Raises:
        StackError: A parameter is not one of the operator's, or CloudFormation refused or failed.
        SmokeError: What was deployed does not work.
        PackageError: It could not be packaged.
        StoppedError: The operator said no.

    """
    _refuse_unless_the_operators_own(chosen, stage)
    print(f"{stack.name} in {stack.place}", flush=True)
    package = package_stage(stage, BUILD)
    if taken_over := chosen.get("TableName"):
        chosen["TableStreamArn"] = table.take_over(taken_over)
    change_set = stack.propose(package, chosen)
    if change_set is None:
        print(f"{stack.name} is as it should be; there is nothing to change.")
    else:
        _show(change_set)
        try:
            _ask(f"Deploy {stack.name}?", yes)
        except (StoppedError, KeyboardInterrupt):
            stack.withdraw(change_set)
            raise
        print("Deploying ...", flush=True)
        stack.execute(change_set)
    outputs = stack.outputs
    outputs["Url"] = api_url(outputs)
    print("Trying it ...", flush=True)
    smoke_test(outputs["Url"], outputs["TableName"])
    outputs_file = package.template_file.with_name("outputs.json")
    outputs_file.write_text(json.dumps(outputs, indent=2, sort_keys=True) + "\n")
    print(f"\n{stack.name} answers at {outputs['Url']}\n")
    for name, value in sorted(outputs.items()):
        print(f"  {name:22}{value}")
    print(f"\nOpen an account next:\n\n  export PHONEBOOK_TABLE={outputs['TableName']}")
    print('  .venv/bin/phonebook accounts open "Acme"')


def destroy(stack: Stack, delete_table: bool, yes: bool) -> None:  # noqa: FBT001
    """Delete *stack*; its table only if told so twice.

    Raises:
        StackError: There is no stack, or CloudFormation failed.
        StoppedError: The operator said no.

    """
    name = stack.table_name
    _ask(f"Delete {stack.name}, and with it the API?", yes)
    if name and delete_table:
        _ask_for(name, os.environ.get("CONFIRM_TABLE"))
    stack.delete()
    if name is None:
        print("Deleted. It had no table yet.")
    elif delete_table:
        table.delete(name)
        print(f"Deleted, and the table {name} with all its data.")
    else:
        print(f"Deleted. The table {name} is kept, with all its data:")
        print(f"  make deploy STAGE=... SET='TableName={name}' runs on it again.")


def api_url(outputs: dict[str, str]) -> str:
    """Return where the API answers: on AWS at its own host, in the rehearsal under a path."""
    if rehearsed := os.environ.get("AWS_ENDPOINT_URL"):
        return f"{rehearsed}/restapis/{outputs['RestAPIId']}/api/_user_request_"
    return outputs["EndpointURL"].rstrip("/")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=("deploy", "destroy"))
    parser.add_argument("--stage", choices=sorted(stages()), required=True)
    parser.add_argument("--set", nargs="*", default=[], metavar="PARAMETER=VALUE", type=_setting)
    parser.add_argument("--delete-table", action="store_true")
    parser.add_argument("--yes", action="store_true", help="ask nothing")
    return parser


def _setting(text: str) -> str:
    if "=" not in text:
        raise argparse.ArgumentTypeError(f"{text} is not PARAMETER=VALUE")
    return text


def _refuse_unless_the_operators_own(chosen: Iterable[str], stage: str) -> None:
    for name in chosen:
        if name not in parameters():
            raise StackError(
                f"{name} is no parameter; there are {', '.join(sorted(parameters()))}."
            )
        if name in stages()[stage]:
            raise StackError(f"{name} is for infra/stages.yaml to say: change it there.")


def _show(change_set: ChangeSet) -> None:
    print("\nThis would change:\n")
    for change in sorted(change_set.changes, key=lambda each: (each.action, each.resource)):
        anew = ", MADE ANEW" if change.replacement else ""
        print(f"  {change.action:8}{change.resource:46}{change.kind}{anew}")
    print(flush=True)


def _ask(question: str, yes: bool) -> None:  # noqa: FBT001
    if yes:
        return
    if _answer(f"{question} [y/N] ").lower() not in {"y", "yes"}:
        raise StoppedError("nothing was changed.")


def _ask_for(name: str, confirmed: str | None) -> None:
    if (confirmed or _answer(f"This deletes all data. Type the table's name, {name}: ")) != name:
        raise StoppedError("nothing was changed.")


def _answer(question: str, read: Callable[[str], str] = input) -> str:
    try:
        return read(question).strip()
    except EOFError as error:
        raise StoppedError("nobody is there to answer; YES=1 asks nothing.") from error


def _fail(action: str, message: str) -> int:
    print(f"make {action}: {message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
