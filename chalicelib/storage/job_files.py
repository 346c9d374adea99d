"""The files of jobs, in the bucket. Each is under the account and the job that it belongs to.

S3 deletes every file after some days by itself (``infra/resources.yaml``).
"""

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

from botocore.exceptions import ClientError

from chalicelib.domain.errors import ErrorCode, UnavailableError
from chalicelib.domain.jobs import ExportJob, ImportJob, Job, Step, Task
from chalicelib.storage import keys
from chalicelib.storage.aws_calls import refusals_told
from chalicelib.storage.dynamodb.tries import SEND_TRIES, tries
from chalicelib.storage.job_places import job_places, s3

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import ObjectIdentifierTypeDef

IMPORTS: Final = "imports/"
EXPORTS: Final = "exports/"

FILE: Final = "file"
"""The name of an import's file. When one arrives, S3 sends a message about it."""

DRAFT: Final = "draft"
"""The name of a file that a person looks at before it is imported. No message is sent about it."""

_FILE_KEY: Final = re.compile(rf"{IMPORTS}(?P<account>[^/]+)/(?P<job>[0-9]+)/{FILE}")
_CHUNK_BYTES: Final = 1 << 20
_PART_BYTES: Final = 16 << 20
_GONE: Final = frozenset({"NoSuchKey", "404", "PreconditionFailed", "412"})
_CONFLICT: Final = "ConditionalRequestConflict"


class FileGoneError(Exception):
    """A file of a job is not there any more, or is another one."""


class UploadForm(NamedTuple):
    """Where a client sends a file, and the fields of the form beside it."""

    url: str
    fields: Mapping[str, str]


def upload_form(job: Job, *, most_bytes: int, seconds: int) -> UploadForm:
    """Return the form by which a client uploads a file of at most *most_bytes*.

    This signs, and asks nothing of S3.
    """
    with refusals_told():
        form = s3().generate_presigned_post(
            job_places().bucket,
            key_of(job, FILE),
            Conditions=[["content-length-range", 1, most_bytes]],
            ExpiresIn=seconds,
        )
    return UploadForm(form["url"], form["fields"])


def address_of(job: Job, name: str, *, seconds: int, shown_as: str) -> str:
    """Return the address by which a client downloads a file, and under which name it saves it.

    This signs, and asks nothing of S3.
    """
    with refusals_told():
        return s3().generate_presigned_url(
            "get_object",
            Params={
                "Bucket": job_places().bucket,
                "Key": key_of(job, name),
                "ResponseContentDisposition": f'attachment; filename="{shown_as}"',
            },
            ExpiresIn=seconds,
        )


def key_of(job: Job, name: str) -> str:
    """Return the key of a file of a job."""
    return f"{_folder_of(job)}{name}"


def planning_of(key: str, etag: str) -> Step | None:
    """Return the step to do for a file that arrived, or None if it is no import's."""
    found = _FILE_KEY.fullmatch(key)
    if found is None:
        return None
    return Step(Task.PLAN, found["account"], int(found["job"]), file=etag.strip('"'))


def keep_file(job: ImportJob, name: str) -> None:
    """Copy the file that is imported to a name under which no client can replace it.

    Raises:
        FileGoneError: It is not there any more, or is another one.
        UnavailableError: S3 is out of reach.

    """
    bucket = job_places().bucket
    with refusals_told(), _gone_told():
        s3().copy_object(
            Bucket=bucket,
            Key=key_of(job, name),
            CopySource={"Bucket": bucket, "Key": key_of(job, FILE)},
            CopySourceIfMatch=job.file or "",
        )


def copy_into(target: BinaryIO, job: Job, name: str) -> None:
    """Write a file of a job to another one.

    Raises:
        FileGoneError: It is not there any more.
        UnavailableError: S3 is out of reach.

    """
    with refusals_told(), _gone_told():
        answer = s3().get_object(Bucket=job_places().bucket, Key=key_of(job, name))
        target.writelines(answer["Body"].iter_chunks(_CHUNK_BYTES))


def read(job: Job, name: str) -> bytes:
    """Return a small file of a job.

    Raises:
        FileGoneError: It is not there.
        UnavailableError: S3 is out of reach.

    """
    with refusals_told(), _gone_told():
        answer = s3().get_object(Bucket=job_places().bucket, Key=key_of(job, name))
        return answer["Body"].read()


def save_new(job: Job, name: str, content: bytes) -> bool:
    """Save a small file of a job; return False if it is there already.

    Raises:
        UnavailableError: S3 is out of reach.

    """
    for _ in tries(SEND_TRIES):
        try:
            with refusals_told(), _gone_told():
                s3().put_object(
                    Bucket=job_places().bucket, Key=key_of(job, name), Body=content, IfNoneMatch="*"
                )
        except FileGoneError:
            return False
        except UnavailableError as error:
            # Somebody else is saving it in this moment.
            if _code_of(error.__cause__) != _CONFLICT:
                raise
        else:
            return True
    raise UnavailableError(ErrorCode.BUSY)


def save(job: Job, name: str, content: BinaryIO, *, media_type: str) -> None:
    """Save a file of any size, by a multipart upload if it is large; it replaces one before.

    Raises:
        UnavailableError: S3 is out of reach.

    """
    from boto3.exceptions import S3UploadFailedError  # noqa: PLC0415 - as above
    from boto3.s3.transfer import TransferConfig  # noqa: PLC0415 - loaded for jobs only

    config = TransferConfig(
        multipart_threshold=_PART_BYTES, multipart_chunksize=_PART_BYTES, use_threads=False
    )
    try:
        with refusals_told():
            s3().upload_fileobj(
                content,
                job_places().bucket,
                key_of(job, name),
                ExtraArgs={"ContentType": media_type},
                Config=config,
            )
    except S3UploadFailedError as error:
        raise UnavailableError(ErrorCode.UNREACHABLE) from error


def save_draft(job: ImportJob, content: bytes) -> None:
    """Save a file that is looked at before it is imported.

    Raises:
        UnavailableError: S3 is out of reach.

    """
    _put(job, DRAFT, content)


def forget_draft(job: ImportJob) -> None:
    """Delete the file that is looked at before it is imported, if there is one.

    Raises:
        UnavailableError: S3 is out of reach.

    """
    with refusals_told():
        s3().delete_object(Bucket=job_places().bucket, Key=key_of(job, DRAFT))


def use_draft(job: ImportJob, content: bytes) -> None:
    """Let a file be imported: S3 sends a message about it. The same one again changes nothing.

    Raises:
        UnavailableError: S3 is out of reach.

    """
    _put(job, FILE, content)


def _put(job: ImportJob, name: str, content: bytes) -> None:
    with refusals_told():
        s3().put_object(Bucket=job_places().bucket, Key=key_of(job, name), Body=content)


def delete(owner: Job | Step, *, but: Collection[str] = ()) -> None:
    """Delete the files of a job, or of a step's, but those with some names.

    Raises:
        UnavailableError: S3 is out of reach.

    """
    bucket, folder = job_places().bucket, _folder_of(owner)
    kept = {f"{folder}{name}" for name in but}
    with refusals_told():
        pages = s3().get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=bucket, Prefix=folder):
            # A page has no more than S3 deletes at once.
            found: list[ObjectIdentifierTypeDef] = [
                {"Key": each["Key"]} for each in page.get("Contents", ()) if each["Key"] not in kept
            ]
            if found:
                answer = s3().delete_objects(
                    Bucket=bucket, Delete={"Objects": found, "Quiet": True}
                )
                if answer.get("Errors"):
                    raise UnavailableError(ErrorCode.BUSY)


def _folder_of(owner: Job | Step) -> str:
    if isinstance(owner, Step):
        is_export, job_id = owner.task is Task.EXPORT, owner.job_id
    else:
        is_export, job_id = isinstance(owner, ExportJob), owner.id
    return f"{EXPORTS if is_export else IMPORTS}{owner.account_id}/{keys.of_id(job_id)}/"


@contextmanager
def _gone_told() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if _code_of(error) in _GONE:
            raise FileGoneError from error
        raise


def _code_of(error: BaseException | None) -> str | None:
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else None
