"""The files of other products, with the columns that they have."""

import re

import pytest

from chalicelib.importing.columns import find_columns
from infra.documents import table
from tests.importing.reading import only_row_of, opened, said_by
from tests.paths import PROJECT

FILES = PROJECT / "tests" / "importing" / "files"

EXPECTED = {
    "messente": {
        "number": "+37251000000",
        "title": "Mr",
        "first_name": "Mari",
        "last_name": "Tamm",
        "email": "m@acme.ee",
        "company": "Acme",
        "custom": "a",
        "custom2": "b",
        "custom3": "c",
        "custom4": "d",
        "stop": "import",
    },
    "bird": {
        "number": "+37251000000",
        "first_name": "Mari",
        "last_name": "Tamm",
        "email": "m@acme.ee",
    },
    "google-old": {
        "number": "+37251000000",
        "first_name": "Mari",
        "last_name": "Tamm",
        "email": "m@acme.ee",
        "groups": ("My Contacts", "School"),
        "attributes": {"Phone 1 - Value": "+3726000000", "Phone 2 - Value": "+37251000001"},
    },
    "google-new": {
        "number": "+37251000000",
        "first_name": "Mari",
        "last_name": "Tamm",
        "company": "Acme",
        "title": "CEO",
        "email": "m@acme.ee",
        "groups": ("Friends", "myContacts"),
        "attributes": {"E-mail 1 - Value": "n@acme.ee"},
    },
    "outlook": {
        "number": "+37251000000",
        "title": "Ms",
        "first_name": "Mari",
        "last_name": "Tamm",
        "company": "Acme",
        "email": "m@acme.ee",
        "groups": ("Friends",),
        "attributes": {
            "Business Phone": "+3726000000",
            "Primary Phone": "+3726000001",
            "E-mail 2 Address": "n@acme.ee",
        },
    },
    "thunderbird": {
        "number": "+37251000000",
        "first_name": "Mari",
        "last_name": "Tamm",
        "email": "m@acme.ee",
        "custom": "a",
        "custom2": "b",
        "custom3": "c",
        "custom4": "d",
        "attributes": {"Fax Number": "+3726000009"},
    },
    "brevo": {
        "number": "+37251000000",
        "first_name": "Mari",
        "last_name": "Tamm",
        "email": "m@acme.ee",
    },
    "sendgrid": {
        "number": "+37251000000",
        "first_name": "Mari",
        "last_name": "Tamm",
        "email": "m@acme.ee",
    },
    "listmonk-with-numbers": {
        "number": "+37251000000",
        "first_name": "Mari Tamm",
        "email": "m@acme.ee",
        "attributes": {"city": "Tartu"},
    },
}


@pytest.mark.parametrize("product", EXPECTED)
def test_columns_of_a_product_are_known_by_their_names(product):
    content = (FILES / f"{product}.csv").read_bytes()

    assert said_by(only_row_of(content)) == EXPECTED[product]


def test_page_on_moving_names_the_columns_of_each_field():
    for field, columns in table("docs/moving.md", "field"):
        for name in re.split("[,;] ", columns):
            column = re.sub("^(first|then|without it|without these) ?", "", name)
            if column and "JSON" not in column:
                found = find_columns([column, "Phone 1 - Value"])
                place = [each.place for each in (*found.phones, *found.emails)]
                is_known = found.fields.get(field.strip("`")) == 0 or 0 in place
                assert is_known, name


def test_columns_that_nobody_knows_are_named_and_kept_only_if_asked_for():
    content = "Phone,Birthday,v.1\n+37251000000,1 May,x\n"

    assert opened(content).left_out == ("Birthday", "v.1")
    assert not only_row_of(content).attributes
    assert opened(content, keeps_unknown=True).left_out == ()
    kept = only_row_of(content, keeps_unknown=True).attributes
    assert kept == {"Birthday": "1 May", "v 1": "x"}
