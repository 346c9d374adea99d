"""The stories of the console in Debian's Chromium: by role and label, as a person finds things.

Without Chromium, each test says that it was left out.
"""

import re
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect, sync_playwright

from chalicelib.domain.contact_write import ContactWrite
from chalicelib.domain.ids import uuid_of
from chalicelib.domain.ledger import Reason
from chalicelib.domain.phone import PhoneNumber
from chalicelib.services import blacklist, contacts, groups, writing
from chalicelib.services.signing_in import make_link
from tests.account import stamp_of
from tests.console.test_imports import run
from tests.paths import PROJECT
from tests.people import people

CHROMIUM = shutil.which("chromium")
PICTURES = PROJECT / "build/console"
NOW = datetime.now(UTC)

REFUSED = re.compile(r"Failed to load resource: .* status of (400|409) ")

WIDE, PHONE = (1280, 900), (390, 844)

ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no Chromium here: the stories of the console are left out"
)


@dataclass
class Watched:
    """A page, and what must not happen on it."""

    page: Page
    said: list[str] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser, url):
    """Open a page; at the end, nothing was said, and no other host was asked."""
    watched = []

    def open_page(size=WIDE, *, scheme="light", has_scripts=True):
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,
            java_script_enabled=has_scripts,
        )
        context.set_default_timeout(10_000)
        each = Watched(context.new_page())
        each.page.on("console", lambda message: each.said.append(message.text))
        each.page.on("pageerror", lambda error: each.said.append(str(error)))
        each.page.on("request", lambda request: each.asked.add(request.url))
        watched.append(each)
        return each.page

    yield open_page
    for each in watched:
        each.page.context.close()
        # The browser tells by itself of forms that were refused.
        assert [said for said in each.said if not REFUSED.match(said)] == []
        assert all(asked.startswith(f"{url}/console") for asked in each.asked), each.asked


@pytest.fixture
def full(caller):
    """An account with believable people, groups and opt-outs."""
    made = {name: groups.create_group(caller, name, NOW) for name in ("Newsletter", "Клиенты VIP")}
    found = []
    for place, contact in enumerate(people(7)):
        group = list(made.values())[place % 2]
        write = ContactWrite(
            details=contact.details, group_ids=(group.id,) if place % 4 else (),
            extra={"v2.City": "Tartu"} if place % 3 == 0 else {},
        )  # fmt: skip
        found.append(writing.create_contact(caller, contact.phone_number, write, NOW))
    blacklist.stop_number(caller, found[1].phone_number, NOW, reason=Reason.COMPLAINT,
                          note="By phone, to our support")  # fmt: skip
    blacklist.stop_number(caller, PhoneNumber("+37251999999"), NOW)
    return sorted(found, key=lambda each: each.phone_number.e164)


def sign_in(page, url, client):
    page.goto(f"{url}/console")
    page.get_by_label("Username").fill(client.username)
    page.get_by_label("Secret").fill(client.secret)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1, name="Overview")).to_be_visible()


def assert_accessible(page):
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def picture(page, name):
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


def fits(page):
    """Say whether nothing is wider than the window."""
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_every_page_is_for_everybody_and_fits(opened, url, client, caller, full, size, scheme):
    page = opened(size, scheme=scheme)
    ending = f"{size[0]}-{scheme}"
    page.goto(f"{url}/console/sign-in")
    assert_accessible(page)
    picture(page, f"sign-in-{ending}")
    sign_in(page, url, client)
    (group, _) = groups.list_groups(caller.account)
    contact = next(each for each in full if each.group_ids)
    paths = {
        "overview": "", "contacts": "/contacts", "contact": f"/contacts/{uuid_of(contact.id)}",
        "edit": f"/contacts/{uuid_of(contact.id)}/edit", "groups": "/groups",
        "group": f"/groups/{uuid_of(group.id)}",
        "group-delete": f"/groups/{uuid_of(group.id)}/delete", "blacklist": "/blacklist",
        "number": "/blacklist/+37251999999", "recipients": "/recipients", "exports": "/exports",
        "imports": "/imports", "changes": "/changes", "webhooks": "/webhooks",
        "nobody": "/contacts?q=nobody+at+all",
    }  # fmt: skip
    for name, path in paths.items():
        page.goto(f"{url}/console{path}")
        assert fits(page), name
        assert_accessible(page)
        picture(page, f"{name}-{ending}")


@pytest.mark.parametrize(
    ("size", "has_scripts"), [(WIDE, True), (PHONE, False)], ids=["wide-scripts", "phone-plain"]
)
def test_somebody_finds_who_opted_out_and_moves_three_into_a_group(
    opened, url, client, caller, full, size, has_scripts
):
    page = opened(size, has_scripts=has_scripts)
    sign_in(page, url, client)

    page.get_by_role("link", name="Blacklist", exact=True).click()
    page.get_by_label("May this number be messaged?").fill("5199 9999")
    page.get_by_role("button", name="Look it up").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("+37251999999")
    expect(page.get_by_text(re.compile("No, since"))).to_be_visible()

    page.get_by_role("link", name="Contacts", exact=True).click()
    boxes = page.get_by_role("checkbox", name=re.compile("^Choose "))
    for place in range(3):
        boxes.nth(place).check()
    page.get_by_role("group", name="With the chosen contacts").get_by_label("Group").select_option(
        label="Клиенты VIP"
    )
    page.get_by_role("button", name="Add to the group").click()
    expect(page.get_by_role("status")).to_have_text("Contacts added to the group: 3.")
    vip = next(each for each in groups.list_groups(caller.account) if each.name == "Клиенты VIP")
    kept = {each.id: each.group_ids for each in contacts.list_contacts(caller.account)}
    assert all(vip.id in kept[each.id] for each in full[:3])

    page.get_by_role("link", name="New contact").click()
    page.get_by_label("Phone number").fill("12")
    page.get_by_label("First name").fill("Mari")
    page.get_by_role("button", name="Create").click()
    field = page.get_by_label("Phone number")
    assert field.get_attribute("aria-invalid") == "true"
    expect(field).to_have_accessible_description(re.compile("."))
    expect(page.get_by_label("First name")).to_have_value("Mari")
    field.fill("+372 5177 7777")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mari")
    page.get_by_role("button", name="Delete …").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Delete 1 contact?")
    if has_scripts:
        assert_accessible(page)
        picture(page, f"ask-{size[0]}")
    page.get_by_role("button", name="Delete 1 contact").click()
    expect(page.get_by_role("status")).to_have_text("Contacts deleted: 1.")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


@pytest.mark.parametrize(
    ("size", "has_scripts"), [(WIDE, True), (PHONE, False)], ids=["wide-scripts", "phone-plain"]
)
def test_somebody_imports_a_spreadsheet_with_two_faulty_rows(
    opened, url, client, caller, engine, tmp_path, size, has_scripts
):
    file = tmp_path / "people.csv"
    rows = ("Handy,First name", "+37251000000,Mari", "12,Jaan", "+37251000002,Liis", "+372,Tom")
    file.write_text("\n".join(rows))
    page = opened(size, has_scripts=has_scripts)
    sign_in(page, url, client)

    def look(name):
        if has_scripts:
            assert_accessible(page)
            picture(page, f"{name}-{size[0]}")

    page.get_by_role("link", name="Import", exact=True).click()
    look("import-send")
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Look at the file").click()
    expect(page.get_by_role("alert")).to_contain_text("No column is known to hold phone numbers")
    page.get_by_label("Handy").select_option(label="Phone number")
    page.get_by_role("button", name="Look again").click()
    expect(page.get_by_role("row", name=re.compile("Jaan No: "))).to_be_visible()
    look("import-look")
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("Waiting for its turn")).to_be_visible()
    run(engine)
    if not has_scripts:
        page.get_by_role("link", name="Look again").click()
    expect(page.get_by_text("Done")).to_be_visible()
    for row in ("New 2", "Rejected 2"):
        expect(page.get_by_role("row", name=row)).to_be_visible()
    expect(page.get_by_role("row", name=re.compile('Handy: "12" .* Jaan'))).to_be_visible()
    look("import-done")

    assert [each.details["first_name"] for each in contacts.list_contacts(caller.account)] == [
        "Mari", "Liis",
    ]  # fmt: skip


def test_search_answers_while_one_types_and_goes_back(opened, url, client, full):
    page = opened()
    sign_in(page, url, client)
    page.get_by_role("link", name="Contacts", exact=True).click()
    rows = page.get_by_role("checkbox", name=re.compile("^Choose "))
    expect(rows).to_have_count(len(full))

    page.get_by_label("Name, number, email or company").press_sequentially(
        full[0].phone_number.e164
    )

    expect(rows).to_have_count(1)
    expect(page).to_have_url(re.compile(r"q=%2B"))
    page.get_by_label("Name, number, email or company").fill("")
    expect(rows).to_have_count(len(full))


def test_choosing_a_group_for_the_chosen_keeps_them_chosen(opened, url, client, full):
    page = opened()
    sign_in(page, url, client)
    page.get_by_role("link", name="Contacts", exact=True).click()
    box = page.get_by_role("checkbox", name=re.compile("^Choose ")).first
    box.check()
    acts = page.get_by_role("group", name="With the chosen contacts")

    acts.get_by_label("Group").select_option(label="Newsletter")
    page.wait_for_load_state("networkidle")

    expect(box).to_be_checked()
    expect(page).to_have_url(f"{url}/console/contacts")


def test_list_goes_on_by_itself(opened, url, client, caller, full, monkeypatch):
    monkeypatch.setattr("chalicelib.console.pages.listed.PAGE_ITEMS", 5)
    page = opened()
    sign_in(page, url, client)

    page.get_by_role("link", name="Contacts", exact=True).click()

    expect(page.get_by_role("checkbox", name=re.compile("^Choose "))).to_have_count(len(full))
    expect(page.get_by_role("link", name="More contacts")).to_have_count(0)


def test_conflict_shows_both_versions(opened, url, client, caller, full):
    page = opened(PHONE, scheme="dark")
    sign_in(page, url, client)
    contact = full[0]
    page.goto(f"{url}/console/contacts/{uuid_of(contact.id)}/edit")
    page.get_by_label("Company").fill("Mine")
    writing.write_contact(caller, contact.id, ContactWrite(details={"company": "Faster"}), NOW)

    page.get_by_role("button", name="Save").click()

    row = page.get_by_role("row", name=re.compile("Company Mine Faster"))
    expect(row).to_be_visible()
    assert_accessible(page)
    picture(page, "conflict-390-dark")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("The contact was saved.")


def test_keyboard_alone_is_enough(opened, url, client):
    page = opened()
    page.goto(f"{url}/console/sign-in")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.get_by_label("Username").focus()
    page.keyboard.type(client.username)
    page.keyboard.press("Tab")
    page.keyboard.type(client.secret)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    expect(page.get_by_text("The phonebook is empty")).to_be_visible()
    picture(page, "empty-1280-light")


def test_link_of_the_demo_signs_in(opened, url, client):
    page = opened()

    page.goto(f"{url}/console/enter?by={make_link(client.username, stamp_of(NOW))}")

    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    assert "by=" not in page.url
