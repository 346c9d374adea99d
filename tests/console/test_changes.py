"""The changes of an account, as people read them."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.console.pages import listed
from chalicelib.domain.changes import Change, ChangeType, number_id
from chalicelib.domain.ids import new_id, uuid_of
from chalicelib.services import changes, contacts
from chalicelib.storage import change_feed
from tests.storage.steps import number

NOW = datetime.now(UTC)


def tell(caller, *told):
    """Let these be the changes of the account, the oldest first."""
    for place, (type_, subject, more) in enumerate(told):
        at = NOW - timedelta(minutes=len(told) - place)
        change = Change(id=f"{place}-0", type=ChangeType(type_), at=at, subject=subject, **more)
        change_feed.add_changes(caller.account.id, [change], at)


def rows(page):
    return [tag for tag, _ in page.tags].count("tr") - 1


def test_changes_say_what_by_whom_and_lead_to_what_is_there(visitor, caller):
    contact, group = uuid_of(new_id()), uuid_of(new_id())
    tell(
        caller,
        ("contact.created", {"contact": contact}, {"actor": caller.username, "source": "v2.any"}),
        ("contact.changed", {"contact": contact}, {"fields": ("firstName", "company")}),
        ("membership.joined", {"contact": contact, "group": group}, {"actor": "somebody"}),
        ("group.deleted", {"group": group}, {}),
    )

    page = visitor.get("/changes")

    assert rows(page) == 4
    assert "Contact created you, through v2.any" in page.text
    assert "Contact changed firstName, company unknown" in page.text
    assert page.text.index("Group deleted") < page.text.index("Contact created")
    assert "Group deleted" not in page.links
    assert page.links["Contact joined a group"].endswith(f"/contacts/{contact}")
    assert "All changes" in visitor.get("").links


def test_contact_says_what_changed_of_it_and_of_no_other(visitor, caller):
    created = contacts.create_contact(caller, number(), {}, NOW)
    subject, other = {"contact": uuid_of(created.id)}, {"contact": uuid_of(new_id())}
    tell(
        caller,
        ("contact.changed", subject, {"fields": ("company",), "actor": "somebody"}),
        ("contact.changed", other, {"fields": ("title",)}),
    )

    page = visitor.get(f"/contacts/{uuid_of(created.id)}")

    assert "Contact changed company somebody" in page.text
    assert "title" not in page.text


def test_number_of_a_change_is_found_while_it_is_known(visitor, caller):
    told_as = number_id(caller.account.cursor_key, number().e164)
    tell(caller, ("number.stopped", {"number": told_as}, {}))
    page = visitor.get("/changes")
    assert number().e164[1:] not in page.html

    assert visitor.open(page, "Number put on the blacklist").status == 404
    change_feed.keep_number(caller.account.id, told_as, number())

    assert visitor.open(page, "Number put on the blacklist").headings == [number().e164]


@pytest.mark.parametrize("page_items", [2, 3, 50])
def test_changes_are_paged_and_each_is_there_once(visitor, caller, monkeypatch, page_items):
    monkeypatch.setattr(listed, "PAGE_ITEMS", page_items)
    monkeypatch.setattr("chalicelib.console.pages.changes.PAGE_ITEMS", page_items)
    ids = [uuid_of(new_id()) for _ in range(5)]
    tell(caller, *(("group.created", {"group": each}, {}) for each in ids))

    page = visitor.get("/changes")
    found = []
    while True:
        found += [href.rpartition("/")[2] for tag, named in page.tags
                  if tag == "a" and "/groups/" in (href := named.get("href") or "")]  # fmt: skip
        if "Earlier changes" not in page.links:
            break
        page = visitor.open(page, "Earlier changes")

    assert found == ids[::-1]


def test_phonebook_without_changes_says_so(visitor, monkeypatch):
    monkeypatch.setattr(changes._Used, "is_on", False)

    assert "Changes are not kept here." in visitor.get("/changes").text


def test_cursor_of_another_list_is_refused(visitor):
    assert visitor.get("/changes?after=anything").status == 400
