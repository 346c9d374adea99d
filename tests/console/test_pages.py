"""What a person does on each page, by its links, its fields and its buttons."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest

from chalicelib.console.pages import contacts as contacts_page
from chalicelib.console.pages import listed
from chalicelib.console.pages.overview import bars
from chalicelib.domain.caller import Caller
from chalicelib.domain.contact_write import ContactWrite
from chalicelib.domain.ids import uuid_of
from chalicelib.domain.jobs import JobKind, Step, Task
from chalicelib.domain.ledger import Reason
from chalicelib.domain.limits import MAX_FIELD_CHARACTERS
from chalicelib.domain.phone import PhoneNumber
from chalicelib.entrypoints import http
from chalicelib.jobs.exporting import write_export
from chalicelib.services import (
    blacklist,
    changes,
    contacts,
    groups,
    jobs,
    surveying,
    webhooks,
    writing,
)
from chalicelib.services.delivering import Sender
from chalicelib.storage import due, keys
from tests.console.visitor import Visitor
from tests.paths import PROJECT

NOW = datetime.now(UTC)
PAGE_ITEMS = 3


@pytest.fixture
def short_pages(monkeypatch):
    monkeypatch.setattr(listed, "PAGE_ITEMS", PAGE_ITEMS)


def number(index):
    return PhoneNumber(f"+3725100{index:04d}")


def add_contact(caller, index, *group_ids, **details):
    write = ContactWrite(details=details, group_ids=group_ids)
    return writing.create_contact(caller, number(index), write, NOW)


def box(contact):
    return uuid_of(contact.id)


def test_overview_of_an_empty_phonebook_says_what_to_do_first(visitor):
    page = visitor.get("")

    assert "The phonebook is empty" in page.text
    assert page.links["a group"] == "/console/groups"
    assert page.links["a contact"] == "/console/contacts/new"


def test_overview_counts_what_is_due_and_who_opted_out(visitor, caller):
    group = groups.create_group(caller, "Friends", NOW)
    add_contact(caller, 1)
    add_contact(caller, 2, group.id)
    blacklist.stop_number(caller, number(3), NOW)

    page = visitor.get("")

    assert re.search(r"1 groups.* 1 opt-outs.* 0 due in 7 days.* 0 due in 30 days", page.text)
    assert len([tag for tag, _ in page.tags if tag == "rect"]) == surveying.DAYS + surveying.WEEKS


def test_due_contacts_are_counted_by_day_and_no_others(caller):
    today = NOW.date()
    for index, days in enumerate((0, 0, 3, 29, 30)):
        then = NOW - timedelta(days=caller.account.retention_days - days)
        writing.create_contact(caller, number(index), ContactWrite(), then)

    found = surveying.survey(caller.account, today)

    assert {day: many for day, many in found.due.items() if many} == {
        today: 2, today + timedelta(days=3): 1, today + timedelta(days=29): 1,
    }  # fmt: skip
    assert (found.due_within(7), found.due_within(30)) == (3, 4)


@pytest.mark.parametrize("read_at_once", [1, 2, 7])
def test_due_contacts_of_others_are_passed_over(engine, caller, monkeypatch, read_at_once):
    monkeypatch.setattr(due, "_READ_AT_ONCE", read_at_once)
    first = date(2031, 1, 1)
    ours = caller.account.id
    for account in ("0" * 16, ours, "z" * 16):
        for day in (0, 1, 1, 4):
            for index in range(3):
                sort_key = keys.due_of(first + timedelta(days=day), account) + f"+1{index}"
                engine.client().put_item(TableName=engine.table, Item={
                    "PK": {"S": f"TEST#{account}"}, "SK": {"S": sort_key},
                    "GSI1PK": {"S": keys.due_shard(0)}, "GSI1SK": {"S": sort_key},
                })  # fmt: skip

    found = due.count_due(ours, 0, first, first + timedelta(days=3))

    assert found == {first: 3, first + timedelta(days=1): 3}


def test_bar_that_is_not_zero_can_be_seen():
    day = date(2026, 1, 1)
    counted = {day: 0, day + timedelta(days=1): 1, day + timedelta(days=2): 10_000}

    assert [bar.height for bar in bars(counted)] == [0, 2, 100]
    assert [bar.height for bar in bars({day: 0})] == [0]


def test_latest_changes_are_there_only_where_changes_are_told(visitor, monkeypatch):
    assert "Latest changes" in visitor.get("").text

    monkeypatch.setattr(changes._Used, "is_on", False)
    assert "Latest changes" not in visitor.get("").text


def test_contact_is_created_edited_and_found(visitor, caller):
    group = groups.create_group(caller, "Friends", NOW)
    page = visitor.open(visitor.get("/contacts"), "New contact")
    page = visitor.send(
        page, "Create", phone_number="51 000 001", first_name="Mari", last_name="Tamm",
        new_attribute="Shoe size", new_value="38", group=uuid_of(group.id),
    )  # fmt: skip

    assert page.headings == ["Mari Tamm"]
    assert "The contact was created." in page.text
    assert "Shoe size 38" in page.text
    assert page.links["Friends"].startswith("/console/contacts?group=")

    page = visitor.open(page, "Edit")
    attribute = {"attribute:Shoe size": ""}
    page = visitor.send(page, "Save", company="Acme", group=None, **attribute)
    assert "Acme" in page.text
    assert "Shoe size" not in page.text
    assert "None: it is deleted on" in page.text
    kept = contacts.retrieve_contact(caller.account, PhoneNumber("+37251000001"))
    assert kept.details == {"first_name": "Mari", "last_name": "Tamm", "company": "Acme"}
    assert kept.extra == {}
    assert kept.group_ids == frozenset()


def test_what_is_wrong_is_said_beside_each_field_and_nothing_typed_is_lost(visitor):
    long = "x" * (MAX_FIELD_CHARACTERS + 1)
    page = visitor.send(
        visitor.get("/contacts/new"), "Create", phone_number="12", first_name="Mari", company=long,
        new_value="38",
    )  # fmt: skip

    assert page.status == 400
    described = {
        named["name"]: named["aria-describedby"] for _, named in page.tags
        if "aria-invalid" in named
    }  # fmt: skip
    assert described == {
        "phone_number": "phone_number-error",
        "company": "company-error",
        "new_attribute": "new_attribute-error",
    }
    assert {named.get("id") for _, named in page.tags} >= set(described.values())
    typed = dict(page.form("Create").fields)
    assert (typed["phone_number"], typed["first_name"], typed["company"]) == ("12", "Mari", long)
    assert typed["new_value"] == "38"


def test_number_that_another_contact_has_leads_to_that_one(visitor, caller):
    there = add_contact(caller, 1, first_name="Jaan")

    page = visitor.send(visitor.get("/contacts/new"), "Create", phone_number=number(1).e164)

    assert page.status == 409
    assert "There is already a contact with this number." in page.text
    assert visitor.open(page, "Show the contact with this number").path.endswith(box(there))


def test_conflict_shows_both_versions_and_saves_only_when_asked_again(visitor, caller):
    contact = add_contact(caller, 1, first_name="Mari", company="Old")
    form = visitor.get(f"/contacts/{box(contact)}/edit")
    faster = ContactWrite(details={"company": "Faster"})
    writing.write_contact(caller, contact.id, faster, NOW)

    page = visitor.send(form, "Save", company="Mine")

    assert page.status == 409
    assert "Somebody changed this contact while you were typing" in page.text
    assert "Company Mine Faster" in page.text
    assert dict(page.form("Save").fields)["company"] == "Mine"
    assert contacts.retrieve_contact(caller.account, contact.id).details["company"] == "Faster"

    page = visitor.send(page, "Save")
    assert "The contact was saved." in page.text
    assert contacts.retrieve_contact(caller.account, contact.id).details["company"] == "Mine"


def test_number_is_changed_unless_another_has_it(visitor, caller):
    contact = add_contact(caller, 1, first_name="Mari")
    add_contact(caller, 2)
    form = visitor.get(f"/contacts/{box(contact)}/edit")

    refused = visitor.send(form, "Save", phone_number=number(2).e164)
    assert refused.status == 409
    assert dict(refused.form("Save").fields)["phone_number"] == number(2).e164

    page = visitor.send(refused, "Save", phone_number=number(3).e164)
    assert number(3).e164 in page.text


def test_group_that_went_meanwhile_is_said(visitor, caller):
    group = groups.create_group(caller, "Friends", NOW)
    form = visitor.get("/contacts/new")
    groups.delete_group(caller, group.id, NOW)

    page = visitor.send(form, "Create", phone_number=number(1).e164, group=uuid_of(group.id))

    assert page.status == 400
    assert "One of the groups was deleted meanwhile" in page.text


def test_list_goes_on_until_its_end_and_shows_each_once(visitor, caller, short_pages):
    for index in range(PAGE_ITEMS + 2):
        add_contact(caller, index)

    page = visitor.get("/contacts")
    seen = re.findall(r"\+3725100\d{4}(?=</td>)", page.html)
    assert len(seen) == PAGE_ITEMS
    page = visitor.open(page, "More contacts")
    seen += re.findall(r"\+3725100\d{4}(?=</td>)", page.html)

    assert seen == [number(index).e164 for index in range(PAGE_ITEMS + 2)]
    assert "More contacts" not in page.links


def test_filters_narrow_the_list(visitor, caller):
    group = groups.create_group(caller, "Friends", NOW)
    add_contact(caller, 1, group.id, first_name="Mari")
    add_contact(caller, 2, group.id, first_name="Jaan")
    add_contact(caller, 3, first_name="Leida")
    blacklist.stop_number(caller, number(2), NOW)
    page = visitor.get("/contacts")

    def found(**asked):
        answer = visitor.send(page, "Search", **asked)
        return re.findall("Mari|Jaan|Leida", " ".join(answer.links))

    assert found() == ["Mari", "Jaan", "Leida"]
    assert found(group=uuid_of(group.id)) == ["Mari", "Jaan"]
    assert found(blacklisted="yes") == ["Jaan"]
    assert found(blacklisted="no", group=uuid_of(group.id)) == ["Mari"]
    assert found(q=number(3).e164) == ["Leida"]


def test_search_that_finds_nobody_says_how_to_go_on(visitor, caller):
    add_contact(caller, 1)

    page = visitor.get("/contacts?q=nobody")

    assert "Nobody is found." in page.text
    assert page.links["show all contacts"] == "/console/contacts"


def test_search_that_cannot_be_read_says_why(visitor):
    page = visitor.get("/contacts?q=" + "%20".join(["two"] * 9))

    assert page.status == 400
    assert "The search: must be at most 8 words" in page.text


def test_address_of_another_list_is_refused(visitor, caller, short_pages):
    for index in range(PAGE_ITEMS + 1):
        add_contact(caller, index)
    more = visitor.get("/contacts").links["More contacts"]

    page = visitor.get(more.removeprefix("/console") + "&blacklisted=no")

    assert page.status == 400
    assert "is not a cursor of this list" in page.text


def test_one_letter_is_not_searched_yet(visitor, caller):
    add_contact(caller, 1, first_name="Mari")

    assert "Mari" in visitor.get("/contacts?q=x").text
    assert contacts_page._search("x") is None


def test_chosen_contacts_join_and_leave_a_group(visitor, caller):
    group = groups.create_group(caller, "Friends", NOW)
    chosen = [add_contact(caller, index) for index in range(3)]
    page = visitor.get("/contacts")

    page = visitor.send(
        page, "Add to the group", contact=[box(each) for each in chosen], group=uuid_of(group.id)
    )
    assert "Contacts added to the group: 3." in page.text
    for each in chosen:
        kept = contacts.retrieve_contact(caller.account, each.id)
        assert kept.group_ids == {group.id}

    page = visitor.send(
        page, "Remove from the group", contact=box(chosen[0]), group=uuid_of(group.id)
    )
    assert "Contacts taken out of the group: 1." in page.text
    assert contacts.retrieve_contact(caller.account, chosen[0].id).group_ids == frozenset()


@pytest.mark.parametrize(
    ("button", "confirm"), [("Delete …", "Delete 2 contacts"), ("Erase …", "Erase 2 contacts")]
)
def test_chosen_contacts_are_gone_only_after_a_question_with_numbers(
    visitor, caller, button, confirm
):
    group = groups.create_group(caller, "Friends", NOW)
    chosen = [add_contact(caller, index, group.id, first_name="Mari") for index in range(2)]
    kept = add_contact(caller, 9)
    blacklist.stop_number(caller, number(1), NOW)

    page = visitor.send(visitor.get("/contacts"), button, contact=[box(each) for each in chosen])

    assert page.headings == [f"{confirm}?"]
    assert "2 memberships" in page.text
    assert "Numbers of them on the blacklist: 1." in page.text
    assert contacts.retrieve_contact(caller.account, chosen[0].id).id == chosen[0].id

    page = visitor.send(page, confirm)
    assert re.search("Contacts (deleted|erased): 2.", page.text)
    assert [each.id for each in contacts.list_contacts(caller.account)] == [kept.id]
    assert number(1) in blacklist.blacklisted_since(caller.account, [number(1)])


def test_chosen_contacts_are_blacklisted_after_a_question(visitor, caller):
    chosen = [add_contact(caller, index) for index in range(2)]
    blacklist.stop_number(caller, number(0), NOW, reason=Reason.COMPLAINT)

    page = visitor.send(visitor.get("/contacts"), "Blacklist …", contact=[box(c) for c in chosen])
    assert "Numbers that will be put on the blacklist: 1." in page.text
    visitor.send(page, "Blacklist 2 contacts")

    entries = {each.phone_number: each for each in blacklist.list_blacklist(caller.account)}
    assert entries[number(0)].reason is Reason.COMPLAINT
    assert entries[number(1)].reason is Reason.OPERATOR
    assert entries[number(1)].source == "console.change_contacts"


def test_contact_that_went_before_the_question_is_asked_about_again(visitor, caller):
    chosen = [add_contact(caller, index) for index in range(2)]
    page = visitor.send(visitor.get("/contacts"), "Delete …", contact=[box(c) for c in chosen])
    contacts.delete_contact(caller, chosen[0].id, NOW)

    page = visitor.send(page, "Delete 2 contacts")

    assert page.headings == ["Delete 1 contact?"]
    assert "Contacts that were chosen but are gone already: 1." in page.text
    assert contacts.retrieve_contact(caller.account, chosen[1].id).id == chosen[1].id


@pytest.mark.parametrize(
    ("button", "sentence"),
    [
        ("Add to the group", "contacts: are not chosen"),
        ("Delete …", "contacts: are not chosen"),
    ],
)
def test_nobody_chosen_is_said(visitor, caller, button, sentence):
    add_contact(caller, 1)

    page = visitor.send(visitor.get("/contacts"), button)

    assert page.status == 400
    assert sentence in page.text


def test_group_is_created_renamed_and_deleted_with_what_becomes_of_its_contacts(visitor, caller):
    page = visitor.get("/groups")
    assert "There are no groups yet." in page.text
    page = visitor.send(page, "Create the group", name="Friends")
    page = visitor.open(page, "Rename or delete")
    page = visitor.send(page, "Rename", name="Best friends")
    assert "Best friends" in page.links
    (group,) = groups.list_groups(caller.account)
    other = groups.create_group(caller, "Others", NOW)
    alone = add_contact(caller, 1, group.id)
    add_contact(caller, 2, group.id, other.id)

    page = visitor.open(visitor.get(f"/groups/{uuid_of(group.id)}"), "Delete the group …")
    day = NOW.date() + timedelta(days=30)
    assert page.headings == ["Delete Best friends?"]
    assert "Contacts in it: 2." in page.text
    assert "Contacts that lose their last group: 1." in page.text
    assert f"They are deleted on {day.day} {day:%B %Y}" in page.text

    page = visitor.send(page, "Delete the group")
    assert "The group was deleted." in page.text
    kept = contacts.retrieve_contact(caller.account, alone.id)
    assert kept.scheduled_deletion_date == day


def test_group_without_a_name_is_said_beside_the_field(visitor):
    page = visitor.send(visitor.get("/groups"), "Create the group", name=" ", kind="stoplist")

    assert page.status == 400
    assert "The name must not be empty." in page.text
    assert dict(page.form("Create the group").fields)["kind"] == "stoplist"


def test_kind_of_group_that_is_none_is_refused(visitor, caller):
    page = visitor.send(visitor.get("/groups"), "Create the group", name="Friends", kind="any")

    assert page.status == 400
    assert page.text.count("Choose one of these kinds.") == 1
    assert dict(page.form("Create the group").fields)["name"] == "Friends"
    assert not list(groups.list_groups(caller.account))


def test_who_opted_out_and_when_is_found_by_the_number_as_one_writes_it(visitor, caller):
    blacklist.stop_number(caller, number(7), NOW, reason=Reason.COMPLAINT, note="By phone")

    page = visitor.send(visitor.get("/blacklist"), "Look it up", number="5100 0007")

    assert page.headings == [number(7).e164]
    assert f"No, since {NOW.day} {NOW:%B %Y}" in page.text
    assert "The person complained." in page.text
    assert "By phone" in page.text
    assert "you, through tests.console" in page.text


def test_number_goes_on_the_blacklist_and_off_it_with_a_ledger_of_both(visitor, caller):
    page = visitor.get("/blacklist")
    assert "Nobody has opted out." in page.text
    page = visitor.send(
        page, "Put it on the blacklist", phone=number(1).e164, reason="complaint", note="A letter"
    )
    assert "The number is on the blacklist." in page.text

    page = visitor.send(page, "Take it off the blacklist")
    assert page.status == 400
    assert "This must say why." in page.text
    page = visitor.send(page, "Take it off the blacklist", note="A mistake")

    assert "Yes, since" in page.text
    assert page.text.index("A mistake") < page.text.index("A letter")
    sources = [entry.source for _, entry in blacklist.list_ledger(caller.account, number(1))]
    assert sources == ["console.allow_number", "console.stop_number"]


def test_number_that_cannot_be_read_stays_in_its_field(visitor):
    page = visitor.send(visitor.get("/blacklist"), "Look it up", number="12")
    assert page.status == 400
    assert ("number", "12") in page.form("Look it up").fields

    page = visitor.send(page, "Put it on the blacklist", phone="34", note="A letter")
    assert page.status == 400
    assert ("phone", "34") in page.form("Put it on the blacklist").fields
    assert ("note", "A letter") in page.form("Put it on the blacklist").fields


def test_reason_that_is_none_is_refused_beside_its_field(visitor, caller):
    page = visitor.send(
        visitor.get("/blacklist"), "Put it on the blacklist", phone=number(1).e164, reason="any",
        note="A letter",
    )  # fmt: skip

    assert page.status == 400
    assert "This is none of these." in page.text
    assert ("note", "A letter") in page.form("Put it on the blacklist").fields
    assert not list(blacklist.list_blacklist(caller.account))


def test_number_that_was_taken_off_meanwhile_is_said(visitor, caller):
    blacklist.stop_number(caller, number(1), NOW)
    form = visitor.get(f"/blacklist/{number(1).e164}")
    blacklist.allow_number(caller, number(1), NOW)

    page = visitor.send(form, "Take it off the blacklist", note="A mistake")

    assert page.status == 409
    assert "stopped before" in page.text


def test_blacklist_goes_on_until_its_end(visitor, caller, short_pages):
    for index in range(PAGE_ITEMS + 1):
        blacklist.stop_number(caller, number(index), NOW)

    page = visitor.open(visitor.get("/blacklist"), "More numbers")

    assert number(PAGE_ITEMS).e164 in page.links
    assert number(0).e164 not in page.links


def test_recipients_are_counted_with_who_is_left_out_and_why(visitor, caller):
    friends = groups.create_group(caller, "Friends", NOW)
    rivals = groups.create_group(caller, "Rivals", NOW)
    for index in range(4):
        add_contact(caller, index, friends.id, *([rivals.id] if index == 3 else []))
    blacklist.stop_number(caller, number(0), NOW)
    pasted = f"{number(1).e164}\n5100 0009\n51000009\nnothing"
    page = visitor.get("/recipients")

    page = visitor.send(
        page, "Show whom it reaches", group=uuid_of(friends.id), without=uuid_of(rivals.id),
        numbers=pasted,
    )  # fmt: skip

    assert "3 can be reached" in page.text
    assert "On the blacklist 1" in page.text
    assert "In a group that is left out 1" in page.text
    assert "Pasted, and no phone number 1" in page.text
    assert "Pasted more than once 1" in page.text
    assert "no phone number: nothing" in page.text
    fields = page.form("Show whom it reaches").fields
    assert ("group", uuid_of(friends.id)) in fields
    assert ("without", uuid_of(rivals.id)) in fields
    assert [value.splitlines() for name, value in fields if name == "numbers"] == [
        pasted.splitlines()
    ]


def test_recipients_are_fetched_as_a_file(visitor, caller, monkeypatch):
    friends = groups.create_group(caller, "Friends", NOW)
    add_contact(caller, 0, friends.id)
    contacts.update_contact(caller, number(0), {"first_name": "=1+1", "last_name": "Õun"}, NOW)
    add_contact(caller, 1, friends.id)
    blacklist.stop_number(caller, number(1), NOW)
    page = visitor.get("/recipients")
    chosen = {"group": uuid_of(friends.id), "numbers": number(2).e164}

    file = visitor.send(page, "Fetch the list as a file", **chosen)

    assert file.headers["Content-Disposition"] == 'attachment; filename="recipients.csv"'
    assert file.body.splitlines() == [
        "\ufeffPhone number,First name,Last name",
        f"{number(0).e164},'=1+1,Õun",
        f"{number(2).e164},,",
    ]
    monkeypatch.setattr("chalicelib.console.pages.recipients.MAX_COUNTED", 1)
    monkeypatch.setattr("chalicelib.console.pages.recipients.MAX_PAGE_ITEMS", 1)
    page = visitor.send(page, "Fetch the list as a file", **chosen)
    assert (page.status, "A file has at most" in page.text) == (400, True)


def test_recipients_of_nothing_are_asked_for(visitor):
    page = visitor.send(visitor.get("/recipients"), "Show whom it reaches")

    assert page.status == 400
    assert "Choose a group, or paste numbers." in page.text


def test_export_is_asked_for_and_fetched_when_it_is_done(visitor, caller):
    add_contact(caller, 1, first_name="Mari")
    page = visitor.get("/exports")
    assert "There are no exports of the last week." in page.text

    page = visitor.send(page, "Export")
    assert "The export has begun." in page.text
    assert "Running" in page.text
    (job,) = jobs.list_jobs(caller.account, JobKind.EXPORT, NOW, before=None, expected=1)
    path = f"/exports/{uuid_of(job.id)}"
    assert visitor.get(path).status == 404
    write_export(Step(Task.EXPORT, caller.account.id, job.id), NOW, lambda: True)

    page = visitor.get("/exports")
    assert page.links["contacts.csv"] == f"/console{path}"
    answer = visitor.ask("GET", f"/console{path}")
    assert answer.status == 303
    assert "contacts.csv" in answer.headers["Location"]


def test_export_of_another_account_is_not_there(visitor, reader):
    other = Visitor.signed_in(reader)
    other.send(other.get("/exports"), "Export")
    account = http._authenticator().recall(reader.username).account
    (job,) = jobs.list_jobs(account, JobKind.EXPORT, NOW, before=None, expected=1)
    write_export(Step(Task.EXPORT, account.id, job.id), NOW, lambda: True)
    path = f"/console/exports/{uuid_of(job.id)}"

    assert other.ask("GET", path).status == 303
    assert visitor.ask("GET", path).status == 404


def test_export_that_cannot_be_is_said_beside_the_field(visitor):
    page = visitor.send(visitor.get("/exports"), "Export", what="everything", format="vcard")

    assert page.status == 400
    assert "This must be ndjson for everything." in page.text
    typed = dict(page.form("Export").fields)
    assert (typed["what"], typed["format"]) == ("everything", "vcard")


def test_export_of_a_group_that_went_meanwhile_is_said(visitor, caller):
    group = groups.create_group(caller, "Friends", NOW)
    form = visitor.get("/exports")
    groups.delete_group(caller, group.id, NOW)

    page = visitor.send(form, "Export", group=uuid_of(group.id))

    assert "There is no such group any more." in page.text


def test_webhooks_are_shown_with_what_they_answered_and_never_their_secrets(visitor, caller):
    assert "Nobody is told of changes." in visitor.get("/webhooks").text
    hook = webhooks.add_webhook(caller, "http://127.0.0.1:9/told", NOW, types=["contact.created"])

    page = visitor.open(visitor.get("/webhooks"), "http://127.0.0.1:9/told")
    assert "Told of contact.created" in page.text
    assert "Nothing was sent to it yet." in page.text
    Sender(seconds=2).test(caller, hook.id, NOW)

    page = visitor.get(f"/webhooks/{uuid_of(hook.id)}")
    assert "webhook.test 1 Given up none: it refused the connection" in page.text
    assert all(secret.text not in page.html for secret in hook.secrets)


def test_webhook_of_another_account_is_not_there(visitor, reader):
    account = http._authenticator().recall(reader.username)
    stranger = Caller.of(account, request_id="x", via="tests.x")
    hook = webhooks.add_webhook(stranger, "http://127.0.0.1:9/theirs", NOW)

    assert visitor.get(f"/webhooks/{uuid_of(hook.id)}").status == 404
    assert visitor.get("/webhooks/nothing").status == 404


def test_reader_sees_everything_and_no_button_that_changes(reader):
    visitor = Visitor.signed_in(reader)

    for path in (
        "",
        "/contacts",
        "/groups",
        "/blacklist",
        "/blacklist/+37251000001",
        "/recipients",
        "/exports",
        "/imports",
        "/changes",
        "/webhooks",
    ):
        page = visitor.get(path)
        assert page.status == 200
        assert {words for form in page.forms for words in form.buttons} <= {
            "Sign out", "Search", "Look it up", "Show whom it reaches", "Fetch the list as a file",
            "Export",
        }  # fmt: skip
        assert "New contact" not in page.links


def test_page_that_there_is_not_says_so(visitor):
    assert visitor.get("/nothing").status == 404
    assert visitor.get("/contacts/nobody").status == 404
    assert visitor.get("/groups/70686f6e-6562-4000-8000-000000000001").status == 404
    assert visitor.get("/blacklist/nothing").status == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_method_that_no_page_has_is_refused(visitor, method):
    page = visitor.ask(method, "/console/groups")

    assert page.status == 405
    assert page.headers["Allow"] == "GET, POST"


def test_head_is_answered_as_get_without_the_page(visitor):
    page = visitor.ask("HEAD", "/console/groups")

    assert page.status == 200
    assert int(page.headers["Content-Length"]) > 500
    assert page.html == ""


def test_every_page_has_one_heading_and_every_field_a_label(visitor, caller):
    contact = add_contact(caller, 1)
    paths = ["", "/contacts", "/contacts/new", f"/contacts/{box(contact)}",
             f"/contacts/{box(contact)}/edit", "/groups", "/blacklist", "/recipients",
             "/exports"]  # fmt: skip
    for path in paths:
        page = visitor.get(path)
        assert len(page.headings) == 1, path
        labels = {named["for"] for tag, named in page.tags if tag == "label" and "for" in named}
        for tag, named in page.tags:
            if tag in {"input", "select"} and named.get("type") not in {"hidden", "checkbox"}:
                assert named["id"] in labels, (path, named)


def test_pages_are_small(visitor, caller):
    for index in range(5):
        add_contact(caller, index, first_name="Mari", last_name="Tamm", company="Acme")
    rows = visitor.get("/contacts").html
    of_a_row = (len(rows) - len(visitor.get("/contacts?q=nobody").html)) / 5
    with_it = [PROJECT / f"chalicelib/console/static/{name}"
               for name in ("console.css", "htmx-2.0.11.min.js", "icon.svg")]  # fmt: skip

    page = len(rows) + listed.PAGE_ITEMS * of_a_row
    assert page < 60_000
    assert page + sum(file.stat().st_size for file in with_it) < 120_000
