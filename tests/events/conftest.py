from contextlib import suppress
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from chalicelib.domain.errors import OperatorError
from chalicelib.entrypoints import change_stream, cleanup_schedule, counter_stream
from chalicelib.services import accounts
from chalicelib.settings import Settings
from chalicelib.storage import accounts as stored
from chalicelib.storage import keys
from chalicelib.storage.dynamodb.model import Item
from infra.local.connected import Connected
from infra.table import create_table
from tests.account import stamp_of
from tests.conftest import app_of
from tests.events.delivery import Delivery

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)

SCHEDULED_EVENT = {
    "version": "0",
    "id": "89d1a02d-5ec7-412e-82f5-13505f849b41",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "123456789012",
    "time": "2026-11-22T00:00:00Z",
    "region": "eu-west-1",
    "resources": ["arn:aws:events:eu-west-1:123456789012:rule/purge"],
    "detail": {},
}


class Looks:
    """Seconds that are left, of which every look at them takes one."""

    def __init__(self, left):
        self.left = float(left)

    def __call__(self):
        self.left -= 1
        return self.left


@pytest.fixture(scope="module", name="ministack")
def own_ministack(ministack):
    """A table of each module's own: whoever looks at all of it, looks at no other tests' items."""
    name = f"events-{uuid4().hex[:12]}"
    with ministack.environment():
        create_table(name)
    return Connected(ministack.endpoint, name)


@pytest.fixture(scope="module")
def app_url(ministack, logs):
    """Where the app is served on it."""
    with app_of(ministack, logs) as url:
        yield url


@pytest.fixture
def table(ministack, monkeypatch):
    """The table of this session's engine; the Lambdas find themselves connected to it."""
    for module in (counter_stream, cleanup_schedule):
        monkeypatch.setattr(module, "_connect", lambda: None)
    monkeypatch.setattr(change_stream, "_settings", lambda: Settings(ministack.table))
    with ministack:
        yield ministack


@pytest.fixture
def account(table):
    account = accounts.open_account("Test", "EE", 30, stamp_of(NOW))
    yield account
    # One that a test has damaged must not be in the way of others, which list all accounts.
    with suppress(OperatorError):
        try:
            stored.get_account(account.id)
        except stored.UnreadableItemError:
            Item(keys.account(account.id), keys.ACCOUNT).delete()


@pytest.fixture
def delivery(table, account):
    """What the stream says of the account, to be delivered as AWS might."""
    return Delivery(table, account.id)
