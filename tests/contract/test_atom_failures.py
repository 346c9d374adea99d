"""What Atom's clients are told when the engine is busy, gone, or does what nobody foresaw."""

import pytest

from chalicelib.storage.dynamodb.connection import REPEATS
from tests.atom import Atom, assert_error
from tests.conftest import open_client
from tests.faulty_engine import break_down, faulty_engine, throttle
from tests.served import served_app


@pytest.fixture
def atom(ministack, engine_and_url):
    atom = Atom(open_client(ministack, engine_and_url[1]))
    atom.result("address-book/list")  # the credential is cached from here on
    return atom


def test_busy_table_is_the_vendors_rate_limit(atom, engine):
    engine.fail("GetItem", throttle, times=REPEATS + 1)

    refused = atom.post("address-book/edit", {"id": 1})

    assert_error(refused, 429, "rate_limited")
    assert int(refused.headers["retry-after"]) >= 1


def test_bug_is_answered_without_its_secrets(atom, engine):
    engine.fail("GetItem", break_down)

    answer = atom.post("address-book/edit", {"id": 1})

    assert_error(answer, 500, "internal_error")
    for internal in (b"Surprising", b"internal-detail", b"Traceback", b"pynamodb"):
        assert internal not in answer.body


def test_table_out_of_reach_is_to_be_tried_again(ministack, logs):
    with faulty_engine(ministack.endpoint) as (_, endpoint):
        pass
    with served_app(endpoint, ministack.table, logs / "app-atom-without-engine") as url:
        refused = Atom(open_client(ministack, url)).post("address-book/list")

    assert_error(refused, 503, "unavailable")
    assert refused.headers["retry-after"]
