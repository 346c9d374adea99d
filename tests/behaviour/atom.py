"""Someone who speaks Atom's dialect."""

from typing import Final

from tests.behaviour.speaker import Refusal, RefusedError, done, renamed, the_one

FIELDS: Final = {
    "custom": "custom_1", "custom2": "custom_2", "custom3": "custom_3", "custom4": "custom_4",
}  # fmt: skip
"""Those fields whose names are not ours."""


class AtomSpeaker:
    """Contacts and address books are named by integers."""

    dialect = "atom"

    def __init__(self, client):
        self.client = client

    def _ask(self, operation, **parameters):
        headers = {"Authorization": f"Bearer {self.client.token}"}
        answer = self.client.send("POST", f"/api/{operation}", parameters, headers=headers)
        return done(answer).json["result"]

    def create_contact(self, number, details, group=None):
        return self._ask(
            "contact/new",
            phone_number=number,
            **({} if group is None else {"group_id": group}),
            **renamed(FIELDS, details),
        )["id"]

    def find_contact(self, number, group):
        contacts = self._contacts_in(group)
        return the_one([each["id"] for each in contacts if each["phone_number"] == number])

    def read_contact(self, contact):
        shown = self._ask("contact/detail", id=str(contact))["contact"]
        ours = {theirs: name for name, theirs in FIELDS.items()}
        return {ours.get(name, name): value for name, value in shown.items() if name != "id"}

    def change_contact(self, contact, details):
        self._ask("contact/edit", id=contact, **renamed(FIELDS, details))

    def change_number(self, contact, number):
        self._ask("contact/edit", id=contact, phone_number=number)
        return contact

    def delete_contact(self, contact):
        self._ask("contact/delete", id=contact)

    def count_contacts(self):
        return len(self._ask("contact/list"))

    def create_group(self, name):
        return self._ask("address-book/new", name=name)["id"]

    def find_group(self, name):
        books = self._ask("address-book/list")
        return the_one([book["id"] for book in books if book["name"] == name])

    def read_group(self, group):
        return self._ask("address-book/detail", id=group)["name"]

    def rename_group(self, group, name):
        self._ask("address-book/edit", id=group, name=name)

    def delete_group(self, group):
        self._ask("address-book/delete", id=group)

    def put_into_group(self, contact, group):
        """Create it there too: ``contact/edit`` would take it out of its other books."""
        number = self.read_contact(contact)["phone_number"]
        assert self._ask("contact/new", phone_number=number, group_id=group)["id"] == contact

    def take_out_of_group(self, contact, group):
        self._ask("contact/edit", id=contact, group_id=None)

    def list_members(self, group):
        return [contact["phone_number"] for contact in self._contacts_in(group)]

    def list_groups_of_contact(self, contact):
        shown = self._ask("contact/detail", id=contact)["contact"]
        if "group_id" not in shown:
            raise RefusedError(Refusal.NOT_UNDERSTOOD, shown)
        return [shown["group_id"]]

    def count_members(self, group):
        book = self._ask("address-book/detail", id=group)
        if "contacts_count" not in book:
            raise RefusedError(Refusal.NOT_UNDERSTOOD, book)
        return book["contacts_count"]

    def _contacts_in(self, group):
        return self._ask("address-book/detail", id=group)["contacts"]
