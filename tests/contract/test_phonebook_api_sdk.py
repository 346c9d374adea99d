"""``phonebook-api`` 0.2.0 from PyPI, the older SDK, which knows the blacklist only."""

import warnings

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its own, of Python 2's days
    from phonebook_api import ApiClient, BlacklistApi, Configuration
    from phonebook_api.rest import ApiException

NUMBER = "+37255555555"


@pytest.fixture
def blacklist(client):
    configuration = Configuration()
    configuration.host = f"{client.url}/v1"
    configuration.username = client.username
    configuration.password = client.secret
    return BlacklistApi(ApiClient(configuration))


def status_of(call, *arguments):
    with pytest.raises(ApiException) as failure:
        call(*arguments)
    return failure.value.status


def test_number_is_blacklisted_and_taken_off(blacklist):
    blacklist.add_to_blacklist({"phoneNumber": NUMBER})

    assert blacklist.fetch_blacklist().phone_numbers == [NUMBER]
    blacklist.is_blacklisted(NUMBER)
    assert status_of(blacklist.add_to_blacklist, {"phoneNumber": NUMBER}) == 409

    blacklist.remove_from_blacklist(NUMBER)

    assert blacklist.fetch_blacklist().phone_numbers == []
    assert status_of(blacklist.is_blacklisted, NUMBER) == 404
    assert status_of(blacklist.remove_from_blacklist, NUMBER) == 404


def test_errors_are_told(blacklist):
    assert status_of(blacklist.add_to_blacklist, {"phoneNumber": "123"}) == 400

    blacklist.api_client.configuration.password = "wrong"
    assert status_of(blacklist.fetch_blacklist) == 401
