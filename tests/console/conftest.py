"""The console, served in this process on an engine within it."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.caller import Caller
from chalicelib.domain.credential import Scope
from chalicelib.domain.sessions import hashed
from chalicelib.entrypoints import http
from chalicelib.services import signing_in
from chalicelib.storage import keys
from chalicelib.storage.items import SignInCountItem
from infra.local import engine as engine_address
from tests.conftest import open_client
from tests.console.visitor import Visitor
from tests.served import app_served_here, engine_here


@pytest.fixture(scope="module")
def engine():
    with engine_here() as connected, pytest.MonkeyPatch.context() as patch:
        for name, value in connected.create_places().items():
            patch.setenv(name, value)
        yield connected


@pytest.fixture(scope="module")
def url(engine):
    """Where the app is served; what this process keeps of the table goes with it."""
    http._authenticator.cache_clear()
    signing_in._Read.key = None
    with app_served_here() as address:
        yield address
    http._authenticator.cache_clear()
    signing_in._Read.key = None


@pytest.fixture
def client(engine, url):
    """Someone with an account of their own, empty, and a credential for it.

    What failed before from this address, in another test, is forgotten.
    """
    now = datetime.now(UTC)
    here = hashed(signing_in.session_key(now), f"address {engine_address.HOST}")
    SignInCountItem(keys.sign_ins(here), keys.arrived(signing_in._span_of(now))).delete()
    return open_client(engine, url)


@pytest.fixture
def reader(engine, url):
    """Someone whose credential can only read."""
    return open_client(engine, url, scope=Scope.READ)


@pytest.fixture
def visitor(client):
    """Someone who has signed in to the console."""
    return Visitor.signed_in(client)


@pytest.fixture
def caller(client):
    """The same, for what is there before they come."""
    credential = http._authenticator().recall(client.username)
    return Caller.of(credential, request_id="test", via="tests.console")


@pytest.fixture
def later(monkeypatch):
    """Let time pass for what the app keeps of credentials."""

    def pass_by(**time):
        moment = (datetime.now(UTC) + timedelta(**time)).timestamp()
        authenticator = http._authenticator()
        for part in (authenticator, authenticator._known, authenticator._unknown):
            monkeypatch.setattr(part, "_clock", lambda: moment)

    return pass_by
