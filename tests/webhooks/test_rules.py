"""What a webhook may be, and what follows from each answer."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.errors import InvalidDataError
from chalicelib.domain.limits import MAX_URL_CHARACTERS
from chalicelib.domain.webhooks import (
    FAILING_FOR_TOO_LONG,
    LONGEST_REST,
    RETRY_AFTER,
    Answer,
    Outcome,
    Secret,
    Verdict,
    check_url,
    decide,
    new_secret,
    rotated,
    valid,
)

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def answer(status, retry_after=None):
    problem = None if status == 200 else f"it answered {status}"
    return Answer(status=status, problem=problem, retry_after=retry_after, seconds=0.1)


def verdict(status, *, attempt=1, failing_for=None, retry_after=None):
    since = None if failing_for is None else NOW - failing_for
    return decide(answer(status, retry_after), attempt=attempt, failing_since=since, now=NOW)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
@pytest.mark.parametrize("failing_for", [None, timedelta(days=9)])
@pytest.mark.parametrize("attempt", [1, 10])
def test_every_2xx_is_a_delivery(status, failing_for, attempt):
    assert verdict(status, attempt=attempt, failing_for=failing_for) == Verdict(Outcome.DELIVERED)


@pytest.mark.parametrize("status", [None, 101, 199, 300, 301, 304, 308, 400, 404, 500, 503])
def test_everything_else_is_tried_again(status):
    assert verdict(status) == Verdict(Outcome.AGAIN, again_at=NOW + 5 * SECOND)


@pytest.mark.parametrize(
    ("attempt", "wait"),
    [
        (1, 5 * SECOND),
        (2, 5 * MINUTE),
        (3, 30 * MINUTE),
        (4, 2 * HOUR),
        (5, 5 * HOUR),
        (6, 10 * HOUR),
        (7, 14 * HOUR),
        (8, 20 * HOUR),
        (9, 24 * HOUR),
    ],
)
def test_schedule_is_that_of_the_specification(attempt, wait):
    assert verdict(500, attempt=attempt) == Verdict(Outcome.AGAIN, again_at=NOW + wait)


def test_schedule_takes_as_long_as_the_specification_says():
    assert sum(RETRY_AFTER, timedelta()) == 75 * HOUR + 35 * MINUTE + 5 * SECOND


def test_message_is_given_up_after_the_last_attempt():
    assert verdict(500, attempt=10) == Verdict(
        Outcome.GIVEN_UP, because="attempt 10, the last one, failed: it answered 500"
    )


@pytest.mark.parametrize("attempt", [1, 10])
def test_gone_turns_off_at_once(attempt):
    assert verdict(410, attempt=attempt) == Verdict(
        Outcome.TURNS_OFF, because="it answered 410: it wants no more messages"
    )


@pytest.mark.parametrize(
    ("failing_for", "attempt", "outcome"),
    [
        (timedelta(), 1, Outcome.AGAIN),
        (FAILING_FOR_TOO_LONG - SECOND, 1, Outcome.AGAIN),
        (FAILING_FOR_TOO_LONG - SECOND, 10, Outcome.GIVEN_UP),
        # It may be the first message for days.
        (FAILING_FOR_TOO_LONG, 1, Outcome.AGAIN),
        (FAILING_FOR_TOO_LONG, 2, Outcome.TURNS_OFF),
        (FAILING_FOR_TOO_LONG, 10, Outcome.TURNS_OFF),
    ],
)
def test_failing_for_five_days_turns_off(failing_for, attempt, outcome):
    assert verdict(500, attempt=attempt, failing_for=failing_for).outcome is outcome


def test_reason_names_the_days_and_the_last_problem():
    turned_off = verdict(503, attempt=2, failing_for=timedelta(days=6))

    assert turned_off.because == "it has failed for 5 days: it answered 503"


@pytest.mark.parametrize(
    ("attempt", "asked", "wait"),
    [
        (1, timedelta(), 5 * SECOND),
        (1, 4 * SECOND, 5 * SECOND),
        (1, 6 * SECOND, 6 * SECOND),
        (1, 23 * HOUR, 23 * HOUR),
        (1, 25 * HOUR, 24 * HOUR),
        (1, timedelta(days=9999), 24 * HOUR),
        (4, HOUR, 2 * HOUR),
        (4, 3 * HOUR, 3 * HOUR),
        (9, HOUR, 24 * HOUR),
    ],
)
@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_receiver_may_ask_for_more_time_but_not_for_less_or_for_ever(status, attempt, asked, wait):
    said = verdict(status, attempt=attempt, retry_after=asked)

    rest = min(wait, LONGEST_REST)
    assert said == Verdict(Outcome.AGAIN, again_at=NOW + wait, rests_until=NOW + rest)


@pytest.mark.parametrize(("status", "rests"), [(429, 1), (502, 1), (504, 1), (500, 0), (503, 0)])
def test_receiver_rests_if_its_status_asks_for_fewer_messages(status, rests):
    said = verdict(status)

    assert said.rests_until == (NOW + 5 * SECOND if rests else None)


def test_secret_is_of_32_bytes_and_never_shown():
    secret = new_secret()

    assert secret.text.startswith("whsec_")
    assert len(base64.b64decode(secret.text.removeprefix("whsec_"), validate=True)) == 32
    assert secret.until is None
    assert secret.text not in repr(secret)
    assert new_secret() != secret


def test_exchanged_secret_stays_valid_for_a_day():
    (first,) = rotated((), NOW)

    second, former = rotated((first,), NOW)

    assert former == Secret(first.text, NOW + 24 * HOUR)
    assert second.until is None
    assert second.text != first.text
    assert valid((second, former), NOW) == (second, former)
    assert valid((second, former), NOW + 24 * HOUR - SECOND) == (second, former)
    assert valid((second, former), NOW + 24 * HOUR) == (second,)


def test_there_are_never_more_than_two_secrets():
    first = rotated((), NOW)
    second = rotated(first, NOW)

    third = rotated(second, NOW + HOUR)

    assert len(third) == 2
    assert third[1] == Secret(second[0].text, NOW + 25 * HOUR)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://example.com/",
        "https://EXAMPLE.com/hooks?for=me&x=%20",
        "HTTPS://hooks.example.co.uk:8443/a",
        "https://xn--bcher-kva.example/",
        "https://a_b.example/",
        "https://example.com:1/",
        "https://example.com:65535/",
        "https://93.184.216.34/",
        "https://[2606:4700::1111]:8443/",
        # Whether it may be reached is decided by its address.
        "https://localhost/",
        f"https://example.com/{'a' * (MAX_URL_CHARACTERS - 20)}",
    ],
)
def test_url_is_accepted(url):
    check_url(url, allows_loopback=False)
    check_url(url, allows_loopback=True)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8000/", "http://localhost/hook", "http://[::1]:8000/", "http://LOCALHOST/"],
)
def test_plain_http_goes_only_to_this_machine_and_only_if_that_is_allowed(url):
    check_url(url, allows_loopback=True)
    with pytest.raises(InvalidDataError):
        check_url(url, allows_loopback=False)


USUAL = "must name a host, or an address in its usual form"
PRINTED = "must be of printed ASCII characters, without spaces and backslashes"
TOO_LONG = "must be at most 2048 characters long"
PORT = "must have a port from 1 to 65535, or none"
NO_CREDENTIAL = "must not contain a username or a password"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", PRINTED),
        ("example.com", "must begin with https://"),
        ("//example.com/", "must begin with https://"),
        ("ftp://example.com/", "must begin with https://"),
        ("file:///etc/passwd", "must begin with https://"),
        ("javascript:alert(1)", "must begin with https://"),
        ("http://example.com/", "must begin with https://, except on localhost"),
        ("http://127.0.0.2/", "must begin with https://, except on localhost"),
        ("http://2130706433/", "must begin with https://, except on localhost"),
        ("https://", USUAL),
        ("https:example.com", USUAL),
        ("https:///hooks", USUAL),
        ("https://:443/", USUAL),
        ("https://example.com./", USUAL),
        ("https://.example.com/", USUAL),
        ("https://a..b/", USUAL),
        (f"https://{'a' * 64}.example/", USUAL),
        (f"https://{'a.' * 127}example/", USUAL),
        ("https://ex%61mple.com/", USUAL),
        ("https://example.com,evil.example/", USUAL),
        ("https://2130706433/", USUAL),
        ("https://0x7f000001/", USUAL),
        ("https://0x7f.1/", USUAL),
        ("https://0177.0.0.1/", USUAL),
        ("https://127.1/", USUAL),
        ("https://1.2.3.4.5/", USUAL),
        ("https://256.1.1.1/", USUAL),
        ("https://example.0x/", USUAL),
        ("https://[fe80::1%25eth0]/", USUAL),
        ("https://[::1]evil.example/", USUAL),
        ("https://evil[::1]/", USUAL),
        ("https://user@example.com/", NO_CREDENTIAL),
        ("https://user:password@example.com/", NO_CREDENTIAL),
        ("https://@example.com/", NO_CREDENTIAL),
        ("https://example.com@127.0.0.1/", NO_CREDENTIAL),
        ("https://example.com/#part", "must not contain a fragment"),
        ("https://example.com/#", "must not contain a fragment"),
        ("https://example.com:0/", PORT),
        ("https://example.com:65536/", PORT),
        ("https://example.com:-1/", PORT),
        ("https://example.com:https/", PORT),
        ("https://example.com:80:80/", PORT),
        ("https://example.com\\@127.0.0.1/", PRINTED),
        ("https://example.com/ x", PRINTED),
        (" https://example.com/", PRINTED),
        ("https://example.com/\n", PRINTED),
        ("https://exam\tple.com/", PRINTED),
        ("https://bücher.example/", PRINTED),
        ("https://example.com/\0", PRINTED),
        ("https://[::1/", "must be a URL"),
        (f"https://example.com/{'a' * (MAX_URL_CHARACTERS - 19)}", TOO_LONG),
    ],
)  # fmt: skip
def test_url_is_refused(url, message):
    with pytest.raises(InvalidDataError) as raised:
        check_url(url, allows_loopback=True)

    (problem,) = raised.value.problems
    # How brackets are read depends on the version of Python, but not that they are refused.
    assert problem.field == "url"
    assert problem.message == message or "[" in url
