"""Someone who speaks Messente's dialect."""

from typing import Final
from urllib.parse import quote

from chalicelib.dialects.messente.endpoints import ROOT
from tests.behaviour.speaker import done, renamed, the_one

FIELDS: Final = {"first_name": "firstName", "last_name": "lastName"}
"""Those fields whose names are not ours."""


class MessenteSpeaker:
    """A contact is named by its number, a group by its UUID."""

    dialect = "messente"

    def __init__(self, client):
        self.client = client

    def _send(self, method, path, body=None):
        return done(self.client.send(method, ROOT + path, body))

    def create_contact(self, number, details, group=None):
        body = {"phoneNumber": number, **renamed(FIELDS, details)}
        contact = self._send("POST", "/contacts", body).json["contact"]["phoneNumber"]
        if group is not None:
            self.put_into_group(contact, group)
        return contact

    def find_contact(self, number, group):
        return the_one([member for member in self.list_members(group) if member == number])

    def read_contact(self, contact):
        shown = self._send("GET", _path_of(contact)).json["contact"]
        ours = {theirs: name for name, theirs in FIELDS.items()} | {"phoneNumber": "phone_number"}
        return {ours.get(name, name): value for name, value in shown.items()}

    def change_contact(self, contact, details):
        self._send("PATCH", _path_of(contact), renamed(FIELDS, details))

    def change_number(self, contact, number):
        self._send("PATCH", _path_of(contact), {"phoneNumber": number})
        return number

    def delete_contact(self, contact):
        self._send("DELETE", _path_of(contact))

    def count_contacts(self):
        return len(self._send("GET", "/contacts").json["contacts"])

    def create_group(self, name):
        return self._send("POST", "/groups", {"name": name}).json["group"]["id"]

    def find_group(self, name):
        groups = self._send("GET", "/groups").json["groups"]
        return the_one([group["id"] for group in groups if group["name"] == name])

    def read_group(self, group):
        return self._group(group)["name"]

    def rename_group(self, group, name):
        self._send("PUT", f"/groups/{group}", {"name": name})

    def delete_group(self, group):
        self._send("DELETE", f"/groups/{group}")

    def put_into_group(self, contact, group):
        self._send("POST", f"/groups/{group}{_path_of(contact)}")

    def take_out_of_group(self, contact, group):
        self._send("DELETE", f"/groups/{group}{_path_of(contact)}")

    def list_members(self, group):
        self._group(group)  # a list of no group's contacts would be empty
        contacts = self._send("GET", f"/contacts?groupIds={group}").json["contacts"]
        return [contact["phoneNumber"] for contact in contacts]

    def list_groups_of_contact(self, contact):
        groups = self._send("GET", f"{_path_of(contact)}/groups").json["groups"]
        return [group["id"] for group in groups]

    def count_members(self, group):
        return self._group(group)["contactsCount"]

    def put_on_blacklist(self, number):
        self._send("POST", "/blacklist", {"phoneNumber": number})

    def take_off_blacklist(self, number):
        self._send("DELETE", f"/blacklist/{quote(number)}")

    def list_blacklist(self):
        return self._send("GET", "/blacklist").json["phoneNumbers"]

    def _group(self, group):
        return self._send("GET", f"/groups/{group}").json["group"]


def _path_of(contact):
    return f"/contacts/{quote(contact)}"
