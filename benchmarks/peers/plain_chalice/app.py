"""Chalice's routes and PynamoDB's models, as in their tutorials."""

import os
import re
import secrets
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

from chalice import BadRequestError, Chalice, ConflictError, NotFoundError, Response
from pynamodb.attributes import (
    NumberAttribute,
    NumberSetAttribute,
    UnicodeAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.connection import Connection
from pynamodb.exceptions import DoesNotExist, PutError, TransactWriteError, UpdateError
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

TABLE = os.environ["PHONEBOOK_TABLE"]
ACCOUNT = os.environ["PEER_ACCOUNT"]
CONTACTS = f"CONTACTS#{ACCOUNT}"
NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
FIELDS = {
    "email": "email",
    "firstName": "first_name",
    "lastName": "last_name",
    "company": "company",
    "title": "title",
    "custom": "custom",
    "custom2": "custom2",
    "custom3": "custom3",
    "custom4": "custom4",
}

app = Chalice(app_name="phonebook")


class Contact(Model):
    """A contact."""

    class Meta:
        """Where it is kept."""

        table_name = TABLE

    pk = UnicodeAttribute(hash_key=True, attr_name="PK")
    sk = UnicodeAttribute(range_key=True, attr_name="SK")
    gsi1pk = UnicodeAttribute(null=True, attr_name="GSI1PK")
    gsi1sk = UnicodeAttribute(null=True, attr_name="GSI1SK")
    id = NumberAttribute()
    revision = NumberAttribute(null=True)
    email = UnicodeAttribute(null=True)
    first_name = UnicodeAttribute(null=True, attr_name="firstName")
    last_name = UnicodeAttribute(null=True, attr_name="lastName")
    company = UnicodeAttribute(null=True)
    title = UnicodeAttribute(null=True)
    custom = UnicodeAttribute(null=True)
    custom2 = UnicodeAttribute(null=True)
    custom3 = UnicodeAttribute(null=True)
    custom4 = UnicodeAttribute(null=True)
    group_ids = NumberSetAttribute(null=True, attr_name="groupIds")
    scheduled_deletion_date = UnicodeAttribute(null=True, attr_name="scheduledDeletionDate")
    created_on = UTCDateTimeAttribute(attr_name="createdOn")
    updated_on = UTCDateTimeAttribute(attr_name="updatedOn")

    def shown(self, deleted: dict[int, str]) -> dict[str, Any]:
        """Return the contact as Messente shows it."""
        day = self.scheduled_deletion_date
        if self.group_ids and deleted and all(each in deleted for each in self.group_ids):
            day = max(deleted[int(each)] for each in self.group_ids)
        return {
            "phoneNumber": self.sk,
            **{field: getattr(self, name) for field, name in FIELDS.items()},
            "scheduledDeletionDate": day,
        }


class ContactId(Model):
    """Where the contact with an id is."""

    class Meta:
        """Where it is kept."""

        table_name = TABLE

    pk = UnicodeAttribute(hash_key=True, attr_name="PK")
    sk = UnicodeAttribute(range_key=True, attr_name="SK")
    phone_number = UnicodeAttribute(attr_name="phoneNumber")


class Group(Model):
    """A group."""

    class Meta:
        """Where it is kept."""

        table_name = TABLE

    pk = UnicodeAttribute(hash_key=True, attr_name="PK")
    sk = UnicodeAttribute(range_key=True, attr_name="SK")
    name = UnicodeAttribute()


class Membership(Model):
    """That a contact is in a group."""

    class Meta:
        """Where it is kept."""

        table_name = TABLE

    pk = UnicodeAttribute(hash_key=True, attr_name="PK")
    sk = UnicodeAttribute(range_key=True, attr_name="SK")
    joined_on = UTCDateTimeAttribute(attr_name="joinedOn")


class DeletedGroup(Model):
    """A deleted group whose memberships are still there."""

    class Meta:
        """Where it is kept."""

        table_name = TABLE

    pk = UnicodeAttribute(hash_key=True, attr_name="PK")
    sk = UnicodeAttribute(range_key=True, attr_name="SK")
    scheduled_deletion_date = UnicodeAttribute(attr_name="scheduledDeletionDate")


@app.route("/v1/phonebook/contacts/{phone}")
def retrieve(phone: str) -> Response:
    """Retrieve a contact."""
    number = unquote(phone)
    if not NUMBER.fullmatch(number):
        return _error(BadRequestError)
    try:
        contact = Contact.get(CONTACTS, number, consistent_read=True)
    except DoesNotExist:
        return _error(NotFoundError)
    return Response({"contact": contact.shown(_deleted_groups() if contact.group_ids else {})})


@app.route("/v1/phonebook/contacts", methods=["POST"])
def create() -> Response:
    """Create a contact: its id first, so that it needs no transaction."""
    body = app.current_request.json_body
    number = body.get("phoneNumber", "")
    if not NUMBER.fullmatch(number) or not body.keys() <= {"phoneNumber", *FIELDS}:
        return _error(BadRequestError)
    now = datetime.now(UTC)
    day = (now.date() + timedelta(days=30)).isoformat()
    contact_id = secrets.randbelow(2**53 - 1) + 1
    contact = Contact(
        CONTACTS,
        number,
        gsi1pk=f"DUE#{zlib.crc32(f'{ACCOUNT}#{number}'.encode()) % 16:02d}",
        gsi1sk=f"{day}#{ACCOUNT}#{number}",
        id=contact_id,
        scheduled_deletion_date=day,
        created_on=now,
        updated_on=now,
        **{FIELDS[field]: value for field, value in body.items() if field in FIELDS},
    )
    id_item = ContactId(f"CONTACT_IDS#{ACCOUNT}", f"{contact_id:016d}", phone_number=number)
    id_item.save(ContactId.pk.does_not_exist())
    try:
        contact.save(Contact.pk.does_not_exist())
    except PutError:
        return _error(ConflictError)
    return Response({"contact": contact.shown({})}, status_code=201)


@app.route("/v1/phonebook/contacts/{phone}", methods=["PATCH"])
def update(phone: str) -> Response:
    """Change some fields of a contact."""
    number = unquote(phone)
    if not NUMBER.fullmatch(number):
        return _error(BadRequestError)
    body = app.current_request.json_body
    if not body or not body.keys() <= set(FIELDS):
        return _error(BadRequestError)
    contact = Contact(CONTACTS, number)
    changes = ((getattr(Contact, FIELDS[field]), value) for field, value in body.items())
    actions = [
        attribute.remove() if value is None else attribute.set(value)
        for attribute, value in changes
    ]
    actions += [Contact.updated_on.set(datetime.now(UTC)), Contact.revision.add(1)]
    try:
        contact.update(actions, Contact.pk.exists())
    except UpdateError:
        return _error(NotFoundError)
    return Response({"contact": contact.shown(_deleted_groups() if contact.group_ids else {})})


@app.route("/v1/phonebook/contacts")
def list_all() -> Response:
    """List all contacts."""
    deleted = _deleted_groups()
    contacts = Contact.query(CONTACTS, Contact.sk > "+", consistent_read=True)
    return Response({"contacts": [contact.shown(deleted) for contact in contacts]})


@app.route("/v1/phonebook/groups/{groupId}/contacts/{phone}", methods=["POST"])
def join(groupId: str, phone: str) -> Response:  # noqa: N803 - as in the path
    """Put a contact into a group."""
    contact_number = unquote(phone)
    if not NUMBER.fullmatch(contact_number):
        return _error(BadRequestError)
    number = (int(groupId[19:23], 16) & 0x7FFF) << 48 | int(groupId[24:], 16)
    try:
        Group.get(f"GROUPS#{ACCOUNT}", f"{number:016d}", consistent_read=True)
    except DoesNotExist:
        return _error(NotFoundError)
    membership = Membership(
        f"MEMBERS#{ACCOUNT}#{number:016d}", contact_number, joined_on=datetime.now(UTC)
    )
    joining = [
        Contact.group_ids.add({number}),
        Contact.revision.add(1),
        Contact.scheduled_deletion_date.remove(),
        Contact.gsi1pk.remove(),
        Contact.gsi1sk.remove(),
    ]
    try:
        with TransactWrite(connection=_connection()) as transaction:
            transaction.save(membership)
            transaction.update(
                Contact(CONTACTS, contact_number),
                joining,
                Contact.pk.exists() & ~Contact.group_ids.contains(number),
                return_values="ALL_OLD",
            )
    except TransactWriteError as error:
        is_there = any(reason and reason.raw_item for reason in error.cancellation_reasons)
        return _error(ConflictError if is_there else NotFoundError)
    return Response({}, status_code=201)


ERRORS: dict[type[Exception], tuple[int, str, str]] = {
    BadRequestError: (400, "201", "Invalid data"),
    NotFoundError: (404, "203", "Missing resource"),
    ConflictError: (409, "204", "Conflict"),
}


def _deleted_groups() -> dict[int, str]:
    found = DeletedGroup.query(
        f"TOMBSTONES#{ACCOUNT}", DeletedGroup.sk.startswith("GROUP#"), consistent_read=True
    )
    return {int(each.sk.removeprefix("GROUP#")): each.scheduled_deletion_date for each in found}


def _connection() -> Connection:
    if not CONNECTIONS:
        CONNECTIONS.append(Connection())
    return CONNECTIONS[0]


CONNECTIONS: list[Connection] = []


def _error(kind: type[Exception]) -> Response:
    status, code, title = ERRORS[kind]
    return Response({"errors": [{"title": title, "detail": "", "code": code}]}, status_code=status)
