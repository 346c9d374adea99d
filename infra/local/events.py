"""The event Lambdas on this machine: they count, follow the stream and clean up on a schedule.

It is a separate process, which ``make dev`` restarts when the code changes::

    python -m infra.local.events SECONDS_BETWEEN_CLEAN_UPS DEAD_LETTERS [SINCE]

Records before SINCE, in epoch seconds, are skipped as already counted. The process calls the
functions that AWS calls. On SIGTERM, it first delivers the waiting records, and writes beside the
dead letters until when others were told of changes, so that the next one does not tell them again.
"""

import json
import os
import signal
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from chalicelib.entrypoints.change_stream import BATCH_SIZE as FOLLOWED_AT_ONCE
from chalicelib.entrypoints.change_stream import follow_changes
from chalicelib.entrypoints.cleanup_schedule import clean_up_on_schedule
from chalicelib.entrypoints.counter_stream import BATCH_SIZE, count_changes
from chalicelib.observability import logger
from chalicelib.settings import Settings
from infra.local.stream_pump import Record, StreamPump

SECONDS_BETWEEN_LOOKS: Final = 0.1
SECONDS_AFTER_FAILURE: Final = 1.0
SINCE_AT: Final = 3
TOLD_UNTIL: Final = "told-until"
"""The file that is there only after a clean end."""


def main() -> None:
    """Deliver events until SIGTERM."""
    seconds_between, dead_letters = float(sys.argv[1]), Path(sys.argv[2])
    since = float(sys.argv[3]) if len(sys.argv) > SINCE_AT else 0

    def put_aside(record: Record) -> None:
        with dead_letters.open("a") as file:
            file.write(json.dumps(record) + "\n")

    table = Settings.of(os.environ).table_name
    counting = StreamPump(table, count_changes, put_aside, BATCH_SIZE, since)
    told_until = dead_letters.with_name(TOLD_UNTIL)
    following = StreamPump(
        table, follow_changes, put_aside, FOLLOWED_AT_ONCE, _moment_taken_from(told_until)
    )
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    # A separate thread, so that a long sweep does not delay counting. It may be stopped anywhere.
    threading.Thread(target=_clean_up_every, args=(seconds_between,), daemon=True).start()
    follower = threading.Thread(target=_follow_until, args=(following, stopping, told_until))
    follower.start()
    _deliver_until(counting, stopping)
    follower.join()


def _follow_until(pump: StreamPump, stopping: threading.Event, told_until: Path) -> None:
    """Tell others of changes, and write at the end until when."""
    _deliver_until(pump, stopping)
    # The stream says when a change was made to the second.
    moment = int(time.time())
    pump.drain()
    told_until.write_text(str(moment))


def _moment_taken_from(file: Path) -> float:
    """Return the moment in a file, which goes. Without one, all is told again."""
    try:
        moment = float(file.read_text())
    except (FileNotFoundError, ValueError):
        moment = 0
    file.unlink(missing_ok=True)
    return moment


def _deliver_until(pump: StreamPump, stopping: threading.Event) -> None:
    """Deliver a stream's records to one function; at the end, those that are waiting."""
    while not stopping.is_set():
        try:
            is_any = pump.pump()
        except Exception:  # noqa: BLE001 - as on AWS, what was not read is read later
            logger().exception("The stream could not be read")
            stopping.wait(SECONDS_AFTER_FAILURE)
        else:
            if not is_any:
                stopping.wait(SECONDS_BETWEEN_LOOKS)
    pump.drain()


def _clean_up_every(seconds: float) -> None:
    while True:
        time.sleep(seconds)
        try:
            clean_up_on_schedule(_scheduled_event(), None)
        except Exception:  # noqa: BLE001 - as on AWS, a run that failed does not end the schedule
            logger().exception("The clean-up failed")


def _scheduled_event() -> dict[str, Any]:
    """Return an event as EventBridge sends it on a schedule."""
    return {
        "version": "0",
        "id": "00000000-0000-0000-0000-000000000000",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": datetime.now(UTC).isoformat(),
        "region": os.environ.get("AWS_REGION", ""),
        "resources": [],
        "detail": {},
    }


if __name__ == "__main__":
    main()
