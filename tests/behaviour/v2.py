"""Someone who speaks our own dialect."""

from typing import Final
from urllib.parse import quote

from chalicelib.dialects.v2.endpoints import ROOT
from tests.behaviour.speaker import Refusal, RefusedError, done, renamed, the_one

FIELDS: Final = {"first_name": "firstName", "last_name": "lastName"}
"""Those fields whose names are not ours."""

MERGE_PATCH: Final = {"Content-Type": "application/merge-patch+json"}


class V2Speaker:
    """A contact and a group are named by their ids."""

    dialect = "v2"

    def __init__(self, client):
        self.client = client

    def _send(self, method, path, body=None, **headers):
        sent = {"Authorization": f"Bearer {self.client.token}", **headers}
        return done(self.client.send(method, ROOT + path, body, headers=sent))

    def create_contact(self, number, details, group=None):
        body = {"phoneNumber": number, **renamed(FIELDS, details)}
        if group is not None:
            body["groups"] = [group]
        return self._send("POST", "/contacts", body).json["id"]

    def find_contact(self, number, group):
        members = self._members(group)
        return the_one([each["id"] for each in members if each["phoneNumber"] == number])

    def read_contact(self, contact):
        shown = self._contact(contact)
        ours = {theirs: name for name, theirs in FIELDS.items()} | {"phoneNumber": "phone_number"}
        return {ours.get(name, name): value for name, value in shown.items()}

    def change_contact(self, contact, details):
        self._send("PATCH", _path_of(contact), renamed(FIELDS, details), **MERGE_PATCH)

    def change_number(self, contact, number):
        self._send("PATCH", _path_of(contact), {"phoneNumber": number}, **MERGE_PATCH)
        return contact

    def delete_contact(self, contact):
        self._send("DELETE", _path_of(contact))

    def count_contacts(self):
        return self._send("GET", "/account").json["contactsCount"]

    def create_group(self, name):
        return self._send("POST", "/groups", {"name": name}).json["id"]

    def find_group(self, name):
        groups = self._send("GET", "/groups").json["groups"]
        return the_one([group["id"] for group in groups if group["name"] == name])

    def read_group(self, group):
        return self._group(group)["name"]

    def rename_group(self, group, name):
        self._send("PATCH", f"/groups/{group}", {"name": name}, **MERGE_PATCH)

    def delete_group(self, group):
        self._send("DELETE", f"/groups/{group}")

    def put_into_group(self, contact, group):
        self._change_members(group, {"add": [contact]})

    def take_out_of_group(self, contact, group):
        if self._change_members(group, {"remove": [contact]}) == "unchanged":
            raise RefusedError(Refusal.MISSING, contact)

    def list_members(self, group):
        return [contact["phoneNumber"] for contact in self._members(group)]

    def list_groups_of_contact(self, contact):
        return [group["id"] for group in self._contact(contact)["groups"]]

    def count_members(self, group):
        return self._group(group)["contactsCount"]

    def put_on_blacklist(self, number):
        self._send("PUT", f"/blacklist/{quote(number)}")

    def take_off_blacklist(self, number):
        self._send("DELETE", f"/blacklist/{quote(number)}")

    def list_blacklist(self):
        return [each["phoneNumber"] for each in self._send("GET", "/blacklist").json["entries"]]

    def _members(self, group):
        return self._send("GET", f"/groups/{group}/members").json["contacts"]

    def _change_members(self, group, keys):
        answer = self._send("PATCH", f"/groups/{group}/members", keys).json
        (outcome,) = answer["added"] + answer["removed"]
        if outcome["outcome"] == "rejected":
            raise RefusedError(Refusal.MISSING, outcome)
        return outcome["outcome"]

    def _contact(self, contact):
        return self._send("GET", _path_of(contact)).json

    def _group(self, group):
        return self._send("GET", f"/groups/{group}").json


def _path_of(contact):
    return f"/contacts/{quote(contact)}"
