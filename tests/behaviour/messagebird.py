"""Someone who speaks MessageBird's dialect."""

from typing import Final
from urllib.parse import quote

from tests.behaviour.speaker import Refusal, RefusedError, done, renamed, the_one

NAMES: Final = {"first_name": "firstName", "last_name": "lastName"}
CUSTOM: Final = {
    "custom": "custom1", "custom2": "custom2", "custom3": "custom3", "custom4": "custom4",
}  # fmt: skip
UNPROCESSABLE: Final = 422


class MessagebirdSpeaker:
    """Contacts and groups are named by 32 hexadecimal digits."""

    dialect = "messagebird"

    def __init__(self, client):
        self.client = client

    def _send(self, method, path, body=None):
        headers = {"Authorization": f"AccessKey {self.client.token}"}
        answer = self.client.send(method, path, body, headers=headers)
        if answer.status == UNPROCESSABLE:
            is_duplicate = any("already" in each["description"] for each in answer.json["errors"])
            raise RefusedError(Refusal.DUPLICATE if is_duplicate else Refusal.INVALID, answer.body)
        return done(answer)

    def _all(self, path):
        page = self._send("GET", f"{path}?limit=500").json
        assert page["links"]["next"] is None
        return page["items"]

    def create_contact(self, number, details, group=None):
        body = {"msisdn": number, **renamed(NAMES | CUSTOM, details)}
        contact = self._send("POST", "/contacts", body).json["id"]
        if group is not None:
            self.put_into_group(contact, group)
        return contact

    def find_contact(self, number, group):
        contacts = self._all(f"/groups/{group}/contacts")
        return the_one([each["id"] for each in contacts if f"+{each['msisdn']}" == number])

    def read_contact(self, contact):
        shown = self._send("GET", f"/contacts/{quote(contact)}").json
        # It shows nothing known as an empty text.
        return {
            "phone_number": f"+{shown['msisdn']}",
            **{ours: shown[name] or None for ours, name in NAMES.items()},
            **{ours: shown["customDetails"][name] or None for ours, name in CUSTOM.items()},
        }

    def change_contact(self, contact, details):
        self._send("PATCH", f"/contacts/{contact}", renamed(NAMES | CUSTOM, details))

    def change_number(self, contact, number):
        self._send("PATCH", f"/contacts/{contact}", {"msisdn": number})
        return contact

    def delete_contact(self, contact):
        self._send("DELETE", f"/contacts/{contact}")

    def count_contacts(self):
        return self._send("GET", "/contacts").json["totalCount"]

    def create_group(self, name):
        return self._send("POST", "/groups", {"name": name}).json["id"]

    def find_group(self, name):
        return the_one([group["id"] for group in self._all("/groups") if group["name"] == name])

    def read_group(self, group):
        return self._send("GET", f"/groups/{group}").json["name"]

    def rename_group(self, group, name):
        self._send("PATCH", f"/groups/{group}", {"name": name})

    def delete_group(self, group):
        self._send("DELETE", f"/groups/{group}")

    def put_into_group(self, contact, group):
        self._send("PUT", f"/groups/{group}/contacts", {"ids": [contact]})

    def take_out_of_group(self, contact, group):
        self._send("DELETE", f"/groups/{group}/contacts/{contact}")

    def list_members(self, group):
        return [f"+{contact['msisdn']}" for contact in self._all(f"/groups/{group}/contacts")]

    def list_groups_of_contact(self, contact):
        return [group["id"] for group in self._all(f"/contacts/{contact}/groups")]

    def count_members(self, group):
        return self._send("GET", f"/groups/{group}").json["contacts"]["totalCount"]
