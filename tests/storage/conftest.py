import os
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from moto import mock_aws

from benchmarks.use_cases.meter import Meter
from chalicelib.services import accounts
from infra.local import engine
from infra.local.connected import Connected
from tests.account import stamp_of
from tests.faulty_engine import faulty_engine

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@contextmanager
def moto(_log):
    with mock_aws():
        yield None


ENGINES: dict[str, Callable[[Path], AbstractContextManager[str | None]]] = {
    "moto": moto,
    "ministack": engine.ministack,
    "dynamodb-local": engine.dynamodb_local,
}
CHOSEN = [os.environ["ENGINE"]] if "ENGINE" in os.environ else ["moto", "ministack"]


def pytest_collection_modifyitems(items):
    """Leave out what moto cannot show, rather than skip it."""
    items[:] = [
        item
        for item in items
        if not (
            item.get_closest_marker("real_engine")
            and getattr(item, "callspec", None)
            and item.callspec.params.get("engine_name") == "moto"
        )
    ]


@pytest.fixture(scope="session", params=CHOSEN)
def engine_name(request):
    return request.param


@pytest.fixture(scope="session")
def connected(engine_name, logs):
    """The phonebook's table on the engine of this run."""
    with ENGINES[engine_name](logs / engine_name) as endpoint:
        yield Connected(endpoint)


@pytest.fixture
def table(connected):
    with connected:
        yield connected


@pytest.fixture
def account(table):
    return accounts.open_account("Test", "EE", 30, stamp_of(NOW))


@pytest.fixture(name="engine")
def engine_behind_a_proxy(table, account):
    """The engine, as it is reached through a proxy that can fail."""
    with faulty_engine(table.endpoint) as (faulty, endpoint), Connected(endpoint):
        faulty.calls.clear()
        yield faulty


@pytest.fixture
def meter(table):
    with Meter() as meter:
        yield meter
