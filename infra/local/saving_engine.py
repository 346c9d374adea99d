"""ministack that saves its tables while it runs; plain ministack saves only when it ends.

Run it in place of ministack, with the same variables::

    python -m infra.local.saving_engine

A forked copy of the process writes, so that no request waits, and the snapshot is the tables'
state between two requests. An unfinished snapshot is never used.
"""

import asyncio
import os
import shutil
import signal
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeAlias

from ministack import app as ministack
from ministack.core import persistence
from ministack.services import dynamodb

SECONDS_BETWEEN_SAVES: Final = 2.0

_SERVICE: Final = "dynamodb"
_FIRST_WORDS_OF_READING: Final = (
    b"BatchGet", b"Describe", b"Get", b"List", b"Query", b"Scan", b"TransactGet",
)  # fmt: skip
_MAX_FILES: Final = 4_096

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]


class SavingApp:
    """ministack's app, which saves its tables to *folder* some seconds after each change."""

    def __init__(self, app: App, folder: Path) -> None:
        self._app = app
        self._folder = folder
        self._is_changed = False
        self._saving: asyncio.Task[None] | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass each request on, and remember whether it may have changed a table."""
        if scope["type"] == "lifespan":
            await self._app(scope, self._begin_and_end_with(receive), send)
            return
        try:
            await self._app(scope, receive, send)
        finally:
            operation = dict(scope.get("headers", ())).get(b"x-amz-target", b"").rpartition(b".")[2]
            if operation and not operation.startswith(_FIRST_WORDS_OF_READING):
                self._is_changed = True

    def _begin_and_end_with(self, receive: Receive) -> Receive:
        async def received() -> Message:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._saving = asyncio.create_task(self._save_after_changes())
            elif message["type"] == "lifespan.shutdown" and self._saving:
                # ministack itself saves now; an older snapshot must not overwrite that.
                self._saving.cancel()
                with suppress(asyncio.CancelledError):
                    await self._saving
            return message

        return received

    async def _save_after_changes(self) -> None:
        while True:
            await asyncio.sleep(SECONDS_BETWEEN_SAVES)
            if self._is_changed:
                self._is_changed = False
                self._is_changed = not await self._save() or self._is_changed

    async def _save(self) -> bool:
        """Save, and say whether it succeeded."""
        folder = self._folder / f"unfinished-{os.getpid()}"
        shutil.rmtree(folder, ignore_errors=True)
        copy = os.fork()
        if not copy:
            _save_and_exit(folder)
        ended = asyncio.get_running_loop().run_in_executor(None, os.waitpid, copy, 0)
        try:
            _, status = await asyncio.shield(ended)
        except asyncio.CancelledError:
            os.kill(copy, signal.SIGKILL)
            await ended
            shutil.rmtree(folder, ignore_errors=True)
            raise
        if status:
            return False
        name = f"{_SERVICE}.json"
        (folder / name).replace(self._folder / name)
        return True


def _save_and_exit(folder: Path) -> None:
    """In the forked copy: save as ministack does, then end the copy."""
    try:
        # Otherwise connections that the engine closes would stay open in the copy.
        os.closerange(3, _MAX_FILES)
        persistence.STATE_DIR = str(folder)
        persistence.save_all({_SERVICE: dynamodb.get_state})
    finally:
        os._exit(0 if (folder / f"{_SERVICE}.json").exists() else 1)


def main() -> None:
    """Run ministack until SIGTERM."""
    folder = Path(persistence.STATE_DIR)
    for left in folder.glob("unfinished-*"):
        shutil.rmtree(left, ignore_errors=True)
    ministack.app = SavingApp(ministack.app, folder)
    ministack.main()


if __name__ == "__main__":
    main()
