"""Jobs: imports and exports that run by themselves.

An import goes through these states, an export is running from its beginning::

    waiting ──► planning ──► running ──► done | failed | cancelled
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Final, Self

from chalicelib.domain.exports import ExportFormat, Selected
from chalicelib.domain.imports import REJECTED, FileFormat, ReadingOptions
from chalicelib.domain.rows import Effect

KEPT: Final = timedelta(days=7)
"""How long we keep a job and its files, from its beginning on."""

TIME_TO_UPLOAD: Final = timedelta(hours=1)
"""How long the address for an import's file may be used."""

TIME_TO_ARRIVE: Final = timedelta(hours=1)
"""How long an upload may take that began in time."""

NO_FILE: Final = "no file came"

TIME_TO_BEGIN: Final = timedelta(days=1)
"""How long an export may wait for its turn."""

NEVER_BEGAN: Final = "it never began: ask for it again"

ENDINGS: Final[Mapping[ExportFormat, str]] = {
    ExportFormat.CSV: "csv",
    ExportFormat.NDJSON: "ndjson",
    ExportFormat.VCARD: "vcf",
}

RESULTS: Final = "results.csv"
"""The name of the file with the outcome of each row of an import."""

CANCELLED: Final = "cancelled"
"""The outcome of a row that was not written, since its import was cancelled before."""

OUTCOMES: Final = (*(effect.value for effect in Effect), REJECTED, CANCELLED)
"""What can become of a row."""


class JobKind(Enum):
    """The kind of a job."""

    IMPORT = "import"
    EXPORT = "export"


class JobState(Enum):
    """How far a job came."""

    WAITING = "waiting"
    """An import waits for its file."""
    PLANNING = "planning"
    """The file is read, and its rows are put into parts."""
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """It ended, and its reason says why. Rows that were written before stay."""
    CANCELLED = "cancelled"


ENDED: Final = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})


class Task(Enum):
    """A step of a job."""

    PLAN = "plan"
    """Read the file of an import."""
    PART = "part"
    """Write a part of its rows."""
    JOIN = "join"
    """Join the outcomes of all parts, and end."""
    EXPORT = "export"


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a job that is to be done, at least once; ``file`` and ``part`` say which."""

    task: Task
    account_id: str
    job_id: int
    file: str | None = None
    part: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What imports and exports have in common.

    ``by`` and ``via`` are who asked for it, as in a stamp. If it ``is_cancelled``, somebody asked
    for its end, which comes a moment later.
    """

    id: int
    account_id: str
    created_on: datetime
    by: str
    via: str
    state: JobState
    is_cancelled: bool = False
    started_on: datetime | None = None
    ended_on: datetime | None = None
    reason: str | None = None

    @property
    def expires_on(self) -> datetime:
        """When the job and its files are gone."""
        return self.created_on + KEPT

    @property
    def has_ended(self) -> bool:
        """Whether it has ended."""
        return self.state in ENDED

    def seen_at(self, now: datetime) -> Self:
        """Return the job as it is at a moment: what did not begin in time has failed."""
        del now
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportJob(Job):
    """An import.

    ``file`` is the version of the file that is imported (S3's ETag), and ``plan`` names its plan:
    ``rows`` in ``parts``. ``counts`` has how many rows have each outcome so far, and
    ``done_parts`` are the numbers of the parts that are in it. If it ``has_results``, the outcome
    of each row is in a file. ``left_out`` are the columns that are not imported.
    """

    options: ReadingOptions
    group_id: int | None = None
    is_rehearsal: bool = False
    file: str | None = None
    plan: str | None = None
    rows: int = 0
    parts: int = 0
    done_parts: frozenset[int] = frozenset()
    counts: Mapping[str, int] = field(default_factory=dict)
    has_results: bool = False
    left_out: tuple[str, ...] = ()

    @property
    def upload_until(self) -> datetime:
        """When its address for a file ends."""
        return self.created_on + TIME_TO_UPLOAD

    @property
    def rejected_name(self) -> str:
        """The name of the file with its rejected rows, once it is planned."""
        if self.options.format is FileFormat.VCARD:
            return "rejected.vcf"
        return "rejected.ndjson" if self.options.format is FileFormat.NDJSON else "rejected.csv"

    @property
    def are_all_parts_done(self) -> bool:
        """Whether all rows have an outcome."""
        return self.plan is not None and len(self.done_parts) == self.parts

    def seen_at(self, now: datetime) -> Self:
        """Return the import as it is at a moment: without a file in time, it has failed."""
        ends_on = self.upload_until + TIME_TO_ARRIVE
        if self.state is not JobState.WAITING or now < ends_on:
            return self
        return replace(self, state=JobState.FAILED, reason=NO_FILE, ended_on=ends_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportJob(Job):
    """An export: what is asked for, and how many contacts or numbers it has so far."""

    selected: Selected
    entries: int = 0

    @property
    def file_name(self) -> str:
        """The name of its file."""
        return f"{self.selected.what.value}.{ENDINGS[self.selected.format]}"

    def seen_at(self, now: datetime) -> Self:
        """Return the export as it is at a moment: if it did not begin in time, it has failed."""
        ends_on = self.created_on + TIME_TO_BEGIN
        if self.has_ended or self.started_on is not None or now < ends_on:
            return self
        return replace(self, state=JobState.FAILED, reason=NEVER_BEGAN, ended_on=ends_on)
