"""The items of the table, as PynamoDB models."""

from pynamodb.attributes import (
    BooleanAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
    UTCDateTimeAttribute,
)

from chalicelib.storage.dynamodb.model import IntegerAttribute, IntegerSetAttribute, Item


class StampedItem(Item):
    """An item that records who changed it last, and through which operation.

    Every write sets this, except what counts, recounts or mends a count (:mod:`.stamps`). Items of
    older versions do not have it.
    """

    changed_by = UnicodeAttribute(null=True, attr_name="changedBy")
    changed_via = UnicodeAttribute(null=True, attr_name="changedVia")


class CountingItem(StampedItem):
    """An item with a counter of its contacts.

    ``changes`` is the number of changes that were counted so far. ``counted_until`` is the last
    fence that counting has passed (:mod:`.recount`).
    """

    contacts_count = IntegerAttribute(default=0, attr_name="contactsCount")
    changes = IntegerAttribute(default=0)
    counted_until = UnicodeAttribute(null=True, attr_name="countedUntil")


class AccountItem(CountingItem):
    """An account. Every change of the fields that its credentials copy increments ``revision``."""

    name = UnicodeAttribute()
    default_region = UnicodeAttribute(attr_name="defaultRegion")
    notation = UnicodeAttribute(null=True)
    retention_days = IntegerAttribute(attr_name="retentionDays")
    cursor_key = UnicodeAttribute(attr_name="cursorKey")
    created_on = UTCDateTimeAttribute(attr_name="createdOn")
    revision = IntegerAttribute(null=True)
    credentials_issued = IntegerAttribute(default=0, attr_name="credentialsIssued")


class CredentialItem(StampedItem):
    """A credential, with a copy of its account, so that authentication needs only one read.

    ``account_revision`` is the revision of the copy. Without a ``scope``, it is a full one.
    ``last_used_on`` is a day; :func:`.accounts.note_use` writes it, without a stamp.
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
    scope = UnicodeAttribute(null=True)
    label = UnicodeAttribute(null=True)
    last_used_on = UnicodeAttribute(null=True, attr_name="lastUsedOn")
    revoked_on = UTCDateTimeAttribute(null=True, attr_name="revokedOn")
    created_on = UTCDateTimeAttribute(attr_name="createdOn")


class ContactItem(StampedItem):
    """A contact. Its ``groupIds`` decide which groups it is in.

    ``stoplistIds`` are those of them that are stoplists, and ``extra`` is JSON. Every write
    increments ``revision``, so that a reader can later tell whether the contact has changed.
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
    """The number of the contact with an id. It has no effect if that contact has another id.

    When the contact gets another number, or ends, this says what no other item does: at which
    ``revision``, which groups it joined and left by that, and which attributes changed with the
    number. When it ends, the number goes, and the item says until ``expires_at`` how it ended.
    """

    phone_number = UnicodeAttribute(null=True, attr_name="phoneNumber")
    ending = UnicodeAttribute(null=True)
    revision = IntegerAttribute(null=True)
    joined_group_ids = IntegerSetAttribute(null=True, attr_name="joinedGroupIds")
    left_group_ids = IntegerSetAttribute(null=True, attr_name="leftGroupIds")
    changed = UnicodeSetAttribute(null=True)
    expires_at = IntegerAttribute(null=True, attr_name="expiresAt")


class GroupItem(CountingItem):
    """A group. Groups of older versions have neither ``kind`` nor ``updatedOn``.

    ``revision`` counts what people change: a new count is none of it.
    """

    name = UnicodeAttribute()
    revision = IntegerAttribute(null=True)
    kind = UnicodeAttribute(null=True)
    extra = UnicodeAttribute(null=True)
    created_on = UTCDateTimeAttribute(attr_name="createdOn")
    updated_on = UTCDateTimeAttribute(null=True, attr_name="updatedOn")


class MembershipItem(StampedItem):
    """A contact's membership in a group, valid only if the contact's ``groupIds`` has the group."""

    joined_on = UTCDateTimeAttribute(attr_name="joinedOn")


class FenceItem(Item):
    """A mark among a group's memberships or an account's contacts (:mod:`.recount`)."""


class AppliedItem(Item):
    """Marks a change of the stream as counted. DynamoDB deletes it after ``expiresAt``."""

    expires_at = IntegerAttribute(attr_name="expiresAt")


class AsideItem(Item):
    """A part of a record of the stream that cannot be counted: some of its JSON, and the reason."""

    text = UnicodeAttribute()
    why = UnicodeAttribute()
    put_aside_on = UTCDateTimeAttribute(attr_name="putAsideOn")


class BlacklistItem(StampedItem):
    """A number that must not be messaged, with its newest ledger entry.

    ``entries`` is the number of ledger entries so far. ``stoplist_ids`` are the stoplists for
    which the number is stopped, if the reason is a stoplist. ``by_request`` says that there is
    another reason. Entries of older versions have only ``id``, ``created_on`` and ``by_request``.
    """

    id = IntegerAttribute()
    created_on = UTCDateTimeAttribute(attr_name="createdOn")
    by_request = BooleanAttribute(null=True, attr_name="byRequest")
    entries = IntegerAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    note = UnicodeAttribute(null=True)
    source = UnicodeAttribute(null=True)
    actor = UnicodeAttribute(null=True)
    at = UTCDateTimeAttribute(null=True)
    stoplist_ids = IntegerSetAttribute(null=True, attr_name="stoplistIds")


class LedgerItem(StampedItem):
    """A change of whether a number may be messaged. It is never changed."""

    state = UnicodeAttribute()
    reason = UnicodeAttribute()
    note = UnicodeAttribute(null=True)
    at = UTCDateTimeAttribute()


class SuppressedItem(StampedItem):
    """A number that must not be messaged, of an erased person: its hash is the sort key."""

    created_on = UTCDateTimeAttribute(attr_name="createdOn")


class SuppressionKeyItem(StampedItem):
    """The key of the hashes of an account's suppressed numbers, in hexadecimal digits."""

    key = UnicodeAttribute()


class DeletedGroupItem(StampedItem):
    """A deleted group whose memberships are not swept yet."""

    scheduled_deletion_date = UnicodeAttribute(attr_name="scheduledDeletionDate")
    deleted_on = UTCDateTimeAttribute(attr_name="deletedOn")


class DeletedContactItem(StampedItem):
    """A deleted contact that still has memberships."""

    phone_number = UnicodeAttribute(attr_name="phoneNumber")
    group_ids = IntegerSetAttribute(attr_name="groupIds")
    deleted_on = UTCDateTimeAttribute(attr_name="deletedOn")


class JobItem(StampedItem):
    """An import or an export, and who asked for it. DynamoDB deletes it after ``expires_at``.

    ``cancelled_on`` is when somebody asked for its end. What counts and ends a job sets no stamp.
    """

    state = UnicodeAttribute()
    asked_by = UnicodeAttribute(attr_name="askedBy")
    asked_via = UnicodeAttribute(attr_name="askedVia")
    created_on = UTCDateTimeAttribute(attr_name="createdOn")
    started_on = UTCDateTimeAttribute(null=True, attr_name="startedOn")
    ended_on = UTCDateTimeAttribute(null=True, attr_name="endedOn")
    cancelled_on = UTCDateTimeAttribute(null=True, attr_name="cancelledOn")
    reason = UnicodeAttribute(null=True)
    group_id = IntegerAttribute(null=True, attr_name="groupId")
    expires_at = IntegerAttribute(attr_name="expiresAt")


class ImportItem(JobItem):
    """An import. ``options`` and ``left_out`` are JSON; each count is that of an outcome."""

    options = UnicodeAttribute()
    is_rehearsal = BooleanAttribute(attr_name="isRehearsal")
    file = UnicodeAttribute(null=True)
    plan = UnicodeAttribute(null=True)
    rows = IntegerAttribute(null=True)
    parts = IntegerAttribute(null=True)
    done_parts = IntegerSetAttribute(null=True, attr_name="doneParts")
    left_out = UnicodeAttribute(null=True, attr_name="leftOut")
    has_results = BooleanAttribute(null=True, attr_name="hasResults")
    created = IntegerAttribute(default=0)
    updated = IntegerAttribute(default=0)
    joined = IntegerAttribute(default=0)
    unchanged = IntegerAttribute(default=0)
    duplicate = IntegerAttribute(default=0)
    suppressed = IntegerAttribute(default=0)
    rejected = IntegerAttribute(default=0)
    cancelled = IntegerAttribute(default=0)


class ExportItem(JobItem):
    """An export."""

    what = UnicodeAttribute()
    format = UnicodeAttribute()
    entries = IntegerAttribute(default=0)


class ChangeItem(Item):
    """A change as it is told, in JSON (:mod:`.change_feed`), until ``expires_at``."""

    said = UnicodeAttribute()
    expires_at = IntegerAttribute(attr_name="expiresAt")


class NumberItem(Item):
    """The number of which changes tell by an id, as long as it has a ledger."""

    phone_number = UnicodeAttribute(attr_name="phoneNumber")


class SearchItem(Item):
    """A number under one of its contact's tokens, with all of them (:mod:`.search_index`)."""

    text = UnicodeAttribute()


class WebhookItem(StampedItem):
    """A webhook. ``secrets`` is JSON, and no ``types`` means all.

    ``deliveries`` counts its attempts; the last ones are its ledger. ``leased_until`` is a moment
    in seconds, until which the sender with the token ``lease`` works for it alone. What sends
    sets no stamp, except when it turns the webhook off.
    """

    url = UnicodeAttribute()
    types = UnicodeSetAttribute(null=True)
    secrets = UnicodeAttribute()
    is_on = BooleanAttribute(attr_name="isOn")
    off_because = UnicodeAttribute(null=True, attr_name="offBecause")
    failing_since = UTCDateTimeAttribute(null=True, attr_name="failingSince")
    created_on = UTCDateTimeAttribute(attr_name="createdOn")
    deliveries = IntegerAttribute(default=0)
    lease = UnicodeAttribute(null=True)
    leased_until = IntegerAttribute(null=True, attr_name="leasedUntil")


class WebhookCountItem(StampedItem):
    """How many webhooks an account has."""

    webhooks = IntegerAttribute()


class SessionKeyItem(StampedItem):
    """The key under which the console signs its sessions, in hexadecimal digits."""

    key = UnicodeAttribute()


class SignInCountItem(Item):
    """How often somebody tried to sign in, in a span that begins at the sort key."""

    attempts = IntegerAttribute()
    expires_at = IntegerAttribute(attr_name="expiresAt")


class SignInLinkItem(StampedItem):
    """A link that signs in with a credential, once and before ``expires_at``."""

    username = UnicodeAttribute()
    expires_at = IntegerAttribute(attr_name="expiresAt")


class DeliveryItem(StampedItem):
    """An attempt to send a message to a webhook, in one of the slots of its ledger."""

    position = IntegerAttribute()
    at = UTCDateTimeAttribute()
    message_id = UnicodeAttribute(attr_name="messageId")
    type = UnicodeAttribute()
    attempt = IntegerAttribute()
    outcome = UnicodeAttribute()
    status = IntegerAttribute(null=True)
    problem = UnicodeAttribute(null=True)
    milliseconds = IntegerAttribute()
    again_at = UTCDateTimeAttribute(null=True, attr_name="againAt")
