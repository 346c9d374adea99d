"""A client reads its own writes: the connection of every test looks at what it is asked."""

import pytest

from chalicelib.storage import keys
from chalicelib.storage.items import BlacklistItem
from infra.local.connected import StaleReadError
from tests.storage.steps import number


def test_read_that_may_be_stale_is_refused_whoever_sends_it(account):
    with pytest.raises(StaleReadError, match="GetItem"):
        BlacklistItem.get(keys.blacklist(account.id), number().e164)
    with pytest.raises(StaleReadError, match="Query"):
        list(BlacklistItem.query(keys.blacklist(account.id)))
    with pytest.raises(StaleReadError, match="BatchGetItem"):
        list(BlacklistItem.batch_get([(keys.blacklist(account.id), number().e164)]))
