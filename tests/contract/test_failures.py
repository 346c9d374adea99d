"""What a client is told when the engine is busy, gone, or does what nobody foresaw."""

import pytest

from chalicelib.dialects.messente.endpoints import ROOT
from chalicelib.storage.dynamodb.connection import REPEATS
from tests.conftest import open_client
from tests.contract.messagebird import MessageBird, assert_errors
from tests.contract.test_messente_http import assert_error
from tests.faulty_engine import break_down, faulty_engine, throttle
from tests.served import served_app

CONTACTS = f"{ROOT}/contacts"
CONTACT = f"{CONTACTS}/+37251000000"


@pytest.fixture
def client(ministack, engine_and_url):
    client = open_client(ministack, engine_and_url[1])
    assert client.send("GET", CONTACTS).status == 200  # the credential is cached from here on
    return client


def test_throttled_request_succeeds_when_the_engine_recovers(client, engine):
    engine.fail("PutItem", throttle)

    assert client.send("POST", CONTACTS, {"phoneNumber": "+37251000000"}).status == 201


def test_request_that_stays_throttled_is_to_be_tried_again(client, engine):
    engine.fail("GetItem", throttle, times=REPEATS + 1)

    answer = client.send("GET", CONTACT)

    assert_error(answer, 503, "205")
    assert int(answer.headers["retry-after"]) >= 1
    assert client.send("GET", CONTACT).status == 404


def test_engine_that_hangs_up_is_to_be_tried_again(client, engine):
    engine.fail("GetItem", lambda *_: None, times=REPEATS + 1)

    answer = client.send("GET", CONTACT)

    assert_error(answer, 503, "205")
    assert answer.headers["retry-after"]


def test_bug_is_answered_without_its_secrets(client, engine, logs):
    engine.fail("GetItem", break_down)

    answer = client.send("GET", CONTACT, headers={"X-Request-Id": "find-me"})

    assert_error(answer, 500, "205")
    assert answer.headers["x-request-id"] == "find-me"
    for internal in (b"Surprising", b"internal-detail", b"Traceback", b"pynamodb", b"+3725"):
        assert internal not in answer.body
    log = (logs / "app-test_failures").read_text()
    (line,) = (line for line in log.splitlines() if "A request met a bug" in line)
    assert '"request_id":"find-me"' in line
    assert f'"username":"{client.username}"' in line
    assert "SurprisingException" in line


def test_failures_are_told_in_the_dialect_that_was_spoken_to(client, engine):
    bird = MessageBird(client)

    engine.fail("GetItem", throttle, times=REPEATS + 1)
    busy = bird.send("GET", "/contacts/+37251000000")
    assert_errors(busy, 503, (99, None))
    assert busy.headers["retry-after"]

    engine.fail("GetItem", break_down)
    assert_errors(bird.send("GET", "/contacts/+37251000000"), 500, (99, None))


def test_first_request_of_an_unreachable_engine_is_to_be_tried_again(ministack, logs):
    with faulty_engine(ministack.endpoint) as (_, endpoint):
        pass
    with served_app(endpoint, ministack.table, logs / "app-without-engine") as url:
        client = open_client(ministack, url)

        assert_error(client.send("GET", CONTACTS), 503, "205")


def test_app_that_is_not_configured_fails_in_the_dialects_shape(ministack, logs):
    with served_app(ministack.endpoint, "", logs / "app-without-table") as url:
        client = open_client(ministack, url)

        assert_error(client.send("GET", CONTACTS), 500, "205")
