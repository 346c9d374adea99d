"""Two accounts: neither sees, changes or even detects what is the other's."""

import pytest

from tests.atom import OPERATIONS, Atom

NUMBER = "+37251000000"


@pytest.fixture
def atom(client):
    return Atom(client)


@pytest.fixture
def thief(stranger):
    return Atom(stranger)


def bodies(book, contact):
    """Return a body for each operation that would change or show what there is."""
    return {
        "contact/new": {"group_id": book, "phone_number": NUMBER, "first_name": "stolen"},
        "contact/detail": {"id": contact},
        "contact/edit": {"id": contact, "first_name": "stolen"},
        "contact/delete": {"id": contact},
        "address-book/new": {"name": "stolen"},
        "address-book/edit": {"id": book, "name": "stolen"},
        "address-book/list": None,
        "address-book/detail": {"id": book},
        "address-book/delete": {"id": book},
    }


def everything(atom, book, contact):
    return [
        atom.post(operation, bodies(book, contact)[operation]).body
        for operation in ("contact/detail", "address-book/list", "address-book/detail")
    ]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_operation_answers_a_stranger_as_if_there_were_nothing(atom, thief, operation):
    """The answer is to the byte the one for an id that nobody has."""
    book = atom.new_book()
    contact = atom.new_contact(book, NUMBER, first_name="John")
    before = everything(atom, book, contact)

    answer = thief.post(operation, bodies(book, contact)[operation])

    assert everything(atom, book, contact) == before
    if operation in {"address-book/new", "address-book/list"}:
        assert answer.status == 200
        assert str(book) not in answer.body.decode()
    else:
        nobodys = thief.post(operation, bodies(1, 1)[operation])
        assert (answer.status, answer.body) == (404, nobodys.body)


def test_stranger_cannot_move_a_contact_of_his_into_the_book(atom, thief):
    book = atom.new_book()
    own = thief.new_contact(thief.new_book(), NUMBER)

    assert thief.post("contact/edit", {"id": own, "group_id": book}).status == 404
    assert atom.contacts_in(book) == []


def test_number_is_a_contact_of_each_account_by_itself(atom, thief):
    first = atom.new_contact(atom.new_book(), NUMBER, first_name="John")
    second = thief.new_contact(thief.new_book(), NUMBER, first_name="Jane")

    assert first != second
    assert atom.contact(first)["first_name"] == "John"
    assert thief.post("contact/detail", {"id": first}).status == 404
