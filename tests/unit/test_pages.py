"""What fits into a response, and what a page says of the rest."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.dialects.messages import Request
from chalicelib.dialects.pages import Page, parse_page, render_list, texts_of
from chalicelib.domain.account import Account
from chalicelib.domain.cursors import read_cursor, write_cursor
from chalicelib.domain.errors import ErrorCode, InvalidDataError, Problem, RefusedError
from chalicelib.domain.limits import MAX_RESPONSE_BYTES, MAX_RESPONSE_EVENT_BYTES

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNT = Account(
    id="a", name="a", default_region="EE", retention_days=30, cursor_key="key", created_on=NOW
)
REQUEST = Request(
    id="1",
    method="GET",
    route="/list",
    url="https://example.com/stage/list",
    path_parameters={},
    query={"limit": ["2"], "groupIds": ["a", "b"]},
    headers={},
    body=b"",
    received_on=NOW,
)


def rendered(texts, limit=None, request=REQUEST):
    page = Page(limit=limit, after=None, list_key=("list",))
    entries = ((f"{index:06d}", text) for index, text in enumerate(texts))
    return render_list(request, ACCOUNT, page, "list", entries)


def text_of_body(size):
    """Return a text that takes *size* bytes of a body: its quotation marks and a comma too."""
    return "x" * (size - 3)


def test_list_of_the_largest_body_is_answered_and_one_byte_more_is_refused():
    assert rendered([text_of_body(MAX_RESPONSE_BYTES)]).status == 200
    with pytest.raises(RefusedError) as refusal:
        rendered([text_of_body(MAX_RESPONSE_BYTES + 1)])
    assert refusal.value.code is ErrorCode.LIST_TOO_LARGE


def test_list_is_refused_for_what_it_takes_within_the_answer_of_a_lambda():
    """Its body is small enough; as a string in JSON, each backslash is two of them."""
    marks = MAX_RESPONSE_EVENT_BYTES // 4

    assert rendered(["\\" * (marks - 10)]).status == 200
    with pytest.raises(RefusedError):
        rendered(["\\" * marks])
    assert marks * 2 < MAX_RESPONSE_BYTES


def test_list_is_answered_up_to_the_last_byte_that_a_lambda_may_answer():
    fits = "\\" * (MAX_RESPONSE_EVENT_BYTES // 4 - 2) + "xx"

    assert rendered([fits]).status == 200
    with pytest.raises(RefusedError):
        rendered([f"{fits}x"])


def test_page_ends_where_no_more_fits_and_links_to_the_rest():
    third = text_of_body(MAX_RESPONSE_BYTES // 3)

    response = rendered([third] * 4, limit=1_000)

    assert response.body.count('xxx"') == 3
    assert "Link" in response.headers


def test_page_that_holds_the_rest_has_no_link():
    assert "Link" not in rendered(["a", "b"], limit=2).headers
    assert "Link" in rendered(["a", "b", "c"], limit=2).headers


def test_link_is_the_url_that_was_called_with_a_cursor():
    link = rendered(["a", "b", "c"], limit=2).headers["Link"]

    url = "https://example.com/stage/list?limit=2&groupIds=a&groupIds=b&cursor="
    assert link.startswith(f"<{url}")
    assert link.endswith('>; rel="next"')


def test_query_in_a_link_ends_nothing_before_its_end():
    query = {"limit": ["1"], '>; rel="next", <b': ["\r\nSet-Cookie: a=b", '"<>,;', "ü"]}

    link = rendered(["a", "b"], 1, REQUEST._replace(query=query)).headers["Link"]

    assert link.count("<") == link.count(">") == link.count(";") == 1
    assert link.isascii()
    assert not set(link) & set("\r\n,")
    url = link.partition(">")[0].removeprefix("<")
    sent = parse_qs(urlsplit(url).query)
    assert sent.pop("cursor")
    assert sent == query


def test_link_names_the_place_where_the_next_page_begins_once():
    request = REQUEST._replace(query={"cursor": ["of this page"], "limit": ["1"]})

    link = rendered(["a", "b"], 1, request).headers["Link"]

    query = parse_qs(urlsplit(link.partition(">")[0]).query)
    assert query.keys() == {"limit", "cursor"}
    (cursor,) = query["cursor"]
    assert read_cursor(ACCOUNT.cursor_key, ["list"], cursor) == "000000"


@pytest.mark.parametrize(("text", "limit"), [("1", 1), ("1000", 1_000), ("000000001", 1)])
def test_page_has_from_1_to_1000_entries(text, limit):
    page = parse_page(REQUEST._replace(query={"limit": [text]}), ACCOUNT, ["list", "a"])

    assert page == Page(limit=limit, after=None, list_key=("list", "a"))
    assert page.size_to_read == limit + 1


@pytest.mark.parametrize(
    "text", ["", "0", "1001", "-1", "+1", " 1", "1.0", "a", "\u0661", "0000000001", "1" * 5_000]
)
def test_limit_that_is_no_number_in_range_is_refused(text):
    with pytest.raises(InvalidDataError) as refusal:
        parse_page(REQUEST._replace(query={"limit": [text]}), ACCOUNT, ["list"])
    assert refusal.value.problems == (Problem("limit", "must be a number from 1 to 1000"),)


def test_page_goes_on_after_its_cursor_and_without_one_is_the_whole_list():
    cursor = write_cursor(ACCOUNT.cursor_key, ["list"], "b")

    page = parse_page(REQUEST._replace(query={"cursor": [cursor]}), ACCOUNT, ["list"])
    assert page == Page(limit=None, after="b", list_key=("list",))
    assert page.size_to_read is None
    assert parse_page(REQUEST._replace(query={}), ACCOUNT, []) == Page(None, None, ())
    with pytest.raises(InvalidDataError):
        parse_page(REQUEST._replace(query={"cursor": [cursor]}), ACCOUNT, ["other"])


def test_text_is_sent_as_utf_8_and_not_as_escapes():
    response = rendered(["Õun 😀", "b"])

    assert response.body == '{"list":["Õun 😀","b"]}'
    assert response.headers == {"Content-Type": "application/json"}


def test_list_for_another_envelope_fits_whole_or_is_refused():
    third = text_of_body(MAX_RESPONSE_BYTES // 3)

    assert len(texts_of([third] * 3)) == 3
    assert texts_of([{"a": "Õ"}, None]) == ['{"a":"Õ"}', "null"]
    with pytest.raises(RefusedError) as refusal:
        texts_of([third] * 4)
    assert refusal.value.code is ErrorCode.LIST_TOO_LARGE
