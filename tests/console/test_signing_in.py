"""Sessions: how they begin, what they bind, and how they end."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.credential import PresentedCredential
from chalicelib.domain.errors import UnauthorizedError
from chalicelib.domain.sessions import LASTS, Session, new_session, read_session, write_session
from chalicelib.entrypoints import http
from chalicelib.services import accounts, signing_in
from chalicelib.services.signing_in import MAX_ATTEMPTS, follow_link, make_link
from chalicelib.storage import sign_ins
from tests.account import stamp_of
from tests.console.visitor import Visitor

KEY = b"k" * 32
NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def test_session_is_read_as_it_was_written_until_it_ends():
    session = new_session("0123456789abcdef", NOW)
    text = write_session(KEY, session)

    assert read_session(KEY, text, NOW) == session
    assert read_session(KEY, text, NOW + LASTS - timedelta(seconds=1)) == session
    assert read_session(KEY, text, NOW + LASTS) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-2],
        lambda text: "A" + text[1:],
        lambda text: text + "AAAA",
        lambda text: text * 20,
        lambda _: "",
        lambda _: "%" * 80,
    ],
)
def test_session_that_was_changed_is_none(change):
    text = write_session(KEY, new_session("0123456789abcdef", NOW))

    assert read_session(KEY, change(text), NOW) is None
    assert read_session(b"another key" * 3, text, NOW) is None


def test_cookie_is_for_our_pages_alone_and_no_script_reads_it(client):
    visitor = Visitor(client.url)

    visitor.sign_in(client)

    _, path, age, *others = visitor.set_cookie.split("; ")
    assert path == "Path=/console"
    assert 43_190 < int(age.removeprefix("Max-Age=")) <= 43_200
    assert others == ["HttpOnly", "SameSite=Lax"]


def test_wrong_secret_is_told_beside_the_field_and_the_username_stays(client):
    visitor = Visitor(client.url)

    page = visitor.sign_in(client, secret="wrong")

    assert page.status == 403
    assert "This is no username with its secret" in page.text
    assert ("username", client.username) in page.form("Sign in").fields
    assert client.secret not in page.html


def test_after_signing_in_one_comes_to_where_one_wanted(client):
    visitor = Visitor(client.url)
    page = visitor.get("/groups")
    assert page.headings == ["Sign in"]

    page = visitor.send(page, "Sign in", username=client.username, secret=client.secret)

    assert page.path == "/console/groups"


def test_sign_out_ends_the_session_here(visitor):
    page = visitor.send(visitor.get(""), "Sign out")

    assert page.headings == ["Sign in"]
    assert "You have signed out" in page.text
    assert visitor.get("/contacts").headings == ["Sign in"]


def test_too_many_that_fail_wait_for_a_while(client):
    visitor = Visitor(client.url)
    for _ in range(MAX_ATTEMPTS):
        assert visitor.sign_in(client, secret="wrong").status == 403

    page = visitor.sign_in(client)

    assert page.status == 429
    assert 0 < int(page.headers["Retry-After"]) <= 15 * 60
    assert "Too many sign-ins failed" in page.text


def test_tries_at_one_moment_all_count(engine, url):
    authenticator = http._authenticator()
    presented = PresentedCredential("f" * 16, "wrong")

    def attempt(_):
        try:
            signing_in.sign_in(authenticator, presented, "192.0.2.1", NOW)
        except (UnauthorizedError, signing_in.TooManySignInsError) as error:
            return type(error)

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(3 * MAX_ATTEMPTS)))

    # Each is counted for the username and for the address, and others come between.
    refused = outcomes.count(UnauthorizedError)
    assert 0 < refused <= MAX_ATTEMPTS
    assert outcomes.count(signing_in.TooManySignInsError) == len(outcomes) - refused


def test_address_that_has_to_wait_locks_out_nobody_else(client):
    authenticator = http._authenticator()
    for username in ["f" * 16] * MAX_ATTEMPTS + [client.username] * (MAX_ATTEMPTS + 1):
        with pytest.raises((UnauthorizedError, signing_in.TooManySignInsError)):
            signing_in.sign_in(
                authenticator, PresentedCredential(username, "wrong"), "192.0.2.4", NOW
            )

    right = PresentedCredential(client.username, client.secret)
    found = signing_in.sign_in(authenticator, right, "192.0.2.5", NOW)
    assert found.username == client.username


def test_cookies_of_others_are_passed_over(visitor):
    visitor.cookie = f'odd={{"a": [1]}}; =; {visitor.cookie}; @bad'

    assert visitor.get("/contacts").headings == ["Contacts"]


def test_somebody_comes_to_the_page_that_they_wanted_but_to_no_file(client):
    for wanted, heading in (("/changes", "Changes"), ("/exports/70686f6e", "Overview")):
        page = Visitor(client.url).sign_in(client, to=wanted)
        assert page.headings == [heading]


def test_right_ones_count_for_nothing_and_the_next_span_begins_anew(client):
    authenticator = http._authenticator()
    right = PresentedCredential(client.username, client.secret)
    wrong = PresentedCredential(client.username, "wrong")
    for _ in range(3 * MAX_ATTEMPTS):
        signing_in.sign_in(authenticator, right, "192.0.2.2", NOW)
    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(UnauthorizedError):
            signing_in.sign_in(authenticator, wrong, "192.0.2.2", NOW)

    with pytest.raises(signing_in.TooManySignInsError) as refused:
        signing_in.sign_in(authenticator, right, "192.0.2.3", NOW)

    assert NOW < refused.value.again_at <= NOW + signing_in.SPAN
    found = signing_in.sign_in(authenticator, right, "192.0.2.2", refused.value.again_at)
    assert found.username == client.username


def test_link_signs_in_once(client, url):
    token = make_link(client.username, stamp_of(datetime.now(UTC)))

    first, second = Visitor(url), Visitor(url)

    assert first.get(f"/enter?by={token}").headings == ["Overview"]
    page = second.get(f"/enter?by={token}")
    assert page.status == 403
    assert "This link works once" in page.text
    assert second.get("/contacts").headings == ["Sign in"]


def test_link_is_taken_by_one_of_many_who_follow_it(client):
    authenticator = http._authenticator()
    token = make_link(client.username, stamp_of(NOW))

    def follow(_):
        try:
            return follow_link(authenticator, token, NOW).username
        except UnauthorizedError:
            return None

    with ThreadPoolExecutor(8) as pool:
        followed = list(pool.map(follow, range(8)))

    assert followed.count(client.username) == 1
    assert followed.count(None) == 7


def test_link_that_is_old_or_unknown_or_of_a_revoked_credential_is_none(client, later):
    authenticator = http._authenticator()
    old = make_link(client.username, stamp_of(NOW))
    with pytest.raises(UnauthorizedError):
        follow_link(authenticator, old, NOW + signing_in.LINK_LASTS)
    with pytest.raises(UnauthorizedError):
        follow_link(authenticator, "unknown", NOW)

    token = make_link(client.username, stamp_of(NOW))
    accounts.revoke_credential(client.username, stamp_of(NOW))
    later(minutes=2)
    with pytest.raises(UnauthorizedError):
        follow_link(authenticator, token, NOW)


def test_key_is_made_once_by_whoever_is_first(engine):
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: sign_ins.session_key(stamp_of(NOW)), range(8)))

    assert len(made) == 1
    assert len(made.pop()) == 32


def test_session_of_nobody_names_nobody():
    session = new_session(None, NOW)

    assert read_session(KEY, write_session(KEY, session), NOW) == Session(
        None, NOW + LASTS, session.nonce
    )
