"""A CloudFormation stack: previewing its changes, making them, and deleting it.

boto3 finds credentials, region and endpoint in the environment, as all AWS tools do. So the
rehearsal differs from AWS only in the endpoint.
"""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.exceptions import ClientError

from infra.aws.package import CODE_URI, Package

if TYPE_CHECKING:
    from types_boto3_cloudformation.type_defs import (
        ParameterTypeDef,
        StackEventTypeDef,
        StackTypeDef,
    )

MIN_PAUSE: Final = 0.1
MAX_PAUSE: Final = 3.0

_TO_BE_REMOVED_FIRST: Final = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"})
_STUCK: Final = "UPDATE_ROLLBACK_FAILED"
_NOTHING_TO_DO: Final = ("didn't contain changes", "No updates are to be performed")
_NO_SUCH_BUCKET: Final = "404"
_DEFAULT_REGION_OF_S3: Final = "us-east-1"


class StackError(Exception):
    """CloudFormation refused or failed; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Change:
    """A planned change of a resource: ``Add``, ``Modify`` or ``Remove``.

    ``made_anew`` says whether CloudFormation would replace it, which loses its data: ``True``,
    ``False`` or ``Conditional``. ``kept`` says whether a resource removed from the stack remains.
    """

    action: str
    resource: str
    kind: str
    made_anew: str
    kept: bool


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """The changes that CloudFormation would make."""

    arn: str
    changes: tuple[Change, ...]

    def adds(self, resource: str) -> bool:
        """Say whether a resource would be made."""
        return any(each.action == "Add" and each.resource == resource for each in self.changes)


class Stack:
    """A stack by name; it may not exist."""

    def __init__(self, name: str) -> None:
        self.name = name
        session = boto3.Session()
        self._region = session.region_name or ""
        self._cloudformation = session.client("cloudformation")
        self._s3 = session.client("s3")
        self._sts = session.client("sts")

    @property
    def place(self) -> str:
        """The stack's account and region."""
        return f"account {self._owner()}, region {self._region}"

    @property
    def exists(self) -> bool:
        """Whether the stack exists."""
        return self._describe() is not None

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs of the stack.

        Raises:
            StackError: The stack does not exist.

        """
        described = self._describe()
        if described is None:
            raise StackError(f"there is no stack {self.name} in {self._region}.")
        return {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", ())}

    @property
    def table_name(self) -> str | None:
        """The name of its table, or None if the stack failed before it created one.

        Raises:
            StackError: The stack does not exist.

        """
        if taken_over_or_own := self.outputs.get("TableName"):
            return taken_over_or_own
        resources = self._cloudformation.describe_stack_resources(StackName=self.name)
        names = (
            str(each["PhysicalResourceId"])
            for each in resources["StackResources"]
            if each["ResourceType"] == "AWS::DynamoDB::Table" and each.get("PhysicalResourceId")
        )
        return next(names, None)

    def propose(self, package: Package, chosen: dict[str, str]) -> ChangeSet | None:
        """Upload *package* and return what deploying it would change; None if nothing.

        A parameter has the stage's or the operator's *chosen* value, else the stack's current
        one, else the template's default.

        Raises:
            StackError: A parameter is refused, or the stack's state does not allow a change.

        """
        stack = self._describe()
        if stack and stack["StackStatus"] in _TO_BE_REMOVED_FIRST:
            raise StackError(
                f"the stack is {stack['StackStatus']} since it failed before: "
                f"`make destroy STAGE={package.stage}` removes what is left, but not a table."
            )
        if stack and stack["StackStatus"] == _STUCK:
            raise StackError(
                f"the stack is {_STUCK}: mend what its events name, and let it finish with"
                f" `aws cloudformation continue-update-rollback --stack-name {self.name}`."
            )
        exists = stack is not None and stack["StackStatus"] != "REVIEW_IN_PROGRESS"
        current = {each["ParameterKey"] for each in (stack.get("Parameters", ()) if stack else ())}
        decided = package.parameters | chosen
        parameters: list[ParameterTypeDef] = [
            {"ParameterKey": key, "ParameterValue": value} for key, value in decided.items()
        ]
        if exists:
            parameters += [
                {"ParameterKey": key, "UsePreviousValue": True}
                for key in sorted(current & package.template["Parameters"].keys() - decided.keys())
            ]
        with _refusals_in_one_line():
            arn = self._cloudformation.create_change_set(
                StackName=self.name,
                ChangeSetName=f"deploy-{datetime.now(UTC):%Y%m%d-%H%M%S}",
                ChangeSetType="UPDATE" if exists else "CREATE",
                TemplateURL=self._upload(package),
                Parameters=parameters,
                Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            )["Id"]
            return self._await_change_set(arn)

    def withdraw(self, change_set: ChangeSet) -> None:
        """Discard a change set without making its changes."""
        self._cloudformation.delete_change_set(ChangeSetName=change_set.arn)
        stack = self._describe()
        if stack and stack["StackStatus"] == "REVIEW_IN_PROGRESS":
            self._cloudformation.delete_stack(StackName=self.name)

    def execute(self, change_set: ChangeSet) -> None:
        """Make the changes, and wait until they are done.

        Raises:
            StackError: CloudFormation failed, and rolled back.

        """
        last_event = self._last_event()
        with _refusals_in_one_line():
            self._cloudformation.execute_change_set(ChangeSetName=change_set.arn)
        status = self._await_end_after(last_event)
        if status not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
            reasons = "\n  ".join(self._failures_after(last_event))
            raise StackError(f"CloudFormation went back ({status}):\n  {reasons}")

    def delete(self) -> None:
        """Delete the stack except its retained resources; do nothing if it does not exist.

        Raises:
            StackError: CloudFormation failed.

        """
        stack = self._describe()
        if stack is None:
            return
        # By ARN: a deleted stack is not found by name.
        arn = stack["StackId"]
        self._empty_buckets()
        last_event = self._last_event(arn)
        self._cloudformation.delete_stack(StackName=arn)
        status = self._await_end_after(last_event, arn)
        if status != "DELETE_COMPLETE":
            reasons = "\n  ".join(self._failures_after(last_event, arn))
            raise StackError(f"CloudFormation could not delete all ({status}):\n  {reasons}")

    def _empty_buckets(self) -> None:
        """Delete the files of jobs: CloudFormation deletes only a bucket that is empty."""
        for each in self._cloudformation.describe_stack_resources(StackName=self.name)[
            "StackResources"
        ]:
            bucket = each.get("PhysicalResourceId")
            if each["ResourceType"] != "AWS::S3::Bucket" or not bucket:
                continue
            pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
            for page in pages:
                for file in page.get("Contents", ()):
                    self._s3.delete_object(Bucket=bucket, Key=file["Key"])

    def _describe(self, name: str | None = None) -> "StackTypeDef | None":
        try:
            (stack,) = self._cloudformation.describe_stacks(StackName=name or self.name)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        return stack

    def _await_change_set(self, arn: str) -> ChangeSet | None:
        for _ in _looks():
            described = self._cloudformation.describe_change_set(ChangeSetName=arn)
            if described["Status"] == "CREATE_COMPLETE":
                return ChangeSet(arn, tuple(self._changes(arn)))
            if described["Status"] == "FAILED":
                reason = described.get("StatusReason", "")
                self.withdraw(ChangeSet(arn, ()))
                if any(words in reason for words in _NOTHING_TO_DO):
                    return None
                raise StackError(f"CloudFormation does not take it: {reason}")
        raise AssertionError  # it looks for ever

    def _changes(self, arn: str) -> Iterator[Change]:
        pages = self._cloudformation.get_paginator("describe_change_set")
        for page in pages.paginate(ChangeSetName=arn):
            for each in page["Changes"]:
                change = each["ResourceChange"]
                yield Change(
                    change["Action"],
                    change["LogicalResourceId"],
                    change["ResourceType"],
                    change.get("Replacement", "False"),
                    change.get("PolicyAction", "").endswith("Retain"),
                )

    def _await_end_after(self, last_event: str | None, name: str | None = None) -> str:
        """Wait until the work that began after an event has ended; return the stack's status."""
        for _ in _looks():
            stack = self._describe(name)
            status = str(stack["StackStatus"]) if stack else "DELETE_COMPLETE"
            has_begun = stack is None or self._last_event(name) != last_event
            if has_begun and not status.endswith("_IN_PROGRESS"):
                return status
        raise AssertionError  # it looks for ever

    def _last_event(self, name: str | None = None) -> str | None:
        return next((str(event["EventId"]) for event in self._events(name)), None)

    def _failures_after(self, last_event: str | None, name: str | None = None) -> list[str]:
        """Return the failures after an event, oldest first."""
        later = takewhile(lambda event: event["EventId"] != last_event, self._events(name))
        return [
            f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}"
            for event in later
            if event["ResourceStatus"].endswith("_FAILED")
        ][::-1]

    def _events(self, name: str | None) -> "Iterator[StackEventTypeDef]":
        """Yield the stack's events, newest first."""
        pages = self._cloudformation.get_paginator("describe_stack_events")
        for page in pages.paginate(StackName=name or self.name):
            yield from page["StackEvents"]

    def _upload(self, package: Package) -> str:
        """Upload the zip and the template under their digests, and return the template's URL."""
        bucket, owner = self._artifacts()
        code = package.zip_file.read_bytes()
        code_uri = f"s3://{bucket}/{_digest(code)}.zip"
        template = json.dumps(_with_code_at(code_uri, package.template)).encode()
        key = f"{_digest(template)}.json"
        for name, content in ((code_uri.rpartition("/")[2], code), (key, template)):
            self._s3.put_object(Bucket=bucket, Key=name, Body=content, ExpectedBucketOwner=owner)
        return f"{self._s3.meta.endpoint_url}/{bucket}/{key}"

    def _owner(self) -> str:
        return str(self._sts.get_caller_identity()["Account"])

    def _artifacts(self) -> tuple[str, str]:
        """Return the bucket for deployments and its owner; create the bucket if it is missing."""
        owner = self._owner()
        bucket = f"phonebook-artifacts-{owner}-{self._region}"
        try:
            self._s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=owner)
        except ClientError as error:
            if error.response["Error"]["Code"] != _NO_SUCH_BUCKET:
                raise
            if self._region == _DEFAULT_REGION_OF_S3:
                self._s3.create_bucket(Bucket=bucket)
            else:
                self._s3.create_bucket(
                    Bucket=bucket,
                    # The types list today's regions, and no future ones.
                    CreateBucketConfiguration={
                        "LocationConstraint": self._region  # type: ignore[typeddict-item]
                    },
                )
        return bucket, owner


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _with_code_at(code_uri: str, template: Mapping[str, Any]) -> Mapping[str, Any]:
    for resource in template["Resources"].values():
        if resource.get("Properties", {}).get("CodeUri") == CODE_URI:
            resource["Properties"]["CodeUri"] = code_uri
    return template


def _looks() -> Iterator[None]:
    """Yield now, then again and again for ever, after longer and longer pauses."""
    pause = MIN_PAUSE
    while True:
        yield
        time.sleep(pause)
        pause = min(2 * pause, MAX_PAUSE)


@contextmanager
def _refusals_in_one_line() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise StackError(error.response["Error"]["Message"]) from error
