import json
import os
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from hypothesis import settings

from chalicelib.domain.credential import Scope
from chalicelib.services import accounts
from chalicelib.settings import TABLE_VARIABLE
from infra.local import child, engine
from infra.local.connected import Connected
from tests.account import stamp_of
from tests.issued import issue_used_credential
from tests.leaks import ISSUED_SECRETS, assert_log_lines_are_complete, assert_no_leaks
from tests.served import Client, app_served_here, engine_here, served_app

settings.register_profile("phonebook", deadline=None, derandomize=True)
settings.load_profile("phonebook")


ALL_HERE = os.environ.get("ENGINE") == "moto"
"""Whether the engine is in this process, and so the app has to be: nobody else reaches it."""


@pytest.fixture(scope="session", autouse=True)
def temporary_files(tmp_path_factory):
    """What programs leave among the temporary files goes when the session does."""
    os.environ["TMPDIR"] = str(tmp_path_factory.mktemp("temporary"))
    tempfile.tempdir = None


@pytest.fixture(scope="session")
def logs(tmp_path_factory):
    """The folder for the output of every program that this session starts.

    When all of them have ended, nothing that must not be in a log may be in one, and each
    line of the app's is complete.
    """
    folder = tmp_path_factory.mktemp("logs")
    yield folder
    assert_no_leaks(folder)
    for log in folder.glob("app*"):
        assert_log_lines_are_complete(log)


@pytest.fixture(scope="session")
def rehearsed():
    """The rehearsed stack to which these tests are sent, if any (tests/e2e/test_rehearsal.py)."""
    return json.loads(os.environ.get("PHONEBOOK_REHEARSED", "null"))


@pytest.fixture(scope="session")
def ministack(logs, rehearsed):
    """The phonebook's table on an engine of this session's own, or on the rehearsed one."""
    if rehearsed:
        yield Connected(rehearsed["endpoint"], rehearsed["table"])
        return
    if ALL_HERE:
        with engine_here() as connected:
            yield connected
        return
    with engine.ministack(logs / "ministack") as endpoint:
        yield Connected(endpoint)


@pytest.fixture(scope="session")
def app_url(ministack, logs, rehearsed):
    """Where the app is served."""
    if rehearsed:
        yield rehearsed["url"]
        return
    if ALL_HERE:
        with app_served_here() as url:
            yield url
        return
    with app_of(ministack, logs) as url:
        yield url


@contextmanager
def app_of(connected, logs):
    """Serve the app on a table, with what is beside it."""
    log = logs / f"app-{connected.table}"
    with served_app(connected.endpoint, connected.table, log, connected.create_places()) as url:
        yield url


@pytest.fixture
def client(ministack, app_url):
    """Someone with an account of their own, empty."""
    return open_client(ministack, app_url)


@pytest.fixture
def stranger(ministack, app_url):
    """Someone else with another account."""
    return open_client(ministack, app_url)


def open_client(connected, url, *, region="EE", scope=Scope.FULL):
    with connected:
        account = accounts.open_account("Test", region, 30, stamp_of(datetime.now(UTC)))
        credential, secret = issue_used_credential(account.id, scope=scope)
    client = Client(url, account.id, credential.username, secret)
    ISSUED_SECRETS.update({client.token, client.basic.removeprefix("Basic ")})
    return client


@pytest.fixture
def events(ministack, logs, tmp_path):
    """What runs unattended, as `make dev` runs it; it must leave no dead letter."""
    # The table is every test's, and nobody asks for the count of what the others wrote before.
    since = int(time.time()) - 1
    with unattended(ministack, logs / "events", tmp_path / "dead-letters", since=since) as process:
        yield process
    assert not (tmp_path / "dead-letters").exists()


@contextmanager
def unattended(connected, log, dead_letters, *, purge_seconds=1, since=0):
    environment = {**engine.environment(connected.endpoint), TABLE_VARIABLE: connected.table}
    with log.open("ab") as output:
        process = child.start_module(
            "infra.local.events",
            str(purge_seconds),
            str(dead_letters),
            str(since),
            environment=environment,
            output=output,
        )
    try:
        yield process
    finally:
        child.end(process)
