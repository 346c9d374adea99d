"""What is on disk: every name, form and key that an item of the table has.

Every table that is deployed holds such items. Whoever changes a line here changes what is in them,
and needs a way for what is there already.
"""

import inspect
from datetime import UTC, datetime

import pytest
from pynamodb.attributes import BooleanAttribute, UTCDateTimeAttribute

from chalicelib.domain.field import FieldType
from chalicelib.domain.group import GroupKind
from chalicelib.domain.ledger import Reason, State
from chalicelib.domain.phone import Notation
from chalicelib.domain.webhooks import Outcome
from chalicelib.storage import items, keys
from chalicelib.storage.dynamodb.model import IntegerAttribute, IntegerSetAttribute, Item

KEYS = {"PK:S", "SK:S", "GSI1PK:S", "GSI1SK:S"}

ITEMS = {
    "AccountItem": (
        "changedBy:S changedVia:S changes:N contactsCount:N countedUntil:S createdOn:S "
        "credentialsIssued:N cursorKey:S defaultRegion:S name:S notation:S retentionDays:N "
        "revision:N"
    ),
    "AppliedItem": "expiresAt:N",
    "AsideItem": "putAsideOn:S text:S why:S",
    "BlacklistItem": (
        "actor:S at:S byRequest:BOOL changedBy:S changedVia:S createdOn:S entries:N id:N note:S "
        "reason:S source:S stoplistIds:NS"
    ),
    "ChangeItem": "expiresAt:N said:S",
    "ContactIdItem": (
        "changed:SS changedBy:S changedVia:S ending:S expiresAt:N joinedGroupIds:NS "
        "leftGroupIds:NS phoneNumber:S revision:N"
    ),
    "ContactItem": (
        "changedBy:S changedVia:S company:S createdOn:S custom2:S custom3:S custom4:S "
        "custom:S email:S extra:S firstName:S groupIds:NS id:N lastName:S revision:N "
        "scheduledDeletionDate:S stoplistIds:NS title:S updatedOn:S"
    ),
    "CountingItem": "changedBy:S changedVia:S changes:N contactsCount:N countedUntil:S",
    "CredentialItem": (
        "accountCreatedOn:S accountId:S accountName:S accountRevision:N changedBy:S "
        "changedVia:S createdOn:S cursorKey:S defaultRegion:S label:S lastUsedOn:S notation:S "
        "retentionDays:N revokedOn:S scope:S secretHash:S"
    ),
    "DeletedContactItem": "changedBy:S changedVia:S deletedOn:S groupIds:NS phoneNumber:S",
    "DeletedGroupItem": "changedBy:S changedVia:S deletedOn:S scheduledDeletionDate:S",
    "ExportItem": (
        "askedBy:S askedVia:S cancelledOn:S changedBy:S changedVia:S createdOn:S endedOn:S "
        "entries:N expiresAt:N "
        "format:S groupId:N reason:S startedOn:S state:S what:S"
    ),
    "FenceItem": "",
    "GroupItem": (
        "changedBy:S changedVia:S changes:N contactsCount:N countedUntil:S createdOn:S "
        "extra:S kind:S name:S revision:N updatedOn:S"
    ),
    "ImportItem": (
        "askedBy:S askedVia:S cancelled:N cancelledOn:S changedBy:S changedVia:S created:N "
        "createdOn:S doneParts:NS "
        "duplicate:N endedOn:S expiresAt:N file:S groupId:N hasResults:BOOL isRehearsal:BOOL "
        "joined:N leftOut:S options:S parts:N plan:S reason:S rejected:N rows:N startedOn:S "
        "state:S suppressed:N unchanged:N updated:N"
    ),
    "JobItem": (
        "askedBy:S askedVia:S cancelledOn:S changedBy:S changedVia:S createdOn:S endedOn:S "
        "expiresAt:N groupId:N "
        "reason:S startedOn:S state:S"
    ),
    "LedgerItem": "at:S changedBy:S changedVia:S note:S reason:S state:S",
    "MembershipItem": "changedBy:S changedVia:S joinedOn:S",
    "NumberItem": "phoneNumber:S",
    "SearchItem": "text:S",
    "SessionKeyItem": "changedBy:S changedVia:S key:S",
    "SignInCountItem": "attempts:N expiresAt:N",
    "SignInLinkItem": "changedBy:S changedVia:S expiresAt:N username:S",
    "StampedItem": "changedBy:S changedVia:S",
    "SuppressedItem": "changedBy:S changedVia:S createdOn:S",
    "SuppressionKeyItem": "changedBy:S changedVia:S key:S",
    "DeliveryItem": (
        "againAt:S at:S attempt:N changedBy:S changedVia:S messageId:S "
        "milliseconds:N outcome:S position:N problem:S status:N type:S"
    ),
    "WebhookCountItem": "changedBy:S changedVia:S webhooks:N",
    "WebhookItem": (
        "changedBy:S changedVia:S createdOn:S deliveries:N failingSince:S isOn:BOOL lease:S "
        "leasedUntil:N offBecause:S secrets:S types:SS url:S"
    ),
}

VALUES = {
    GroupKind: ["standard", "stoplist", "push"],
    Notation: ["international", "national"],
    FieldType: [0, 1, 2, 3, 5, 8],
    State: ["stopped", "allowed"],
    Outcome: ["delivered", "again", "given up", "turns off"],
    Reason: ["stoplist", "import", "bounce", "carrier", "operator", "request", "complaint"],
}

NOW = datetime(2026, 1, 31, 12, 0, 0, 5, tzinfo=UTC)

MADE = {
    keys.account: ("ACCOUNT#a", "a"),
    keys.credential: ("CREDENTIAL#u", "u"),
    keys.contacts: ("CONTACTS#a", "a"),
    keys.contact_ids: ("CONTACT_IDS#a", "a"),
    keys.groups: ("GROUPS#a", "a"),
    keys.members: ("MEMBERS#a#7", "a", 7),
    keys.blacklist: ("BLACKLIST#a", "a"),
    keys.ledger: ("LEDGER#a", "a"),
    keys.ledger_of: ("+372#", "+372"),
    keys.suppressed: ("SUPPRESSED#a", "a"),
    keys.ledger_entry: ("+372#0000000007", "+372", 7),
    keys.imports: ("IMPORTS#a", "a"),
    keys.exports: ("EXPORTS#a", "a"),
    keys.webhooks: ("WEBHOOKS#a", "a"),
    keys.deliveries: ("DELIVERIES#a#0000000000000007", "a", 7),
    keys.slot: ("0007", 1_007, 1_000),
    keys.search: ("SEARCH#a#ta", "a", "ta"),
    keys.search_entry: ("tamm#+372", "tamm", "+372"),
    keys.changes: ("CHANGES#a", "a"),
    keys.change: ("2026-01-31T12:00:00.000005#e-0", NOW, "e-0"),
    keys.arrived: ("2026-01-31T12:00:00.000005", NOW),
    keys.numbers: ("NUMBERS#a", "a"),
    keys.tombstones: ("TOMBSTONES#a", "a"),
    keys.applied: ("APPLIED#e", "e"),
    keys.aside: ("r#0007", "r", 7),
    keys.fence: ("!t", "t"),
    keys.of_id: ("0000000000000007", 7),
    keys.deleted_group: ("GROUP#0000000000000007", 7),
    keys.deleted_contact: ("CONTACT#0000000000000007", 7),
    keys.due: (("DUE#10", "2026-01-31#a#+372"), NOW.date(), "a", "+372"),
    keys.due_shard: ("DUE#07", 7),
    keys.due_of: ("2026-01-31#a#", NOW.date(), "a"),
    keys.sessions: ("SESSIONS#console",),
    keys.sign_ins: ("SIGN_INS#h", "h"),
    keys.sign_in_link: ("SIGN_IN_LINK#h", "h"),
    keys.sweep_order: (
        "2026-01-31T12:00:00.000005+00:00#a#GROUP#7", NOW, "a", "GROUP#7",
    ),
}  # fmt: skip

READ = {
    "username_of", "account_in", "record_of_aside", "kind_of", "owner_of", "is_sort_key_of",
    "token_of_fence", "is_number", "group_of_tombstone", "due_after", "after_account",
    "day_of_due", "day_of_sweep", "number_and_position", "id_in",
    "account_of_search", "moment_of_arrival", "account_and_webhook", "after_token",
    "token_and_number",
}  # fmt: skip
"""The functions that read a key, or make what is only compared with one."""


def kinds_of_items():
    return {
        name: kind
        for name, kind in inspect.getmembers(items, inspect.isclass)
        if issubclass(kind, Item) and kind is not Item
    }


def test_every_kind_of_item_is_told():
    assert set(ITEMS) == set(kinds_of_items())


@pytest.mark.parametrize(("kind", "told"), ITEMS.items(), ids=ITEMS)
def test_item_has_these_names_and_types(kind, told):
    attributes = kinds_of_items()[kind].get_attributes().values()

    has = {f"{each.attr_name}:{each.attr_type}" for each in attributes}
    assert has == {*told.split(), *KEYS}


@pytest.mark.parametrize(
    ("attribute", "value", "kept"),
    [
        (UTCDateTimeAttribute(), NOW, "2026-01-31T12:00:00.000005+0000"),
        (IntegerAttribute(), 2**53 - 1, "9007199254740991"),
        (IntegerSetAttribute(), {7}, ["7"]),
        (BooleanAttribute(), True, True),
    ],
    ids=lambda each: type(each).__name__,
)
def test_value_is_kept_in_this_form_and_read_from_it(attribute, value, kept):
    assert attribute.serialize(value) == kept
    assert attribute.deserialize(kept) == value


@pytest.mark.parametrize(("kind", "values"), VALUES.items(), ids=str)
def test_kind_that_is_kept_has_these_values(kind, values):
    assert [each.value for each in kind] == values


@pytest.mark.parametrize("make", MADE, ids=lambda make: make.__name__)
def test_key_is_of_this_form(make):
    form, *arguments = MADE[make]

    assert make(*arguments) == form


def test_every_function_that_makes_a_key_is_told():
    functions = inspect.getmembers(keys, inspect.isfunction)
    ours = {name for name, each in functions if each.__module__ == keys.__name__}

    assert {make.__name__ for make in MADE} == ours - READ
    assert ours >= READ


def test_constant_parts_of_keys_are_these():
    assert (keys.ACCOUNT, keys.CREDENTIAL, keys.APPLIED) == ("ACCOUNT", "CREDENTIAL", "APPLIED")
    assert (keys.ACCOUNTS, keys.SWEEP, keys.ASIDE) == ("ACCOUNTS", "SWEEP", "ASIDE")
    assert keys.DUE_SHARDS == 16
