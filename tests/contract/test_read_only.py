"""A credential that can only read, at every operation of every dialect."""

import json
from datetime import UTC, datetime

import pytest

from app import app
from chalicelib.dialects.registry import DIALECTS
from chalicelib.domain.credential import Scope
from chalicelib.entrypoints import http
from chalicelib.services import accounts
from chalicelib.settings import TABLE_VARIABLE
from infra.local.connected import Connected
from infra.table import create_table
from tests.account import stamp_of
from tests.infra.operations import OPERATIONS
from tests.issued import issue_used_credential
from tests.openapi import assert_documented, assert_is
from tests.paths import PROJECT

EVENT = json.loads((PROJECT / "tests" / "events" / "api_gateway_request.json").read_text())
REFUSED = 403
READ_BY_POST = {
    ("atom", "contact_detail"), ("atom", "list_address_books"), ("atom", "address_book_detail"),
    ("v2", "list_recipients"), ("v2", "start_export"),
}  # fmt: skip
"""The operations that only read, although their method is no GET. An export changes nothing either:
what it leaves is itself."""

each_dialect = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)


@pytest.fixture(scope="module")
def own_table(ministack):
    """A table in which nobody else writes."""
    with ministack.environment():
        create_table("read-only")
    with Connected(ministack.endpoint, "read-only") as connected:
        yield connected


@pytest.fixture
def credentials(own_table, monkeypatch):
    """Two of one account: one that may do everything, and one that can only read."""
    monkeypatch.setattr(http, "connect", lambda _table: None)
    monkeypatch.setenv(TABLE_VARIABLE, "any")
    for name, value in own_table.create_places().items():
        monkeypatch.setenv(name, value)
    http._authenticator.cache_clear()
    account = accounts.open_account("Test", "EE", 30, stamp_of(datetime.now(UTC)))
    with own_table.environment():
        yield [issue_used_credential(account.id, scope=scope) for scope in (Scope.FULL, Scope.READ)]
    http._authenticator.cache_clear()


@each_dialect
def test_it_is_refused_what_changes_anything_and_nothing_else(own_table, credentials, dialect):
    """Each operation is tried when it would succeed; a full credential then does it."""
    (full, full_secret), (reading, reading_secret) = credentials
    remembered: dict[str, str] = {}
    tried = set()

    for operation in OPERATIONS[dialect.name]:
        before = items_of(own_table)
        answer = app(operation.event(EVENT, reading.username, reading_secret, remembered), None)

        only_reads = dialect.endpoints[operation.route][operation.method].only_reads
        assert items_of(own_table) == before, operation
        status, body = answer["statusCode"], answer["body"].encode()
        assert_documented(operation.method, operation.route, status, body)
        if only_reads:
            assert status < 300, answer
        else:
            assert status == REFUSED, answer
            assert_is(dialect, "Error", body)
            answer = app(operation.event(EVENT, full.username, full_secret, remembered), None)
            assert answer["statusCode"] < 300, answer
        operation.remember(answer, remembered)
        tried.add((operation.route, operation.method))

    assert tried == {
        (route, method) for route, by_method in dialect.endpoints.items() for method in by_method
    }


@each_dialect
def test_what_only_reads_is_each_get_and_a_few_posts(dialect):
    reading = {
        (dialect.name, operation.name)
        for by_method in dialect.endpoints.values()
        for method, operation in by_method.items()
        if operation.only_reads and method != "GET"
    }

    assert reading == {each for each in READ_BY_POST if each[0] == dialect.name}
    assert all(
        by_method["GET"].only_reads
        for by_method in dialect.endpoints.values()
        if "GET" in by_method
    )


def items_of(connected):
    """Return every item of the table, as it is stored, but no export: that is no change."""
    pages = (
        connected.client()
        .get_paginator("scan")
        .paginate(TableName=connected.table, ConsistentRead=True)
    )
    items = (item for page in pages for item in page["Items"])
    kept = (item for item in items if not item["PK"]["S"].startswith("EXPORTS#"))
    return sorted(json.dumps(item, sort_keys=True) for item in kept)
