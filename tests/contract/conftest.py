"""The app on an engine that fails when a test asks for it."""

import pytest

from tests.faulty_engine import faulty_engine
from tests.served import served_app


@pytest.fixture(scope="module")
def engine_and_url(ministack, logs, request):
    """The engine behind a proxy that can fail, and the app served on it."""
    log = logs / f"app-{request.module.__name__.rpartition('.')[2]}"
    with (
        faulty_engine(ministack.endpoint) as (faulty, endpoint),
        served_app(endpoint, ministack.table, log) as url,
    ):
        yield faulty, url


@pytest.fixture
def engine(engine_and_url):
    """The engine; every fault that a test asks for has to happen."""
    faulty, _ = engine_and_url
    yield faulty
    assert faulty.faults == []
