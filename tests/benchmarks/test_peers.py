"""Every peer does what the phonebook does, of the five operations that are measured."""

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from benchmarks import packages
from benchmarks.exchanges import DETAILS, NUMBER, event, read_body
from benchmarks.lambdas import Lambda, running
from chalicelib.domain.ids import uuid_of
from chalicelib.services import accounts, groups
from chalicelib.settings import TABLE_VARIABLE
from tests.account import caller_of, stamp_of

CONTACT = "/contacts/{phone}"
JOIN = "/groups/{groupId}/contacts/{phone}"
AT_NUMBER = {"phone": "%2B37251000000"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("packages")


@pytest.fixture(scope="module", params=["phonebook", *packages.DISTRIBUTIONS])
def packaged(request, folder):
    if request.param == "phonebook":
        return packages.package_phonebook(folder)
    return packages.package_peer(request.param, folder)


@dataclass(frozen=True)
class Sender:
    """Sends requests to a Lambda, for an account that has one group."""

    process: Lambda
    credential: tuple[str, str]
    group: str

    def __call__(self, method, resource, parameters=None, body=None):
        sent = event(self.credential, method, resource, parameters, body)
        reply = self.process.ask("answer", sent)
        return reply["statusCode"], read_body(reply)


@pytest.fixture
def send(packaged, folder, ministack):
    with ministack:
        now = datetime.now(UTC)
        account = accounts.open_account("Peer", "EE", 30, stamp_of(now))
        credential, secret = accounts.issue_credential(account.id, stamp_of(now))
        group = uuid_of(groups.create_group(caller_of(account), "Friends", now).id)
    with ready(packaged, folder, ministack, account.id) as process:
        yield Sender(process, (credential.username, secret), group)


@contextmanager
def ready(packaged, folder, ministack, account):
    variables = {
        "AWS_ENDPOINT_URL_DYNAMODB": ministack.endpoint,
        TABLE_VARIABLE: ministack.table,
        "PEER_ACCOUNT": account,
    }
    with running(packaged, packages.runtime(folder), variables) as process:
        process.ask("load", packaged.module, packaged.handler)
        yield process


def create(send, number=NUMBER, **details):
    return send("POST", "/contacts", body={"phoneNumber": number, **(details or DETAILS)})


def test_created_contact_is_retrieved_with_every_key_and_its_date(send):
    status, created = create(send)

    day = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()
    unknown = dict.fromkeys(["custom2", "custom3", "custom4"])
    assert status == 201
    assert created == {
        "contact": {
            "phoneNumber": NUMBER, **DETAILS, **unknown, "scheduledDeletionDate": day,
        }
    }  # fmt: skip
    assert send("GET", CONTACT, AT_NUMBER) == (200, created)


def test_contact_is_created_once(send):
    create(send)

    status, body = create(send, firstName="Other")

    assert (status, body["errors"][0]["code"]) == (409, "204")
    assert send("GET", CONTACT, AT_NUMBER)[1]["contact"]["firstName"] == DETAILS["firstName"]


def test_update_sets_and_clears_and_leaves_the_rest(send):
    create(send)

    status, body = send("PATCH", CONTACT, AT_NUMBER, {"title": "Dame", "company": None})

    assert status == 200
    assert body["contact"] == {
        **send("GET", CONTACT, AT_NUMBER)[1]["contact"],
        **DETAILS,
        "title": "Dame",
        "company": None,
    }


def test_list_holds_every_contact_in_the_order_of_numbers(send):
    for last in (2, 0, 1):
        create(send, f"+3725100000{last}")

    status, body = send("GET", "/contacts")

    assert status == 200
    assert [contact["phoneNumber"][-1] for contact in body["contacts"]] == ["0", "1", "2"]


def test_joining_a_group_ends_the_schedule_and_works_once(send):
    create(send)
    there = {"groupId": send.group, **AT_NUMBER}

    assert send("POST", JOIN, there) == (201, {})
    assert send("GET", CONTACT, AT_NUMBER)[1]["contact"]["scheduledDeletionDate"] is None
    status, body = send("POST", JOIN, there)
    assert (status, body["errors"][0]["code"]) == (409, "204")


@pytest.mark.parametrize(
    ("method", "resource", "body"),
    [("GET", CONTACT, None), ("PATCH", CONTACT, {"title": "Sir"}), ("POST", JOIN, None)],
)
def test_what_is_not_there_is_404(send, method, resource, body):
    parameters = {"groupId": send.group, **AT_NUMBER} if resource == JOIN else AT_NUMBER

    status, answered = send(method, resource, parameters, body)

    assert (status, answered["errors"][0]["code"]) == (404, "203")


@pytest.mark.parametrize("body", [{"phoneNumber": "12"}, {"phoneNumber": NUMBER, "nickname": "x"}])
def test_what_is_no_contact_is_400(send, body):
    status, answered = send("POST", "/contacts", body=body)

    assert (status, answered["errors"][0]["code"]) == (400, "201")
