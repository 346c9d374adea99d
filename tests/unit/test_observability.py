import io
import json

import pytest
from aws_lambda_powertools.logging import Logger

from chalicelib.observability import _MaskingFormatter, masked


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+37251000000", "+37251****00"),
        ("%2B37251000000", "%2B37251****00"),
        ("+1234567", "+1****67"),
        ("+123456789012345", "+123456789****45"),
        ("at +37251000000, +37251000001.", "at +37251****00, +37251****01."),
        ("+123456", "+123456"),
        ("2026-11-22 01:04:54,501+0000", "2026-11-22 01:04:54,501+0000"),
        ("Basic dXNlcjpwYXNz", "Basic ****"),
        ("Authorization: Bearer abc.def-ghi_", "Authorization: Bearer ****"),
        ("AccessKey 0123.abc", "AccessKey ****"),
        ("/contacts?access_key=0123.abc&limit=1", "/contacts?access_key=****&limit=1"),
        ("authorization: basic  YWJj", "authorization: basic  ****"),
        ("+1234567890123456", "+1234567890****56"),
        ("Basically", "Basically"),
    ],
)
def test_numbers_and_credentials_are_masked(text, expected):
    assert masked(text) == expected


def test_log_line_is_masked_in_its_message_its_fields_and_its_traceback():
    stream = io.StringIO()
    logger = Logger(service="test", logger_formatter=_MaskingFormatter(), stream=stream)

    try:
        int("a+37251000001")
    except ValueError:
        logger.exception("for +37251000002", extra={"phone": "+37251000003"})

    line = json.loads(stream.getvalue())
    assert line["message"] == "for +37251****02"
    assert line["phone"] == "+37251****03"
    assert "+37251****01" in line["exception"]
    assert "+372510000" not in stream.getvalue()
