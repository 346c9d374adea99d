"""Someone who speaks Devino's dialect."""

from typing import Final
from urllib.parse import urlencode

from chalicelib.dialects.devino.endpoints import ROOT
from tests.behaviour.speaker import Refusal, RefusedError, done, the_one

FIELDS: Final = {"first_name": "name", "last_name": "surname"}
"""Those fields whose names are not ours."""

REJECTED: Final = {
    "DUPLICATE_VALUE": Refusal.DUPLICATE,
    "INVALID_VALUE": Refusal.INVALID,
    "REQUIRED_VALUE": Refusal.INVALID,
    "CONTACT_GROUP_NOT_FOUND": Refusal.MISSING,
}


class DevinoSpeaker:
    """A list is named by decimal digits, and a contact only as one of a list, by its number."""

    dialect = "devino"

    def __init__(self, client):
        self.client = client

    def _send(self, method, path, body=None, /, **query):
        headers = {"Authorization": f"Key {self.client.token}"}
        path = f"{ROOT}{path}?{urlencode(query)}"
        return done(self.client.send(method, path, body, headers=headers)).json["result"]

    def _upload(self, group, number, details, **more):
        fields = {"email": details["email"]} if "email" in details else {}
        rest = {name: value for name, value in details.items() if name != "email"}
        fields["fields"] = [
            {"name": FIELDS.get(name, name), "value": value} for name, value in rest.items()
        ]
        body = {"contacts": [{"phone": number, **fields}], **more}
        if group is not None:
            body["contactGroupId"] = int(group)
        (row,) = self._send("POST", "/contacts/batch", body)
        _check(row)

    def create_contact(self, number, details, group=None):
        self._upload(group, number, details, duplicateCheckField="phone")
        return group, number

    def find_contact(self, number, group):
        return group, f"+{self._member(group, number)['phone']}"

    def read_contact(self, contact):
        shown = self._member(*contact)
        ours = {theirs: name for name, theirs in FIELDS.items()}
        fields = {field["name"]: field.get("value") for field in shown["fields"]}
        return {
            "phone_number": f"+{shown['phone']}",
            "email": shown["email"],
            **{ours.get(name, name): value for name, value in fields.items()},
        }

    def change_contact(self, contact, details):
        group, number = contact
        self._member(group, number)  # an upload would create it
        self._upload(group, number, details)

    def change_number(self, contact, number):
        group, old = contact
        contact_id = self._member(group, old)["contactId"]
        body = {
            "contactGroupId": int(group),
            "contacts": [{"contactId": contact_id, "phone": number}],
        }
        (row,) = self._send("POST", "/contacts/batch", body)
        _check(row)
        if row["result"]["contactId"] != contact_id:
            raise RefusedError(Refusal.NOT_UNDERSTOOD, row)
        return group, number

    def delete_contact(self, contact):
        self._send("DELETE", "/contacts", ids=self._member(*contact)["contactId"])

    def count_contacts(self):
        return len(self._send("GET", "/contacts/http/range"))

    def create_group(self, name):
        return self._send("POST", "/contact-groups", {"name": name})

    def find_group(self, name):
        lists = self._send("GET", "/contact-groups", name=name)
        return the_one([each["contactGroupId"] for each in lists])

    def read_group(self, group):
        return self._list(group)["name"]

    def rename_group(self, group, name):
        self._send("PUT", "/contact-groups", {"contactGroupId": int(group), "name": name})

    def delete_group(self, group):
        (row,) = self._send("DELETE", "/contact-groups", ids=group)
        if row["code"] != "OK":
            raise RefusedError(Refusal.MISSING, row)

    def put_into_group(self, contact, group):
        self._upload(group, self.read_contact(contact)["phone_number"], {})

    def take_out_of_group(self, contact, group):
        contact_id = self._member(group, contact[1])["contactId"]
        self._send("DELETE", "/contacts/batch", contactGroupId=group, ids=contact_id)

    def list_members(self, group):
        contacts = self._send("GET", "/contacts/http/range", contactGroupId=group)
        return [f"+{contact['phone']}" for contact in contacts]

    def list_groups_of_contact(self, contact):
        return [self._member(None, contact[1])["contactGroupId"]]

    def count_members(self, group):
        return int(self._list(group)["contactsCount"])

    def create_stoplist(self, name):
        return self._send("POST", "/contact-groups", {"name": name, "type": "STOPLIST"})

    def put_into_stoplist(self, written, stoplist):
        self._upload(stoplist, written, {})

    def is_unsubscribed(self, contact):
        return bool(self._member(*contact)["unsubscribedData"])

    def list_unsubscribed(self, group):
        found = self._send(
            "GET",
            "/contacts/http/range",
            contactGroupId=group,
            subscriptionState="UNSUBSCRIBED",
        )
        return [f"+{contact['phone']}" for contact in found]

    def _list(self, group):
        lists = self._send("GET", "/contact-groups")
        return the_one([each for each in lists if each["contactGroupId"] == group])

    def _member(self, group, number):
        wanted = {"queryName": "phone", "queryOperator": "EQUALS", "queryValue": number}
        if group is not None:
            wanted["contactGroupId"] = group
        return the_one(self._send("GET", "/contacts/http/range", **wanted))


def _check(row):
    if row["code"] != "OK":
        raise RefusedError(REJECTED[row["result"]["localizationKey"]], row)
