"""What is selected of an account, as the lines of a file."""

from collections.abc import Iterator
from itertools import chain
from typing import Final

from chalicelib.domain.account import Account
from chalicelib.domain.exports import ExportFormat, Selected, What
from chalicelib.exporting.delimited import contacts_as_csv, entries_as_csv
from chalicelib.exporting.objects import (
    contacts_as_objects,
    groups_as_objects,
    numbers_as_objects,
)
from chalicelib.exporting.vcard import contacts_as_cards
from chalicelib.services import blacklist, groups
from chalicelib.services.exporting import export_blacklist, export_contacts

_WRITERS: Final = {
    ExportFormat.CSV: contacts_as_csv,
    ExportFormat.NDJSON: contacts_as_objects,
    ExportFormat.VCARD: contacts_as_cards,
}


def lines_of(account: Account, selected: Selected) -> Iterator[str]:
    """Yield the lines of a file with what is selected, in the order of numbers.

    Traffic may go on meanwhile: what changes after its line was made is not in the file.
    """
    if selected.what is What.EVERYTHING:
        return chain(
            groups_as_objects(groups.list_groups(account)),
            contacts_as_objects(export_contacts(account)),
            numbers_as_objects(export_blacklist(account)),
        )
    if selected.what is What.BLACKLIST:
        if selected.format is ExportFormat.CSV:
            return entries_as_csv(blacklist.list_blacklist(account))
        return numbers_as_objects(export_blacklist(account))
    return _WRITERS[selected.format](export_contacts(account, selected.group_id))
