from datetime import UTC, datetime

import pytest

from chalicelib.entrypoints import counter_stream, purge_schedule
from chalicelib.services import accounts
from tests.events.delivery import Delivery

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def table(ministack, monkeypatch):
    """The table of this session's engine; the Lambdas find themselves connected to it."""
    for module in (counter_stream, purge_schedule):
        monkeypatch.setattr(module, "_connect", lambda: None)
    with ministack:
        yield ministack


@pytest.fixture
def account(table):
    return accounts.open_account("Test", "EE", 30, NOW)


@pytest.fixture
def delivery(table, account):
    """What the stream says of the account, to be delivered as AWS might."""
    return Delivery(table, account.id)
