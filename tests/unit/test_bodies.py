"""Bodies as every dialect reads them; what Messente makes of them is in test_messente_parse."""

from datetime import UTC, datetime

import pytest

from chalicelib.dialects.bodies import read_details, read_object, read_object_or_form, required
from chalicelib.dialects.messages import FORM, JSON, Request
from chalicelib.domain.errors import ErrorCode, InvalidDataError, RefusedError


def request(body, content_type=JSON, **headers):
    return Request(
        id="1",
        method="POST",
        route="/",
        url="http://localhost/",
        path_parameters={},
        query={},
        headers={"content-type": content_type, **headers},
        body=body,
        received_on=datetime(2026, 1, 1, tzinfo=UTC),
    )


def test_whole_numbers_are_exact():
    body = read_object(request(b'{"id": 3576505602081984001, "other": 3.5e18}'))

    assert body["id"] == 3576505602081984001
    assert isinstance(body["other"], float)


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff", b"1" * 5_000, b"[" * 99_999])
def test_what_is_no_object_is_refused(body):
    with pytest.raises(InvalidDataError):
        read_object(request(body))


@pytest.mark.parametrize("body", [b'{"a": 1, "b": 2, "a": 1}', b'{"c": [{"a": 1, "a": 2}]}'])
def test_name_that_is_twice_in_an_object_is_refused(body):
    with pytest.raises(InvalidDataError) as refusal:
        read_object(request(body))
    assert [str(problem) for problem in refusal.value.found] == ["a: is there twice"]


def test_form_that_says_two_things_of_one_name_is_refused():
    with pytest.raises(InvalidDataError) as refusal:
        read_object_or_form(request(b"name=a&name=b", FORM))
    assert [str(problem) for problem in refusal.value.found] == ["name: is there twice"]


def test_form_is_refused_where_it_is_not_asked_for():
    with pytest.raises(RefusedError) as refusal:
        read_object(request(b"a=1", FORM))
    assert refusal.value.code is ErrorCode.UNSUPPORTED_MEDIA_TYPE


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (b"", {}),
        (b"firstName=J%C3%B6hn+Doe&msisdn=%2B372", {"firstName": "Jöhn Doe", "msisdn": "+372"}),
        (b"name=a&name=a&empty=", {"name": "a", "empty": ""}),
        (b"ids[]=a&ids%5B%5D=b", {"ids": ["a", "b"]}),
        (b"ids[0]=a&ids%5B1%5D=b", {"ids": ["a", "b"]}),
        (b"ids=a&ids[]=b", {"ids": "a", "ids[]": "b"}),
    ],
)
def test_form_is_read_as_an_object(form, expected):
    assert read_object_or_form(request(form, f"{FORM}; charset=UTF-8")) == expected


@pytest.mark.parametrize(
    "body",
    [
        '{"a": "\xfc"}'.encode("latin-1"),
        '{"a": 1}'.encode("utf-16"),
        '{"a": "\ud800"}'.encode(errors="surrogatepass"),
    ],
)
def test_body_that_is_not_utf_8_is_told_so(body):
    for content_type in (JSON, FORM, "application/json; charset=latin-1"):
        with pytest.raises(InvalidDataError) as refusal:
            read_object_or_form(request(body, content_type))
        assert [str(problem) for problem in refusal.value.problems] == ["body: must be UTF-8"]


def test_mark_before_utf_8_is_no_part_of_it():
    assert read_object(request('\ufeff{"a": "ü"}'.encode())) == {"a": "ü"}
    assert read_object_or_form(request("\ufeffa=ü".encode(), FORM)) == {"a": "ü"}


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "BR", "identity, gzip", "aws-chunked"])
@pytest.mark.parametrize("content_type", [JSON, FORM])
def test_body_that_is_compressed_is_refused(encoding, content_type):
    with pytest.raises(RefusedError) as refusal:
        read_object_or_form(request(b"{}", content_type, **{"content-encoding": encoding}))
    assert refusal.value.code is ErrorCode.UNSUPPORTED_MEDIA_TYPE


@pytest.mark.parametrize("encoding", ["", "identity", " Identity "])
def test_body_that_says_it_is_as_it_is_is_read(encoding):
    assert read_object(request(b"{}", **{"content-encoding": encoding})) == {}


@pytest.mark.parametrize("form", [b"a=\xff", b"a=%FF"])
def test_form_that_is_not_utf_8_is_refused(form):
    with pytest.raises(InvalidDataError):
        read_object_or_form(request(form, FORM))


def test_object_is_read_where_a_form_may_be():
    assert read_object_or_form(request(b'{"a": 1}')) == {"a": 1}
    with pytest.raises(RefusedError):
        read_object_or_form(request(b"a", "text/plain"))


def test_details_are_read_under_the_names_of_a_dialect():
    fields = {"first": "first_name", "email": "email", "missing": "title"}

    assert read_details({"first": "Any", "email": None, "other": 1}, fields) == {
        "first_name": "Any",
        "email": None,
    }
    with pytest.raises(InvalidDataError) as refusal:
        read_details({"first": 1, "email": "x" * 321}, fields)
    assert [problem.field for problem in refusal.value.problems] == ["first", "email"]


def test_field_that_is_not_there_is_told_from_one_that_is_wrong():
    assert required({"name": None}, "name") is None
    with pytest.raises(InvalidDataError) as refusal:
        required({}, "name")
    assert [problem.is_missing for problem in refusal.value.problems] == [True]
