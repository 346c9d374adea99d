"""What a contact is found by, and what a person may look for."""

from datetime import UTC, date, datetime
from unicodedata import normalize

import pytest

from chalicelib.domain.contact import ContactData, new_contact
from chalicelib.domain.errors import InvalidDataError
from chalicelib.domain.limits import MAX_TOKEN_CHARACTERS, MAX_TOKENS
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.search import fold, parse_search, tokens_of

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
MARI = {
    "first_name": "Mari-Liis",
    "last_name": "Tamm",
    "company": "Acme OÜ",
    "email": "Mari.Tamm@acme.ee",
    "title": "Doctor",
    "custom2": "VIP 2024",
}


def person(number="+37251000000", **details):
    data = ContactData(phone_number=PhoneNumber(number), details=details)
    return new_contact(data, NOW, date(2026, 3, 2))


def test_tokens_are_words_and_the_email_and_the_number_backwards():
    assert tokens_of(person(**MARI)) == {
        "mari", "liis", "tamm", "acme", "ou", "mari.tamm@acme.ee", "acme.ee", "vip", "2024",
        "~00000015273",
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "ta mari", "mari@", "mari.tamm@ac", "MARI", "acme.ee", "acme", "mari-liis", "tamm,mari",
        "+37251", "+372 51 00", "0000", "00", "vip", "20", "oü", "ou", "  tamm  ", "liis 000000",
    ],
)  # fmt: skip
def test_finds_by_beginnings_and_by_last_digits(text):
    contact = person(**{**MARI, "email": "mari.tamm@acme.ee", "custom": "mari@else"})

    assert parse_search(text).finds(contact)


@pytest.mark.parametrize("text", ["amm", "doctor", "tamm juri", "+37252", "3725", "001", "cme"])
def test_does_not_find_what_no_token_begins_with(text):
    assert not parse_search(text).finds(person(**MARI))


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("Jüri", "juri"), ("Juri", "jüri"), ("Jüri", normalize("NFD", "JÜRI")),
        ("Strauß", "strauss"), ("STRAUSS", "strauß"), ("Łukasz", "lukasz"), ("Søren", "soren"),
        ("İpek", "ipek"), ("Ιωάννης", "ιωαννησ"), ("Ёлкин", "елкин"), ("ﬁnn", "finn"),
        ("O’Brien", "o'brien"), ("O'Brien", "obrien"), ("Ａｎｎａ", "anna"), ("Đặng", "dang"),
        ("مُحَمَّد", "محمد"), ("김민수", "민수"), ("김민수", "김민수"), ("ガンダム", "ガンダ"),
        ("สมชาย", "ชาย"), ("田中太郎", "中太"), ("田中太郎", "田中太郎"), ("मारी", "मारी"),
    ],
)  # fmt: skip
def test_case_accents_and_forms_of_unicode_make_no_difference(written, typed):
    assert parse_search(typed).finds(person(first_name=written))


@pytest.mark.parametrize(("written", "typed"), [("かき", "がき"), ("田中", "中田"), ("कि", "की")])
def test_other_letters_make_a_difference(written, typed):
    assert not parse_search(typed).finds(person(first_name=written))


def test_finds_a_name_that_is_written_as_one_across_its_fields():
    assert parse_search("李娜").finds(person(last_name="李", first_name="娜"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "must not be empty"), (" \t", "must not be empty"), ("a", "one character"),
        ("tamm m", "one character"), ("+a", "one character"), ("李", "one character"),
        ("+", "one character"),
        ("..", "neither letter nor digit"), ("tamm --", "neither letter nor digit"),
        ("a" * 201, "at most 200 characters"), ("ab " * 9, "at most 8 words"),
    ],
)  # fmt: skip
def test_refuses_what_cannot_be_looked_for(text, problem):
    with pytest.raises(InvalidDataError) as refused:
        parse_search(text)

    (found,) = refused.value.found
    assert (found.field, problem in found.message) == ("q", True)


def test_what_is_long_is_cut_on_both_sides():
    long = "x" * (MAX_TOKEN_CHARACTERS + 10)

    assert parse_search(long).finds(person(first_name=long))
    words = " ".join(f"word{index}" for index in range(60))
    assert len(tokens_of(person(custom=words[:250], custom2=words[250:]))) <= MAX_TOKENS


def test_text_of_an_email_is_no_number_of_ours():
    assert tokens_of(person(email="~00@x.ee")) == {"00@x.ee", "x.ee", "~00000015273"}


def test_fold_is_stable():
    for text in ("Jüri", "ﬁnn", "İpek", "Strauß", "ガ", "Đặng"):
        assert fold(fold(text)) == fold(text)
