import json
import time
import urllib.request
from copy import copy
from datetime import UTC, datetime
from uuid import uuid4

import boto3
import pytest

from chalicelib.domain.imports import ReadingOptions
from chalicelib.domain.jobs import ImportJob
from chalicelib.domain.limits import MAX_IMPORT_BYTES
from chalicelib.entrypoints import job_queues
from chalicelib.services import accounts, jobs
from chalicelib.settings import (
    BUCKET_VARIABLE,
    PARTS_QUEUE_VARIABLE,
    PLANNING_QUEUE_VARIABLE,
    TABLE_VARIABLE,
    Settings,
)
from chalicelib.storage import job_files, job_places
from chalicelib.storage import job_queues as job_queue_messages
from chalicelib.storage import jobs as stored_jobs
from infra.local.job_places import DEAD_LETTERS_VARIABLE
from infra.local.queue_pump import OF_JOBS, QueuePump
from tests.account import caller_of, stamp_of
from tests.forms import post_form
from tests.patience import await_true

MOST_MESSAGES = 1_000


class Jobs:
    """The jobs of one account, with a bucket and queues that no other test uses."""

    def __init__(self, variables, table):
        self.table = table
        self.variables = variables
        self.settings = Settings.of({TABLE_VARIABLE: "any", **variables}).jobs
        self.account = accounts.open_account("Test", "EE", 30, stamp_of(datetime.now(UTC)))
        self.caller = caller_of(self.account)
        self.pumps = {
            name: QueuePump(variables[name], function) for name, function in OF_JOBS.items()
        }
        self.s3, self.sqs = boto3.client("s3"), boto3.client("sqs")
        self.dynamodb = boto3.client("dynamodb")
        for name in OF_JOBS:
            # What a function failed on comes again at once.
            self.sqs.set_queue_attributes(
                QueueUrl=variables[name], Attributes={"VisibilityTimeout": "0"}
            )

    def elsewhere(self, region="EE"):
        """Return the jobs of a new account, in the same bucket and queues."""
        other = copy(self)
        other.account = accounts.open_account("Fresh", region, 30, stamp_of(datetime.now(UTC)))
        other.caller = caller_of(other.account)
        return other

    def start_import(self, content, **more):
        """Start an import and upload its file, whose message has arrived."""
        options = {
            name: more.pop(name) for name in list(more) if name not in {"group_id", "is_rehearsal"}
        }
        job = jobs.start_import(self.caller, ReadingOptions(**options), datetime.now(UTC), **more)
        self.upload(job, content)
        return job

    def upload(self, job, content, *, is_awaited=True):
        """Upload a file, and wait for S3's message about it."""
        form = job_files.upload_form(job, most_bytes=MAX_IMPORT_BYTES, seconds=60)
        assert post_form(form.url, form.fields, content) == 204
        if is_awaited:
            self.await_message("planning_queue")
        else:
            time.sleep(0.2)

    def send(self, step):
        job_queue_messages.send([step])

    def await_message(self, queue):
        await_true(lambda: self.waiting(getattr(self.settings, queue)))

    def waiting(self, url):
        found = self.sqs.get_queue_attributes(
            QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
        )
        return int(found["Attributes"]["ApproximateNumberOfMessages"])

    def run(self):
        """Deliver what waits, until nothing does."""
        for _ in range(MOST_MESSAGES):
            if not any(pump.pump() for pump in self.pumps.values()):
                return
        raise AssertionError("there is no end of messages")

    def plan(self):
        """Deliver the message that a file arrived, and nothing else."""
        assert self.pumps[PLANNING_QUEUE_VARIABLE].pump()

    def write_a_part(self):
        """Deliver the message of one part, and nothing else."""
        assert self.pumps[PARTS_QUEUE_VARIABLE].pump()

    def get(self, job):
        """Return a job as it is now."""
        read = stored_jobs.get_import if isinstance(job, ImportJob) else stored_jobs.get_export
        return read(self.account.id, job.id, datetime.now(UTC))

    def files(self):
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.variables[BUCKET_VARIABLE]
        )
        return sorted(each["Key"] for page in pages for each in page.get("Contents", ()))

    def read(self, job, name):
        """Return the text in a file of a job."""
        return self.download(job, name).decode("utf-8-sig")

    def download(self, job, name):
        """Return a file of a job, as a client gets it by its address."""
        address = jobs.download(job, name, datetime.now(UTC)).url
        with urllib.request.urlopen(address) as answer:
            return answer.read()

    def dead_letters(self):
        return self.waiting(self.variables[DEAD_LETTERS_VARIABLE])


def without_dates(exported):
    """Return the lines of an export in NDJSON without who stopped a number, where and when."""
    found = []
    for line in exported.decode().split("\n")[:-1]:
        said = json.loads(line)
        entries = said.pop("entries", ())
        for entry in (said, *entries):
            for name in ("at", "source", "actor"):
                entry.pop(name, None)
        found.append(said)
    return found


@pytest.fixture
def here(ministack, monkeypatch):
    """The jobs of one account, worked on in this process."""
    variables = ministack.create_places(f"jobs-{uuid4().hex[:12]}")
    monkeypatch.setattr(job_queues, "_connect", lambda: None)
    with ministack, ministack.environment():
        found = Jobs(variables, ministack.table)
        job_places.use(found.settings)
        # S3's word that the queue is there.
        found.run()
        yield found
        job_places.use(None)
