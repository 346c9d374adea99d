"""The scheduled Lambda: purges contacts that are due, and sweeps up after deleted groups."""

import os
import time
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from aws_lambda_powertools.metrics import Metrics, MetricUnit
from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib.domain.errors import PhonebookError
from chalicelib.observability import logger, service
from chalicelib.services.cleanup import CleanupReport, clean_up
from chalicelib.settings import Settings
from chalicelib.storage.aside import count_aside
from chalicelib.storage.connection import connect

EVERY_MINUTES: Final = 15

SECONDS_KEPT: Final = 10.0
"""What is kept of a Lambda's time for the call under way and for the report."""

SECONDS_WITHOUT_CONTEXT: Final = 60.0
"""How long a run takes where nobody sets it a limit."""

purge_schedule = Blueprint(__name__)


@purge_schedule.schedule(Rate(EVERY_MINUTES, Rate.MINUTES), name="purge_schedule")
def clean_up_on_schedule(event: CloudWatchEvent) -> dict[str, Any]:
    """Clean up for as long as the Lambda has time, and report what was done."""
    started = time.monotonic()
    _connect()
    seconds = _seconds_of(event.context)
    report = clean_up(datetime.now(UTC), lambda: seconds - (time.monotonic() - started))
    seconds_used = round(time.monotonic() - started, 3)
    left = report.oldest_due_left
    summary = {
        **asdict(report),
        "oldest_due_left": left and left.isoformat(),
        "seconds_used": seconds_used,
    }
    logger().info("clean-up", **summary)
    _publish(report, seconds_used)
    return summary


def _seconds_of(context: Any) -> float:  # noqa: ANN401 - Chalice hands on what Lambda gave it
    if context is None:
        return SECONDS_WITHOUT_CONTEXT
    return float(context.get_remaining_time_in_millis()) / 1000 - SECONDS_KEPT


def _publish(report: CleanupReport, seconds_used: float) -> None:
    metrics = Metrics(namespace="Phonebook", service=service())
    metrics.add_metric("ContactsPurged", MetricUnit.Count, report.contacts_purged)
    metrics.add_metric("ContactsSkipped", MetricUnit.Count, report.contacts_skipped)
    metrics.add_metric("MembershipsSwept", MetricUnit.Count, report.memberships_swept)
    metrics.add_metric("CleanupSeconds", MetricUnit.Seconds, seconds_used)
    left = report.oldest_due_left
    days = (datetime.now(UTC).date() - left).days if left else 0
    metrics.add_metric("OldestDueDaysLeft", MetricUnit.Count, days)
    # What the stream's Lambda put aside; nothing else looks at it as regularly as this does.
    with suppress(PhonebookError):
        metrics.add_metric("RecordsAside", MetricUnit.Count, count_aside())
    metrics.flush_metrics()


@cache
def _connect() -> None:
    """Connect this Lambda to its table, once, at its first run."""
    connect(Settings.of(os.environ).table_name)
