"""The items of the table as PynamoDB models, and nothing about what is done with them."""

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute, UTCDateTimeAttribute

from chalicelib.storage.dynamodb.model import IntegerAttribute, IntegerSetAttribute, Item


class StampedItem(Item):
    """An item that says who changed it last, and through what; from before that was kept, nothing.

    Every write of the phonebook's says it (:mod:`.stamps`), but for what is counted.
    """

    changed_by = UnicodeAttribute(null=True, attr_name="changedBy")
    changed_via = UnicodeAttribute(null=True, attr_name="changedVia")


class CountingItem(StampedItem):
    """An item that says how many contacts it has.

    ``changes`` is how many joins and leaves were counted so far, and ``counted_until`` the last
    fence that counting has passed (see :mod:`.recount`).
    """

    contacts_count = IntegerAttribute(default=0, attr_name="contactsCount")
    changes = IntegerAttribute(default=0)
    counted_until = UnicodeAttribute(null=True, attr_name="countedUntil")


class AccountItem(CountingItem):
    """An account. Every change of what its credentials carry of it raises ``revision``."""

    name = UnicodeAttribute()
    default_region = UnicodeAttribute(attr_name="defaultRegion")
    notation = UnicodeAttribute(null=True)
    retention_days = IntegerAttribute(attr_name="retentionDays")
    cursor_key = UnicodeAttribute(attr_name="cursorKey")
    created_on = UTCDateTimeAttribute(attr_name="createdOn")
    revision = IntegerAttribute(null=True)
    credentials_issued = IntegerAttribute(default=0, attr_name="credentialsIssued")


class CredentialItem(StampedItem):
    """A credential, with a copy of its account so that authenticating is one read.

    ``account_revision`` is that of the account as it was copied.
    """

    account_id = UnicodeAttribute(attr_name="accountId")
    account_name = UnicodeAttribute(attr_name="accountName")
    account_created_on = UTCDateTimeAttribute(attr_name="accountCreatedOn")
    account_revision = IntegerAttribute(null=True, attr_name="accountRevision")
    default_region = UnicodeAttribute(attr_name="defaultRegion")
    notation = UnicodeAttribute(null=True)
    retention_days = IntegerAttribute(attr_name="retentionDays")
    cursor_key = UnicodeAttribute(attr_name="cursorKey")
    secret_hash = UnicodeAttribute(attr_name="secretHash")
    revoked_on = UTCDateTimeAttribute(null=True, attr_name="revokedOn")
    created_on = UTCDateTimeAttribute(attr_name="createdOn")


class ContactItem(StampedItem):
    """A contact; ``groupIds`` is the authority on which groups it is in.

    ``stoplistIds`` are those of them that are stoplists, and ``extra`` is JSON. Every write
    raises ``revision``, so that whoever has read it can tell whether it is still the same.
    """

    id = IntegerAttribute()
    revision = IntegerAttribute(null=True)
    email = UnicodeAttribute(null=True)
    first_name = UnicodeAttribute(null=True, attr_name="firstName")
    last_name = UnicodeAttribute(null=True, attr_name="lastName")
    company = UnicodeAttribute(null=True)
    title = UnicodeAttribute(null=True)
    custom = UnicodeAttribute(null=True)
    custom2 = UnicodeAttribute(null=True)
    custom3 = UnicodeAttribute(null=True)
    custom4 = UnicodeAttribute(null=True)
    extra = UnicodeAttribute(null=True)
    group_ids = IntegerSetAttribute(null=True, attr_name="groupIds")
    stoplist_ids = IntegerSetAttribute(null=True, attr_name="stoplistIds")
    scheduled_deletion_date = UnicodeAttribute(null=True, attr_name="scheduledDeletionDate")
    created_on = UTCDateTimeAttribute(attr_name="createdOn")
    updated_on = UTCDateTimeAttribute(attr_name="updatedOn")


class ContactIdItem(StampedItem):
    """Where the contact with an id is; inert unless the contact there carries that id."""

    phone_number = UnicodeAttribute(attr_name="phoneNumber")


class GroupItem(CountingItem):
    """A group. Those made before there were kinds have neither a kind nor a date of change."""

    name = UnicodeAttribute()
    kind = UnicodeAttribute(null=True)
    extra = UnicodeAttribute(null=True)
    created_on = UTCDateTimeAttribute(attr_name="createdOn")
    updated_on = UTCDateTimeAttribute(null=True, attr_name="updatedOn")


class MembershipItem(StampedItem):
    """That a contact is in a group; true only if the contact's ``groupIds`` says so too."""

    joined_on = UTCDateTimeAttribute(attr_name="joinedOn")


class FenceItem(Item):
    """A mark among a group's memberships or an account's contacts, for counting to pass."""


class AppliedItem(Item):
    """That a change of the stream was counted; DynamoDB deletes it when it has expired."""

    expires_at = IntegerAttribute(attr_name="expiresAt")


class AsideItem(Item):
    """A part of a record of the stream that cannot be counted: some of its JSON, and why."""

    text = UnicodeAttribute()
    why = UnicodeAttribute()
    put_aside_on = UTCDateTimeAttribute(attr_name="putAsideOn")


class BlacklistItem(StampedItem):
    """A number that must not be messaged; its random id tells whose write it was.

    ``by_request`` says that somebody asked for it, and that it is not there for a stoplist alone.
    """

    id = IntegerAttribute()
    created_on = UTCDateTimeAttribute(attr_name="createdOn")
    by_request = BooleanAttribute(null=True, attr_name="byRequest")


class DeletedGroupItem(StampedItem):
    """A deleted group whose memberships wait to be swept."""

    scheduled_deletion_date = UnicodeAttribute(attr_name="scheduledDeletionDate")
    deleted_on = UTCDateTimeAttribute(attr_name="deletedOn")


class DeletedContactItem(StampedItem):
    """A deleted contact of whose memberships some are left."""

    phone_number = UnicodeAttribute(attr_name="phoneNumber")
    group_ids = IntegerSetAttribute(attr_name="groupIds")
    deleted_on = UTCDateTimeAttribute(attr_name="deletedOn")
