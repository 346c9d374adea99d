"""What the roles of the jobs' Lambdas may do in the table: what they ask, no less and no more."""

from datetime import UTC, datetime

from chalicelib.domain.exports import ExportFormat, Selected, What
from chalicelib.domain.phone import PhoneNumber
from chalicelib.services import blacklist, contacts, erasing, groups, jobs, memberships
from chalicelib.services.importing import Import
from chalicelib.settings import PARTS_QUEUE_VARIABLE
from infra.local.job_places import DEAD_LETTERS_VARIABLE
from tests.infra.test_permissions import allowed, recorded

NUMBERS = [f"+372510{index:05d}" for index in range(3)]


def test_roles_of_imports_allow_what_they_ask(here, monkeypatch):
    now = datetime.now(UTC)
    group = groups.create_group(here.caller, "All", now)
    contacts.create_contact(here.caller, PhoneNumber(NUMBERS[0]), {}, now)
    # Whoever is in a group may be in one that was deleted.
    other = groups.create_group(here.caller, "Other", now)
    memberships.add_to_group(here.caller, other.id, PhoneNumber(NUMBERS[0]), now)
    for last in (7, 8):
        stopped = PhoneNumber(f"+3725100000{last}")
        blacklist.stop_number(here.caller, stopped, now)
        erasing.erase(here.caller, stopped, now)
    rows = "".join(f"{number},Any,New,yes\n" for number in NUMBERS)
    job = here.start_import(f"Phone,First name,Groups,Blacklisted\n{rows}", group_id=group.id)

    with recorded() as asked:
        here.plan()
    assert asked == allowed("ImportPlannerRole")

    with recorded() as asked:
        here.write_a_part()
    assert asked == allowed("ImportWorkerRole")

    with recorded() as asked:
        here.run()
    assert asked <= allowed("ImportPlannerRole")
    assert here.get(job).has_ended

    def fail(*_):
        raise RuntimeError("Any bug")

    monkeypatch.setattr(Import, "write", fail)
    job = here.start_import(f"Phone\n{NUMBERS[0]}\n")
    here.plan()
    for _ in range(5):
        here.write_a_part()
    # The next one finds that it came too often, and puts it aside.
    here.pumps[PARTS_QUEUE_VARIABLE].pump()
    with recorded() as asked:
        assert here.pumps[DEAD_LETTERS_VARIABLE].pump()
    assert asked == allowed("JobGiveUpRole")


def test_role_of_exports_allows_what_they_ask(here):
    now = datetime.now(UTC)
    group = groups.create_group(here.caller, "All", now)
    contacts.create_contact(here.caller, PhoneNumber(NUMBERS[0]), {}, now)
    here.start_import(f"Phone\n{NUMBERS[0]}\n", group_id=group.id)
    blacklist.stop_number(here.caller, PhoneNumber(NUMBERS[1]), now)
    here.run()
    everything = Selected(what=What.EVERYTHING, format=ExportFormat.NDJSON)
    for selected in (everything, Selected(group_id=group.id)):
        jobs.start_export(here.caller, selected, now)

    with recorded() as asked:
        here.run()
    assert asked == allowed("ExportWriterRole")
