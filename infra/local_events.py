"""What runs unattended on AWS, running here: counting by the stream, cleaning up on a schedule.

It is a process of its own, which the runner starts anew when the code changes::

    python -m infra.local_events SECONDS_BETWEEN_CLEAN_UPS DEAD_LETTERS

It calls the functions that AWS calls. Asked to end, it first delivers what is waiting.
"""

import json
import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from chalicelib.entrypoints.counter_stream import BATCH_SIZE, count_changes
from chalicelib.entrypoints.purge_schedule import clean_up_on_schedule
from chalicelib.settings import Settings
from infra.stream_pump import Record, StreamPump

SECONDS_BETWEEN_LOOKS: Final = 0.1


def main() -> None:
    """Deliver events until SIGTERM."""
    seconds_between, dead_letters = float(sys.argv[1]), Path(sys.argv[2])

    def put_aside(record: Record) -> None:
        with dead_letters.open("a") as file:
            file.write(json.dumps(record) + "\n")

    pump = StreamPump(Settings.of(os.environ).table_name, count_changes, put_aside, BATCH_SIZE)
    stopping = _Flag()
    signal.signal(signal.SIGTERM, stopping.raise_)
    next_clean_up = time.monotonic() + seconds_between
    while not stopping.is_raised:
        if not pump.pump():
            time.sleep(SECONDS_BETWEEN_LOOKS)
        if time.monotonic() >= next_clean_up:
            clean_up_on_schedule(_scheduled_event(), None)
            next_clean_up = time.monotonic() + seconds_between
    pump.drain()


class _Flag:
    """Raised by a signal, and looked at where it is safe to stop."""

    is_raised = False

    def raise_(self, *_: object) -> None:
        self.is_raised = True


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
