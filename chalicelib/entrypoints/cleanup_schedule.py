"""The scheduled Lambda: it sweeps and purges (docs/clean-up.md).

Its name on AWS is ``PurgeSchedule``. A new name would make a new Lambda, with new logs and alarms.
What it needs is loaded at its first run: no other Lambda needs it.
"""

import os
import time
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools.metrics import Metrics, MetricUnit
from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib.domain.caller import Stamp
from chalicelib.observability import logger, service
from chalicelib.settings import Settings
from chalicelib.storage.dynamodb.connection import connect
from chalicelib.storage.dynamodb.deadline import calls_end_after

if TYPE_CHECKING:
    from chalicelib.services.cleanup import CleanupReport

EVERY_MINUTES: Final = 15

SECONDS_KEPT: Final = 20.0
"""The part of a Lambda's time that is reserved for the last call and then the report: a call
without an answer fails after 18 seconds (:mod:`..storage.dynamodb.connection`)."""

SECONDS_WITHOUT_CONTEXT: Final = 60.0
"""The longest run if no Lambda context sets a limit."""

_BY: Final = "phonebook"
_VIA: Final = "schedule.clean_up"
"""What this Lambda stores with each change, to say what made it."""

_COUNTS: Final = ("contacts_purged", "contacts_skipped", "memberships_swept", "items_failed")
_DAYS: Final = ("today", "oldest_due_left", "oldest_deletion_left")

cleanup_schedule = Blueprint(__name__)


@cleanup_schedule.schedule(Rate(EVERY_MINUTES, Rate.MINUTES), name="purge_schedule")
def clean_up_on_schedule(event: CloudWatchEvent) -> dict[str, Any]:
    """Clean up for as long as the Lambda has time, and report what was done.

    If it fails halfway, it still reports before it raises.

    Raises:
        NoClockError: The table's engine does not tell the date, so nothing was done.
        UnavailableError: The table stopped answering.

    """
    from chalicelib.services.cleanup import CleanupReport, clean_up  # noqa: PLC0415 - see above
    from chalicelib.storage.dynamodb.clock import time_of_table  # noqa: PLC0415 - see above

    started = time.monotonic()
    seconds = _seconds_of(event.context)
    report = CleanupReport()
    records_aside = None
    try:
        _connect()
        with calls_end_after(seconds):
            records_aside = _count_aside()
            stamp = Stamp(time_of_table(), by=_BY, via=_VIA)
            clean_up(stamp, lambda: seconds - (time.monotonic() - started), report)
    finally:
        summary = _summary(report, round(time.monotonic() - started, 3))
        _log(report, summary)
        _publish(report, summary["seconds_used"], records_aside)
    return summary


def _seconds_of(context: Any) -> float:  # noqa: ANN401 - Chalice hands on what Lambda gave it
    if context is None:
        return SECONDS_WITHOUT_CONTEXT
    return float(context.get_remaining_time_in_millis()) / 1000 - SECONDS_KEPT


def _summary(report: "CleanupReport", seconds_used: float) -> dict[str, Any]:
    days = {name: getattr(report, name) for name in _DAYS}
    return {
        **{name: getattr(report, name) for name in _COUNTS},
        **{name: day and day.isoformat() for name, day in days.items()},
        "is_sweep_seen": report.is_sweep_seen,
        "is_purge_seen": report.is_purge_seen,
        "large_purges": len(report.large_purges),
        "seconds_used": seconds_used,
    }


def _log(report: "CleanupReport", summary: dict[str, Any]) -> None:
    for failure in report.failures:
        logger().error("clean-up failed for one item", key=failure.key, exc_info=failure.error)
    for large in report.large_purges:
        logger().warning("clean-up takes much of an account", **large._asdict())
    logger().info("clean-up", **summary)


def _count_aside() -> int | None:
    """Return how many records the stream's Lambda put aside, or None if counting them fails.

    The clean-up counts them because it runs regularly. A failure here does not stop it.
    """
    from chalicelib.storage.aside import count_aside  # noqa: PLC0415 - see above

    try:
        return count_aside()
    except Exception:  # noqa: BLE001 - whatever it was, it keeps no contact from being purged
        logger().exception("records put aside could not be counted")
        return None


def _publish(report: "CleanupReport", seconds_used: float, records_aside: int | None) -> None:
    metrics = Metrics(namespace="Phonebook", service=service())
    metrics.add_metric("ContactsPurged", MetricUnit.Count, report.contacts_purged)
    metrics.add_metric("ContactsSkipped", MetricUnit.Count, report.contacts_skipped)
    metrics.add_metric("MembershipsSwept", MetricUnit.Count, report.memberships_swept)
    metrics.add_metric("CleanupItemsFailed", MetricUnit.Count, report.items_failed)
    metrics.add_metric("LargePurges", MetricUnit.Count, len(report.large_purges))
    metrics.add_metric("CleanupSeconds", MetricUnit.Seconds, seconds_used)
    if records_aside is not None:
        metrics.add_metric("RecordsAside", MetricUnit.Count, records_aside)
    # A run that stopped too early to know this publishes nothing, and that raises the alarm.
    if report.is_purge_seen or report.oldest_due_left:
        days = _days_since(report.oldest_due_left, report)
        metrics.add_metric("OldestDueDaysLeft", MetricUnit.Count, days)
    if report.is_sweep_seen or report.oldest_deletion_left:
        days = _days_since(report.oldest_deletion_left, report)
        metrics.add_metric("OldestDeletionDaysLeft", MetricUnit.Count, days)
    metrics.flush_metrics()


def _days_since(day: date | None, report: "CleanupReport") -> int:
    return (report.today - day).days if day and report.today else 0


@cache
def _connect() -> None:
    """Connect this Lambda to its table, once, at its first run."""
    connect(Settings.of(os.environ).table_name)
