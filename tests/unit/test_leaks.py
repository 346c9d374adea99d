"""That the search for leaks, which ends every session, finds some."""

import pytest

from tests.leaks import ISSUED_SECRETS, leaks_in


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("for +37251000000", ["+37251000000"]),
        ("/contacts/%2B37251000000", ["%2B37251000000"]),
        ("'SK': '37251000000'", ["37251000000"]),
        ("+37251****00", []),
        ("2026-11-22 01:04:54,501+0000", []),
        ("uuid 70686f6e-6562-4000-8000-372510000001", []),
    ],
)
def test_whole_numbers_are_found(text, found):
    assert leaks_in(text) == found


def test_issued_secrets_are_found(monkeypatch):
    monkeypatch.setattr("tests.leaks.ISSUED_SECRETS", {*ISSUED_SECRETS, "s3cr3t-of-this-test"})

    assert leaks_in("password=s3cr3t-of-this-test;") == ["s3cr3t-of-this-test"]
