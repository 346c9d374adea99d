"""A copy of a phonebook, kept by what its changes say and by reading what they name."""

from contextlib import suppress

from chalicelib.domain.errors import NotFoundError
from chalicelib.domain.ids import id_of_uuid
from chalicelib.services import blacklist, changes, contacts, groups


class Replica:
    """Contacts and groups by their ids, and whether numbers are stopped."""

    def __init__(self, account):
        self._account = account
        self.contacts = {}
        self.groups = {}
        self.opt_outs = {}

    def hear(self, change):
        """Read again what a change names."""
        subject = change["subject"]
        if "contact" in subject:
            self._read(self.contacts, id_of_uuid(subject["contact"]), contacts.retrieve_contact)
        if "group" in subject:
            self._read(self.groups, id_of_uuid(subject["group"]), _name_of_group)
        if "number" in subject:
            self._read(self.opt_outs, subject["number"], _state_of_number)

    def _read(self, copy, key, read):
        copy.pop(key, None)
        with suppress(NotFoundError):
            copy[key] = read(self._account, key)


def _name_of_group(account, group_id):
    return groups.retrieve_group(account, group_id).name


def _state_of_number(account, told_as):
    number = changes.number_told_as(account, told_as)
    return number, blacklist.retrieve_opt_out(account, number).entry.state
