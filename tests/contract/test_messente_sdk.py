"""``messente-api`` 2.7.0 from PyPI, as it comes, doing every operation."""

from datetime import UTC, datetime, timedelta

import pytest
from messente_api import (
    ApiClient,
    BlacklistApi,
    Configuration,
    ContactFields,
    ContactsApi,
    ContactUpdateFields,
    GroupName,
    GroupsApi,
)
from messente_api.exceptions import (
    ApiException,
    BadRequestException,
    ConflictException,
    NotFoundException,
    UnauthorizedException,
)

from chalicelib.dialects.messente import MESSENTE
from tests.openapi import assert_is

NUMBER = "+37251000000"
OTHER_NUMBER = "+37251000001"
UNKNOWN_GROUP = "5792a02a-e5c2-422b-a0a0-0ae65d814663"
FIELDS = {
    "phoneNumber": NUMBER,
    "email": "anyone@messente.com",
    "firstName": "Any",
    "lastName": "Õun 😀",
    "company": "Messente",
    "title": "Sir",
    "custom": "Any custom",
    "custom2": "Any custom two",
    "custom3": "Any custom three",
    "custom4": "Any custom four",
}


class Sdk:
    """The SDK, with its raw answers checked on the way."""

    def __init__(self, client, **credential):
        configuration = Configuration(
            host=f"{client.url}/v1",
            username=credential.get("username", client.username),
            password=credential.get("password", client.secret),
        )
        self.contacts = ContactsApi(ApiClient(configuration))
        self.groups = GroupsApi(ApiClient(configuration))
        self.blacklist = BlacklistApi(ApiClient(configuration))

    def create_contact(self, fields=None):
        return _checked(
            self.contacts.create_contact_with_http_info, fields or FIELDS,
            status=201, schema="ContactEnvelope",
        ).contact  # fmt: skip

    def fetch_contact(self, number=NUMBER):
        return _checked(
            self.contacts.fetch_contact_with_http_info, number,
            status=200, schema="ContactEnvelope",
        ).contact  # fmt: skip

    def fetch_numbers(self, **filters):
        envelope = _checked(
            self.contacts.fetch_contacts_with_http_info,
            status=200, schema="ContactList", **filters,
        )  # fmt: skip
        return [contact.phone_number for contact in envelope.contacts]

    def create_group(self, name="Any group name"):
        return _checked(
            self.groups.create_group_with_http_info, GroupName(name=name),
            status=201, schema="GroupEnvelope",
        ).group  # fmt: skip

    def add_to_group(self, group, number=NUMBER):
        _checked(
            self.contacts.add_contact_to_group_with_http_info, group.id, number,
            status=201, schema="Nothing",
        )  # fmt: skip


def _checked(call, *arguments, status, schema, **filters):
    answer = call(*arguments, **filters)
    assert answer.status_code == status
    assert_is(MESSENTE, schema, answer.raw_data)
    return answer.data


def refusal(kind, code, title, call, *arguments):
    """Return what is said by an error, which the SDK has to understand in full."""
    with pytest.raises(kind) as failure:
        call(*arguments)
    assert_is(MESSENTE, "Error", failure.value.body.encode())
    (item,) = failure.value.data.errors
    assert (item.code.value, item.title.value) == (code, title)
    return item.detail


@pytest.fixture
def sdk(client):
    return Sdk(client)


def test_contact_is_created_and_fetched(sdk):
    before = datetime.now(UTC).date()
    created = sdk.create_contact()
    after = datetime.now(UTC).date()

    assert created.to_dict() == {
        **FIELDS,
        "scheduledDeletionDate": created.scheduled_deletion_date,
    }
    assert created.scheduled_deletion_date - timedelta(days=30) in {before, after}
    assert sdk.fetch_contact() == created
    assert sdk.fetch_contact("37251000000") == created


def test_contact_is_created_from_a_model_with_its_nulls(sdk):
    created = sdk.create_contact(ContactFields(phoneNumber="372 5100 0000", email=None, title=""))

    assert created.phone_number == NUMBER
    assert created.email is None
    assert created.title == ""


def test_contact_is_updated_and_cleared(sdk):
    sdk.create_contact()

    answer = sdk.contacts.update_contact_with_http_info(
        NUMBER, ContactUpdateFields(firstName="New", email=None)
    )

    assert_is(MESSENTE, "ContactEnvelope", answer.raw_data)
    assert answer.data.contact == sdk.fetch_contact()
    assert answer.data.contact.first_name == "New"
    assert answer.data.contact.email is None
    assert answer.data.contact.last_name == FIELDS["lastName"]


def test_contact_is_deleted(sdk):
    sdk.create_contact()

    _checked(sdk.contacts.delete_contact_with_http_info, NUMBER, status=204, schema=None)

    refusal(NotFoundException, "203", "Missing resource", sdk.contacts.fetch_contact, NUMBER)
    assert sdk.fetch_numbers() == []


def test_contacts_are_listed_by_the_groups_they_are_in(sdk):
    for number in (OTHER_NUMBER, NUMBER, "+37251000002"):
        sdk.create_contact({"phoneNumber": number})
    first, second = sdk.create_group("first"), sdk.create_group("second")
    sdk.add_to_group(first)
    sdk.add_to_group(second)
    sdk.add_to_group(second, OTHER_NUMBER)

    assert sdk.fetch_numbers() == [NUMBER, OTHER_NUMBER, "+37251000002"]
    assert sdk.fetch_numbers(group_ids=[]) == sdk.fetch_numbers()
    assert sdk.fetch_numbers(group_ids=[first.id]) == [NUMBER]
    assert sdk.fetch_numbers(group_ids=[first.id, second.id]) == [NUMBER, OTHER_NUMBER]
    assert sdk.fetch_numbers(group_ids=[UNKNOWN_GROUP]) == []


def test_membership_begins_and_ends_with_the_schedule(sdk):
    sdk.create_contact()
    group = sdk.create_group()

    sdk.add_to_group(group)
    assert sdk.fetch_contact().scheduled_deletion_date is None
    envelope = _checked(
        sdk.contacts.fetch_contact_groups_with_http_info, NUMBER,
        status=200, schema="GroupList",
    )  # fmt: skip
    assert [each.id for each in envelope.groups] == [group.id]

    _checked(
        sdk.contacts.remove_contact_from_group_with_http_info, group.id, NUMBER,
        status=204, schema=None,
    )  # fmt: skip
    assert sdk.fetch_contact().scheduled_deletion_date


def test_group_is_created_fetched_renamed_listed_and_deleted(sdk):
    group = sdk.create_group("Sõbrad")
    assert (group.name, group.contacts_count) == ("Sõbrad", 0)
    assert group.created_on

    fetched = _checked(
        sdk.groups.fetch_group_with_http_info, group.id, status=200, schema="GroupEnvelope"
    )
    assert fetched.group == group

    renamed = _checked(
        sdk.groups.update_group_with_http_info, group.id, GroupName(name="New"),
        status=200, schema="GroupEnvelope",
    )  # fmt: skip
    assert renamed.group.name == "New"

    again = sdk.create_group("New")
    listed = _checked(sdk.groups.fetch_groups_with_http_info, status=200, schema="GroupList")
    assert [each.id for each in listed.groups] == [group.id, again.id]

    sdk.create_contact()
    sdk.add_to_group(group)
    _checked(sdk.groups.delete_group_with_http_info, group.id, status=204, schema=None)
    refusal(NotFoundException, "203", "Missing resource", sdk.groups.fetch_group, group.id)
    assert sdk.fetch_numbers() == [NUMBER]
    assert sdk.fetch_numbers(group_ids=[group.id]) == []
    assert sdk.fetch_contact().scheduled_deletion_date


def test_number_is_blacklisted_checked_listed_and_taken_off(sdk):
    for number in (OTHER_NUMBER, "372 5100 0000"):
        _checked(
            sdk.blacklist.add_to_blacklist_with_http_info, {"phoneNumber": number},
            status=204, schema=None,
        )  # fmt: skip
    listed = _checked(sdk.blacklist.fetch_blacklist_with_http_info, status=200, schema="Blacklist")
    assert listed.phone_numbers == [NUMBER, OTHER_NUMBER]

    _checked(sdk.blacklist.is_blacklisted_with_http_info, NUMBER, status=204, schema=None)
    _checked(sdk.blacklist.delete_from_blacklist_with_http_info, NUMBER, status=204, schema=None)
    refusal(NotFoundException, "203", "Missing resource", sdk.blacklist.is_blacklisted, NUMBER)


def test_conflicts_are_told(sdk):
    sdk.create_contact()
    group = sdk.create_group()
    sdk.add_to_group(group)
    sdk.blacklist.add_to_blacklist({"phoneNumber": NUMBER})

    for call, arguments in [
        (sdk.contacts.create_contact, (FIELDS,)),
        (sdk.contacts.add_contact_to_group, (group.id, NUMBER)),
        (sdk.blacklist.add_to_blacklist, ({"phoneNumber": NUMBER},)),
    ]:
        assert refusal(ConflictException, "204", "Conflict", call, *arguments)


def test_what_is_missing_is_told(sdk):
    sdk.create_contact()
    group = sdk.create_group()

    for call, arguments in [
        (sdk.contacts.fetch_contact, (OTHER_NUMBER,)),
        (sdk.contacts.update_contact, (OTHER_NUMBER, {"title": "a"})),
        (sdk.contacts.delete_contact, (OTHER_NUMBER,)),
        (sdk.contacts.fetch_contact_groups, (OTHER_NUMBER,)),
        (sdk.contacts.add_contact_to_group, (group.id, OTHER_NUMBER)),
        (sdk.contacts.add_contact_to_group, (UNKNOWN_GROUP, NUMBER)),
        (sdk.contacts.add_contact_to_group, ("no-uuid", NUMBER)),
        (sdk.contacts.remove_contact_from_group, (group.id, NUMBER)),
        (sdk.contacts.remove_contact_from_group, (UNKNOWN_GROUP, NUMBER)),
        (sdk.contacts.remove_contact_from_group, (group.id, OTHER_NUMBER)),
        (sdk.groups.fetch_group, (UNKNOWN_GROUP,)),
        (sdk.groups.fetch_group, ("no-uuid",)),
        (sdk.groups.update_group, (UNKNOWN_GROUP, {"name": "a"})),
        (sdk.groups.delete_group, (UNKNOWN_GROUP,)),
        (sdk.blacklist.is_blacklisted, (NUMBER,)),
        (sdk.blacklist.delete_from_blacklist, (NUMBER,)),
    ]:
        assert refusal(NotFoundException, "203", "Missing resource", call, *arguments)


def test_invalid_data_are_told(sdk):
    sdk.create_contact()
    group = sdk.create_group()

    for field, call, arguments in [
        ("phoneNumber", sdk.contacts.create_contact, ({"phoneNumber": "123"},)),
        ("phone", sdk.contacts.fetch_contact, ("123",)),
        ("phone", sdk.contacts.fetch_contact, ("+372 5100 0000#1",)),
        ("phone", sdk.contacts.update_contact, ("abc", {"title": "a"})),
        ("body", sdk.contacts.update_contact, (NUMBER, {})),
        ("phone", sdk.contacts.delete_contact, ("123",)),
        ("phone", sdk.contacts.fetch_contact_groups, ("123",)),
        ("phone", sdk.contacts.add_contact_to_group, (group.id, "123")),
        ("phone", sdk.contacts.remove_contact_from_group, (group.id, "123")),
        ("groupIds", sdk.contacts.fetch_contacts, (["no-uuid"],)),
        ("name", sdk.groups.create_group, ({"name": "a" * 256},)),
        ("name", sdk.groups.update_group, (group.id, {"name": "a" * 256})),
        ("phoneNumber", sdk.blacklist.add_to_blacklist, ({"phoneNumber": "123"},)),
        ("phone", sdk.blacklist.is_blacklisted, ("123",)),
        ("phone", sdk.blacklist.delete_from_blacklist, ("123",)),
    ]:
        detail = refusal(BadRequestException, "201", "Invalid data", call, *arguments)
        assert detail.startswith(f"{field}: ")


def every_operation(sdk):
    return [
        (sdk.contacts.fetch_contacts,),
        (sdk.contacts.create_contact, FIELDS),
        (sdk.contacts.fetch_contact, NUMBER),
        (sdk.contacts.update_contact, NUMBER, {"title": "a"}),
        (sdk.contacts.delete_contact, NUMBER),
        (sdk.contacts.fetch_contact_groups, NUMBER),
        (sdk.contacts.add_contact_to_group, UNKNOWN_GROUP, NUMBER),
        (sdk.contacts.remove_contact_from_group, UNKNOWN_GROUP, NUMBER),
        (sdk.groups.fetch_groups,),
        (sdk.groups.create_group, {"name": "a"}),
        (sdk.groups.fetch_group, UNKNOWN_GROUP),
        (sdk.groups.update_group, UNKNOWN_GROUP, {"name": "a"}),
        (sdk.groups.delete_group, UNKNOWN_GROUP),
        (sdk.blacklist.fetch_blacklist,),
        (sdk.blacklist.add_to_blacklist, {"phoneNumber": NUMBER}),
        (sdk.blacklist.is_blacklisted, NUMBER),
        (sdk.blacklist.delete_from_blacklist, NUMBER),
    ]


def test_wrong_credentials_are_refused_alike(client):
    details = set()
    for credential in [
        {"password": "wrong"},
        {"username": "0123456789abcdef"},
        {"username": "nobody"},
        {"username": "", "password": ""},
    ]:
        sdk = Sdk(client, **credential)
        for call, *arguments in every_operation(sdk):
            details.add(refusal(UnauthorizedException, "202", "Unauthorized", call, *arguments))
    assert len(details) == 1


def test_wrong_credential_is_an_api_exception_as_in_the_documentation(client):
    with pytest.raises(ApiException):
        Sdk(client, password="wrong").contacts.fetch_contact(NUMBER)
