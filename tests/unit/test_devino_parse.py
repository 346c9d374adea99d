import json

import pytest

from chalicelib.dialects.devino.parse import (
    DuplicateCheck,
    parse_deleted_ids,
    parse_new_list,
    parse_upload,
)
from chalicelib.domain.errors import InvalidDataError, NotFoundError
from chalicelib.domain.limits import MAX_TYPED_FIELDS
from tests.openapi import REQUEST


def request(body=b"", **query):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    return REQUEST._replace(body=body, query=query)


def test_fields_that_are_too_many_are_refused_before_each_is_looked_at():
    with pytest.raises(InvalidDataError) as refusal:
        parse_new_list(request({"name": "a", "fields": [0] * (MAX_TYPED_FIELDS + 1)}))
    assert [problem.field for problem in refusal.value.problems] == ["fields"]


def test_ids_beyond_53_bits_are_read_exactly_and_are_nobodys():
    with pytest.raises(NotFoundError):
        parse_upload(request({"contactGroupId": 3576505602081984001, "contacts": []}))
    largest = parse_upload(request({"contactGroupId": 2**53 - 1, "contacts": []}))
    assert largest.group_id == 9007199254740991
    assert largest.check is DuplicateCheck.NONE


def test_ids_to_delete_are_each_once_and_as_they_were_sent():
    assert parse_deleted_ids(request(ids=["18446744073709551617", "1, 2", "1"])) == (
        "ids", {"18446744073709551617": None, "1": 1, "2": 2},
    )  # fmt: skip
    assert parse_deleted_ids(request(smsIds=["007"])) == ("smsIds", {"007": 7})
