"""Atom's nine operations, as the samples on the vendor's pages send them."""

import pytest

from chalicelib.domain.ids import uuid_of
from tests.atom import Atom, assert_error
from tests.conftest import open_client
from tests.patience import eventually

NUMBER = "+61412345678"
OTHER_NUMBER = "+61412345679"
FIELDS = {
    "first_name": "John",
    "last_name": "Dõe 😀",
    "company": "ABC Inc.",
    "custom_1": "Custom Data 1",
    "custom_2": "Custom Data 2",
    "custom_3": "Custom Data 3",
    "custom_4": "Custom Data 4",
}
NOTHING_KNOWN = dict.fromkeys(FIELDS)
NOBODY = 1


@pytest.fixture
def client(ministack, app_url):
    """Someone with an account in Australia, as the vendor's customers have."""
    return open_client(ministack, app_url, region="AU")


@pytest.fixture
def atom(client):
    return Atom(client)


def messente_contact(client, number):
    answer = client.send("GET", f"/v1/phonebook/contacts/{number}")
    assert answer.status == 200
    return answer.json["contact"]


def test_contact_of_the_sample_is_created_and_shown_in_full(atom):
    book = atom.new_book()

    body = {"group_id": book, "phone_number": "0412345678", "first_name": "John"}
    created = atom.post("contact/new", body)

    (contact,) = atom.contacts_in(book)
    assert created.json == {"status": "success", "result": {"id": contact}}
    assert atom.contact(contact) == {
        **NOTHING_KNOWN, "id": contact, "phone_number": NUMBER, "first_name": "John",
    }  # fmt: skip


def test_every_field_is_kept_and_shown(atom):
    book = atom.new_book()

    contact = atom.new_contact(book, NUMBER, **FIELDS)

    assert atom.contact(contact) == {**FIELDS, "id": contact, "phone_number": NUMBER}


@pytest.mark.parametrize(
    "written", ["0412345678", "04 1234-5678", "61412345678", "+61412345678", "+61 (412) 345.678"]
)
def test_number_is_the_same_however_it_is_written(atom, written):
    """The vendor's samples have ``0412345678`` here and ``61444444444`` for sending."""
    contact = atom.new_contact(atom.new_book(), written)

    assert atom.contact(contact)["phone_number"] == NUMBER


def test_national_number_is_of_the_accounts_own_region(ministack, app_url):
    estonian = Atom(open_client(ministack, app_url, region="EE"))
    book = estonian.new_book()

    contact = estonian.new_contact(book, "5100 0000")

    assert estonian.contact(contact)["phone_number"] == "+37251000000"
    nobodys = {"group_id": book, "phone_number": "0412345678"}
    assert_error(estonian.post("contact/new", nobodys), 400, "invalid_parameter", "phone_number")


def test_id_is_taken_as_a_number_and_as_text(atom):
    """The samples send a text to ``contact/detail`` and numbers everywhere else."""
    book = atom.new_book()
    text = str(book)
    contact = atom.new_contact(text, NUMBER)

    assert isinstance(contact, int)
    assert atom.contact(str(contact)) == atom.contact(contact)
    assert atom.result("contact/edit", {"id": str(contact), "group_id": text}) == {"id": contact}
    assert atom.contacts_in(text) == [contact]
    edited = {"id": text, "name": "New"}
    assert atom.result("address-book/edit", {"id": text, "name": "New"}) == edited
    assert atom.result("contact/delete", {"id": str(contact)}) == {"id": contact}
    assert atom.result("address-book/delete", {"id": text}) == {"id": book}


def test_contact_that_exists_joins_the_book_and_gets_the_given_fields(atom):
    first, second = atom.new_book("first"), atom.new_book("second")
    contact = atom.new_contact(first, NUMBER, first_name="John", company="ABC", custom_4="4")

    again = atom.new_contact(second, "0412345678", first_name="Jane", company=None, custom_1="")

    assert again == contact
    assert atom.contacts_in(first) == atom.contacts_in(second) == [contact]
    assert atom.contact(contact) == {
        **NOTHING_KNOWN, "id": contact, "phone_number": NUMBER,
        "first_name": "Jane", "custom_1": "", "custom_4": "4",
    }  # fmt: skip


def test_contact_that_is_in_the_book_already_is_refused_by_its_id(atom):
    book = atom.new_book()
    contact = atom.new_contact(book, NUMBER, first_name="John")

    body = {"group_id": book, "phone_number": NUMBER, "first_name": "Jane"}
    refused = atom.post("contact/new", body)

    assert_error(refused, 409, "duplicate", "phone_number")
    assert str(contact) in refused.json["error"]["message"]
    assert atom.contact(contact)["first_name"] == "John"


def test_contact_is_edited_and_what_is_not_given_stays(atom):
    contact = atom.new_contact(atom.new_book(), NUMBER, **FIELDS)

    edited = atom.result("contact/edit", {"id": contact, "first_name": "Jane", "company": None})

    assert edited == {"id": contact}
    assert atom.contact(contact) == {
        **FIELDS, "id": contact, "phone_number": NUMBER, "first_name": "Jane", "company": None,
    }  # fmt: skip


def test_edit_that_changes_nothing_succeeds(atom):
    book = atom.new_book()
    contact = atom.new_contact(book, NUMBER, **FIELDS)
    before = atom.contact(contact)

    assert atom.result("contact/edit", {"id": contact}) == {"id": contact}
    same = {"id": contact, "group_id": book, "phone_number": NUMBER}
    assert atom.result("contact/edit", same) == {"id": contact}

    assert atom.contact(contact) == before
    assert atom.contacts_in(book) == [contact]


def test_number_changes_and_the_id_stays(atom):
    book = atom.new_book()
    contact = atom.new_contact(book, NUMBER, **FIELDS)

    atom.result("contact/edit", {"id": contact, "phone_number": "0412345679"})

    assert atom.contact(contact) == {**FIELDS, "id": contact, "phone_number": OTHER_NUMBER}
    assert atom.contacts_in(book) == [contact]
    assert atom.new_contact(book, NUMBER) != contact


@pytest.mark.parametrize("moves", [False, True])
def test_number_of_another_contact_is_refused_by_its_id(atom, moves):
    book, other_book = atom.new_book(), atom.new_book()
    contact, other = atom.new_contact(book, NUMBER), atom.new_contact(book, OTHER_NUMBER)

    body = {"id": contact, "phone_number": OTHER_NUMBER, "company": "ABC"}
    refused = atom.post("contact/edit", body | ({"group_id": other_book} if moves else {}))

    assert_error(refused, 409, "duplicate", "phone_number")
    assert str(other) in refused.json["error"]["message"]
    assert atom.contact(contact)["company"] is None
    assert atom.contacts_in(book) == [contact, other]


def test_contact_moves_out_of_every_other_book_and_changes_on_the_way(atom):
    first, second, third = (atom.new_book(name) for name in ("first", "second", "third"))
    contact = atom.new_contact(first, NUMBER)
    atom.new_contact(second, NUMBER)

    body = {"id": contact, "group_id": third, "phone_number": OTHER_NUMBER, "company": "ABC"}
    assert atom.result("contact/edit", body) == {"id": contact}

    assert [atom.contacts_in(book) for book in (first, second, third)] == [[], [], [contact]]
    shown = atom.contact(contact)
    assert (shown["phone_number"], shown["company"]) == (OTHER_NUMBER, "ABC")


def test_contact_is_deleted(atom):
    book = atom.new_book()
    contact = atom.new_contact(book, NUMBER)

    assert atom.result("contact/delete", {"id": contact}) == {"id": contact}

    assert_error(atom.post("contact/detail", {"id": contact}), 404, "not_found")
    assert atom.contacts_in(book) == []


def test_address_book_is_created_renamed_listed_and_deleted(atom):
    answer = atom.post("address-book/new", {"name": "Sõbrad"})
    book = answer.json["result"]["id"]
    assert answer.json == {"status": "success", "result": {"id": book, "name": "Sõbrad"}}
    assert isinstance(book, int)

    edited = atom.post("address-book/edit", {"id": book, "name": "Address book b"})
    assert edited.json["result"] == {"id": str(book), "name": "Address book b"}
    unchanged = atom.result("address-book/edit", {"id": book})
    assert unchanged == {"id": str(book), "name": "Address book b"}

    again = atom.new_book("Address book b")
    assert atom.result("address-book/list") == [
        {"id": book, "name": "Address book b"},
        {"id": again, "name": "Address book b"},
    ]

    contact = atom.new_contact(book, NUMBER)
    assert atom.result("address-book/delete", {"id": book}) == {"id": book}
    assert_error(atom.post("address-book/detail", {"id": book}), 404, "not_found")
    assert [each["id"] for each in atom.result("address-book/list")] == [again]
    assert atom.contact(contact)["phone_number"] == NUMBER


@pytest.mark.parametrize("body", [None, b"", {}, b"null", b"[]"])
def test_list_of_address_books_reads_no_body(atom, body):
    """The sample for it sends none, and no content type."""
    assert atom.post("address-book/list", body).json == {"status": "success", "result": []}
    typed = {"Content-Type": "application/x-www-form-urlencoded"}
    assert atom.post("address-book/list", body, headers=typed).json["result"] == []


def test_details_of_an_address_book_show_its_contacts_by_number(atom):
    book = atom.new_book()
    assert atom.result("address-book/detail", {"id": book}) == {
        "id": book, "name": "Friends", "contacts": [],
    }  # fmt: skip
    second = atom.new_contact(book, OTHER_NUMBER)
    first = atom.new_contact(book, NUMBER, **FIELDS)

    assert atom.result("address-book/detail", {"id": book}) == {
        "id": book,
        "name": "Friends",
        "contacts": [
            {"id": first, "first_name": "John", "last_name": "Dõe 😀", "phone_number": NUMBER},
            {"id": second, "first_name": None, "last_name": None, "phone_number": OTHER_NUMBER},
        ],
    }


def test_large_address_book_is_shown_whole_or_refused(atom):
    """Two names of 12 KB each in a Lambda's answer, of which about 257 contacts fit into one."""
    book = atom.new_book()
    names = dict.fromkeys(("first_name", "last_name"), "😀" * 1_000)
    created = [atom.new_contact(book, f"+6141234{n:04d}", **names) for n in range(250)]
    whole = atom.contacts_in(book)

    for n in range(250, 260):
        atom.new_contact(book, f"+6141234{n:04d}", **names)
    refused = atom.post("address-book/detail", {"id": book})

    assert whole == created
    assert_error(refused, 413, "too_large")


def test_contact_is_the_same_in_another_dialect(client, atom):
    book = atom.new_book()
    contact = atom.new_contact(book, NUMBER, **FIELDS)

    assert messente_contact(client, NUMBER) == {
        "phoneNumber": NUMBER,
        "email": None,
        "firstName": "John",
        "lastName": "Dõe 😀",
        "company": "ABC Inc.",
        "title": None,
        "custom": "Custom Data 1",
        "custom2": "Custom Data 2",
        "custom3": "Custom Data 3",
        "custom4": "Custom Data 4",
        "scheduledDeletionDate": None,
    }

    changes = {"email": "a@b.c", "company": "Other"}
    client.send("PATCH", f"/v1/phonebook/contacts/{NUMBER}", changes)
    assert atom.contact(contact)["company"] == "Other"
    atom.result("contact/edit", {"id": contact, "first_name": "Jane"})
    assert messente_contact(client, NUMBER)["email"] == "a@b.c"


def test_contact_in_no_book_goes_on_a_day_until_it_joins_one(client, atom):
    client.send("POST", "/v1/phonebook/contacts", {"phoneNumber": NUMBER, "title": "Sir"})
    assert messente_contact(client, NUMBER)["scheduledDeletionDate"]

    book = atom.new_book()
    atom.new_contact(book, NUMBER)
    joined = messente_contact(client, NUMBER)
    assert (joined["scheduledDeletionDate"], joined["title"]) == (None, "Sir")

    atom.result("address-book/delete", {"id": book})
    assert messente_contact(client, NUMBER)["scheduledDeletionDate"]


def test_counts_follow(client, atom, events):
    first, second = atom.new_book(), atom.new_book()
    moving, _ = (atom.new_contact(first, number) for number in (NUMBER, OTHER_NUMBER))
    atom.result("contact/edit", {"id": moving, "group_id": second, "phone_number": "+61412345670"})

    def counts():
        return [
            client.send("GET", f"/v1/phonebook/groups/{uuid_of(book)}").json["group"][
                "contactsCount"
            ]
            for book in (first, second)
        ]

    assert eventually(counts, [1, 1])
    atom.result("contact/delete", {"id": moving})
    assert eventually(counts, [1, 0])


@pytest.mark.parametrize(
    ("operation", "body", "field"),
    [
        ("contact/new", {"phone_number": NUMBER}, "group_id"),
        ("contact/detail", {}, "id"),
        ("contact/edit", {}, "id"),
        ("contact/delete", {}, "id"),
        ("address-book/edit", {}, "id"),
        ("address-book/detail", {}, "id"),
        ("address-book/delete", {}, "id"),
    ],
)
def test_id_that_is_missing_malformed_or_nobodys_is_told_apart(atom, operation, body, field):
    assert_error(atom.post(operation, body), 400, "missing_parameter", field)
    for malformed in (None, True, 1.5, "", "abc", "+1", " 1", ["1"], {"id": 1}):
        refused = atom.post(operation, {**body, field: malformed})
        assert_error(refused, 400, "invalid_parameter", field)
    for nobodys in (NOBODY, "1", 0, -1, "-1", 2**53, 10**30, "9" * 5_000):
        assert_error(atom.post(operation, {**body, field: nobodys}), 404, "not_found")


def test_contact_does_not_move_into_a_book_that_there_is_not(atom):
    book = atom.new_book()
    contact = atom.new_contact(book, NUMBER)

    body = {"id": contact, "group_id": NOBODY, "first_name": "Jane"}
    assert_error(atom.post("contact/edit", body), 404, "not_found")
    assert_error(atom.post("contact/edit", {"id": NOBODY, "group_id": book}), 404, "not_found")

    assert atom.contacts_in(book) == [contact]
    assert atom.contact(contact)["first_name"] is None


def test_every_problem_is_told_and_nothing_is_written(atom):
    book = atom.new_book()
    body = {"group_id": "x", "phone_number": "123", "first_name": 1, "custom_4": "x" * 1_001}

    refused = atom.post("contact/new", body)

    assert_error(refused, 400, "invalid_parameter", "group_id")
    problems = refused.json["error"]["message"].split("; ")
    assert [each.partition(":")[0] for each in problems] == list(body)
    nothing = atom.post("contact/new", {})
    assert_error(nothing, 400, "missing_parameter", "group_id")
    assert "phone_number: is required" in nothing.json["error"]["message"]
    assert atom.contacts_in(book) == []


def test_parameters_that_the_vendor_does_not_know_are_refused(atom):
    book = atom.new_book()
    contact = atom.new_contact(book, NUMBER)

    for path, body, name in [
        ("address-book/new", {"name": "a", "color": "red"}, "color"),
        ("address-book/edit", {"id": book, "Name": "b"}, "Name"),
        ("address-book/delete", {"id": book, "group_id": book}, "group_id"),
        ("address-book/list", {"name": "a"}, "name"),
        (
            "contact/new",
            {"group_id": book, "phone_number": OTHER_NUMBER, "email": "a@b.c"},
            "email",
        ),
        ("contact/edit", {"id": contact, "groupId": book}, "groupId"),
        ("contact/delete?dry_run=1", {"id": contact}, "dry_run"),
        ("address-book/list?limit=0", None, "limit"),
    ]:
        assert_error(atom.post(path, body), 400, "invalid_parameter", name)
    assert atom.contacts_in(book) == [contact]
