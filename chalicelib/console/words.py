"""What the console says: errors, reasons and changes, in words for people."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from chalicelib.domain.changes import ChangeType
from chalicelib.domain.errors import ErrorCode
from chalicelib.domain.ledger import Reason
from chalicelib.domain.limits import MAX_GROUPS_TO_RENUMBER

ERRORS: Final[Mapping[ErrorCode, tuple[int, str]]] = MappingProxyType({
    ErrorCode.INVALID_DATA: (400, "Something in the form is not acceptable."),
    ErrorCode.UNAUTHORIZED: (401, "Please sign in again."),
    ErrorCode.READ_ONLY: (403, "Your credential can look at everything, but change nothing."),
    ErrorCode.CONTACT_NOT_FOUND: (404, "There is no such contact. Somebody may have deleted it."),
    ErrorCode.GROUP_NOT_FOUND: (404, "There is no such group. Somebody may have deleted it."),
    ErrorCode.MEMBERSHIP_NOT_FOUND: (404, "The contact is not in this group."),
    ErrorCode.NUMBER_NOT_BLACKLISTED: (404, "The number is not on the blacklist."),
    ErrorCode.WEBHOOK_NOT_FOUND: (404, "There is no such webhook."),
    ErrorCode.JOB_NOT_FOUND: (404, "There is no such file, or not yet."),
    ErrorCode.PATH_NOT_FOUND: (404, "There is no such page."),
    ErrorCode.CONTACT_EXISTS: (409, "There is already a contact with this number."),
    ErrorCode.MEMBERSHIP_EXISTS: (409, "The contact is already in this group."),
    ErrorCode.NUMBER_BLACKLISTED: (409, "The number is already on the blacklist."),
    ErrorCode.IMPORT_RUNS: (
        409, "An import is running, and could bring the person back. Wait for its end."
    ),
    ErrorCode.PRECONDITION_FAILED: (409, "Somebody changed this while you were typing."),
    ErrorCode.METHOD_NOT_ALLOWED: (405, "This page cannot be used in this way."),
    ErrorCode.REQUEST_TOO_LARGE: (413, "The form is too large."),
    ErrorCode.ITEM_TOO_LARGE: (400, "The contact would be too large."),
    ErrorCode.TOO_MANY_GROUPS: (
        409, f"A contact in more than {MAX_GROUPS_TO_RENUMBER} groups cannot get another number."
    ),
    ErrorCode.BUSY: (503, "The phonebook is busy. Please try again."),
    ErrorCode.UNREACHABLE: (503, "The phonebook cannot reach its table. Please try again."),
    ErrorCode.BUG: (500, "This is our mistake, and it is in the log."),
})  # fmt: skip
"""The status and the sentence of each error; any other is ours."""

REASONS: Final[Mapping[Reason, str]] = MappingProxyType({
    Reason.REQUEST: "The person asked for it",
    Reason.COMPLAINT: "The person complained",
    Reason.OPERATOR: "We decided it",
    Reason.CARRIER: "The carrier told us",
    Reason.BOUNCE: "Messages do not arrive",
    Reason.IMPORT: "It came with an import",
    Reason.STOPLIST: "The contact joined a stoplist",
})  # fmt: skip

CHANGES: Final[Mapping[str, str]] = MappingProxyType({
    ChangeType.CONTACT_CREATED: "Contact created",
    ChangeType.CONTACT_CHANGED: "Contact changed",
    ChangeType.CONTACT_NUMBER_CHANGED: "Contact got another number",
    ChangeType.CONTACT_DELETED: "Contact deleted",
    ChangeType.CONTACT_PURGED: "Contact deleted, since it was in no group",
    ChangeType.CONTACT_ERASED: "Contact erased",
    ChangeType.GROUP_CREATED: "Group created",
    ChangeType.GROUP_CHANGED: "Group changed",
    ChangeType.GROUP_DELETED: "Group deleted",
    ChangeType.MEMBERSHIP_JOINED: "Contact joined a group",
    ChangeType.MEMBERSHIP_LEFT: "Contact left a group",
    ChangeType.NUMBER_STOPPED: "Number put on the blacklist",
    ChangeType.NUMBER_ALLOWED: "Number taken off the blacklist",
    ChangeType.NUMBER_ERASED: "Number erased",
})  # fmt: skip

FIELDS: Final[Mapping[str, str]] = MappingProxyType({
    "phone_number": "Phone number",
    "first_name": "First name",
    "last_name": "Last name",
    "email": "Email",
    "company": "Company",
    "title": "Title",
    "custom": "Custom 1",
    "custom2": "Custom 2",
    "custom3": "Custom 3",
    "custom4": "Custom 4",
})  # fmt: skip
"""The fields of a contact, in the order of the form."""

DONE: Final[Mapping[str, str]] = MappingProxyType({
    "created": "The contact was created.",
    "saved": "The contact was saved.",
    "deleted": "Contacts deleted: {many}.",
    "erased": "Contacts erased: {many}.",
    "added": "Contacts added to the group: {many}.",
    "removed": "Contacts taken out of the group: {many}.",
    "blacklisted": "Numbers put on the blacklist: {many}.",
    "group-created": "The group was created.",
    "group-renamed": "The group was renamed.",
    "group-deleted": "The group was deleted.",
    "stopped": "The number is on the blacklist.",
    "allowed": "The number was taken off the blacklist.",
    "export-started": "The export has begun.",
    "signed-out": "You have signed out.",
})  # fmt: skip
"""What was done, as the page after it says."""
