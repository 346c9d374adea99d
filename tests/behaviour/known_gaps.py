"""What cannot be said in a dialect, and why: the one list of it.

A story that needs a step named here has to fail at that step in that dialect; once it does not,
the gap is closed, and its line goes.
"""

from collections.abc import Mapping
from typing import Final

NO_SUCH_OPERATION: Final = "the vendor has no operation for it"

STEPS: Final[Mapping[tuple[str, str], str]] = {
    ("messente", "change_number"): "a number is what names a contact",
    ("atom", "create_contact_outside_groups"): "a contact is created in an address book",
    ("atom", "take_out_of_group"): "contact/edit moves to another address book, not out of one",
    ("atom", "list_groups_of_contact"): "contact/detail does not show its address books",
    ("atom", "count_contacts"): NO_SUCH_OPERATION,
    ("atom", "count_members"): "an address book shows its contacts, but not how many",
    ("devino", "create_contact_outside_groups"): "a contact is uploaded into a list",
    ("devino", "read_contact_outside_groups"): "a contact is only ever shown as one of a list",
    ("devino", "change_number"): "an upload knows a contact by its number",
    ("devino", "delete_contact"): NO_SUCH_OPERATION,
    ("devino", "take_out_of_group"): NO_SUCH_OPERATION,
    ("devino", "list_groups_of_contact"): "a contact is only ever shown as one of a list",
    ("devino", "rename_group"): NO_SUCH_OPERATION,
    ("devino", "count_contacts"): "contacts are only ever shown as those of a list",
}  # fmt: skip

NO_SUCH_FIELD: Final = "the vendor's contacts have no such field"
FIELD_OF_ITS_OWN: Final = "a field of any name is taken, and one of this name is none of ours"

DETAILS: Final[Mapping[tuple[str, str], str]] = {
    (dialect, detail): reason
    for dialect, reason, details in (
        ("messagebird", NO_SUCH_FIELD, ("email", "company", "title")),
        ("atom", NO_SUCH_FIELD, ("email", "title")),
        (
            "devino",
            FIELD_OF_ITS_OWN,
            ("company", "title", "custom", "custom2", "custom3", "custom4"),
        ),
    )
    for detail in details
}
