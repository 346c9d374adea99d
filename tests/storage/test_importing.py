"""Imports: what becomes of each row, in which order, and that they may be repeated."""

from io import BytesIO

import pytest

from chalicelib.domain.errors import ErrorCode, UnavailableError
from chalicelib.domain.group import Group, GroupKind
from chalicelib.domain.imports import ImportMode, ReadingOptions
from chalicelib.domain.phone import PhoneNumber
from chalicelib.importing.files import open_source
from chalicelib.importing.plan import Plan, RowOutcome
from chalicelib.services import accounts, blacklist, contacts, groups
from chalicelib.services.exporting import export_contacts
from chalicelib.services.importing import Import, outcomes_of
from chalicelib.storage.dynamodb.connection import REPEATS
from infra.local.connected import Connected
from tests.account import caller_of, stamp_of
from tests.faulty_engine import faulty_engine, throttle
from tests.storage.conftest import NOW
from tests.storage.test_races import THREADS, at_once

NUMBER, OTHER, THIRD, FOURTH = (PhoneNumber(f"+3725100000{index}") for index in range(4))


def move_in(account, folder, text, **more):
    """Import a text; return the outcome of each line."""
    return {each.line: each.outcome for each in outcomes_in(account, folder, text, **more)}


def outcomes_in(account, folder, text, *, mode=ImportMode.UPSERT, into=None, is_rehearsal=False):
    """Import a text; return all that is told of each line."""
    importing = Import(caller_of(account, "tests.import"), mode, is_rehearsal=is_rehearsal)
    if into:
        importing = Import(importing.caller, mode, importing.make_group(into, NOW), is_rehearsal)
    source = open_source(BytesIO(text.encode()), account, ReadingOptions(mode=mode))
    done: dict[int, RowOutcome] = {}
    with Plan(folder / "plan") as plan:
        plan.take(source.rows())
        named = importing.make_groups(plan.groups(), NOW)
        for part in plan.parts():
            written = importing.write([row for _, row in part], named, NOW)
            done |= {each.line: each for each in outcomes_of(part, written)}
    return [done[line] for line in sorted(done)]


def made_group(importing, name):
    group = importing.make_groups([name], NOW)[name]
    assert isinstance(group, Group)
    return group


def names_of_groups(account, number):
    return sorted(group.name for group in groups.list_groups_of_contact(account, number))


ROWS = (
    f"Phone,First Name,Group,Blacklisted\n{NUMBER},Mari,,\n{OTHER},Jüri,Friends,\n{THIRD},Ann,,\n"
    f"{FOURTH},Eva,Friends,\n{FOURTH},Eva,,\n{NUMBER},,Friends,\n+37251000009,x,,yes\n"
)
FIRST = ["unchanged", "updated", "suppressed", "created", "duplicate", "joined", "suppressed"]
AGAIN = [
    "unchanged",
    "unchanged",
    "suppressed",
    "unchanged",
    "duplicate",
    "duplicate",
    "suppressed",
]


def test_each_row_has_an_outcome_which_a_rehearsal_tells_and_a_second_run_leaves(account, tmp_path):
    caller = caller_of(account)
    contacts.create_contact(caller, NUMBER, {"first_name": "Mari"}, NOW)
    contacts.create_contact(caller, OTHER, {}, NOW)
    blacklist.blacklist_number(caller, THIRD, NOW)

    assert list(move_in(account, tmp_path, ROWS, is_rehearsal=True).values()) == FIRST
    assert list(contacts.list_contacts(account))[1].details == {}
    assert groups.list_groups(account) == []
    assert len(list(blacklist.list_blacklist(account))) == 1
    assert list(move_in(account, tmp_path, ROWS).values()) == FIRST
    assert names_of_groups(account, NUMBER) == names_of_groups(account, OTHER) == ["Friends"]
    assert list(move_in(account, tmp_path, ROWS).values()) == AGAIN
    assert len(groups.list_groups(account)) == 1


def test_create_leaves_who_is_there_but_not_their_opt_outs(account, tmp_path):
    contacts.create_contact(caller_of(account), NUMBER, {"first_name": "Mari"}, NOW)
    text = f"Phone,First Name,Blacklisted,Group\n{NUMBER},Other,yes,Friends\n{OTHER},Ann,,\n"

    done = move_in(account, tmp_path, text, mode=ImportMode.CREATE)

    assert list(done.values()) == ["suppressed", "created"]
    there = contacts.retrieve_contact(account, NUMBER)
    assert (there.details, there.group_ids) == ({"first_name": "Mari"}, frozenset())
    assert blacklist.blacklisted_since(account, [NUMBER])


def test_blacklist_stops_numbers_and_creates_no_contact(account, tmp_path):
    text = f"Phone,reason,note\n{NUMBER},import,\n{NUMBER},complaint,wrote\n{OTHER},,\n{OTHER},,\n"
    mode = ImportMode.BLACKLIST

    for is_rehearsal in (True, False):
        done = move_in(account, tmp_path, text, mode=mode, is_rehearsal=is_rehearsal)
        assert list(done.values()) == ["created", "updated", "created", "duplicate"]
    done = move_in(account, tmp_path, text, mode=mode)
    assert list(done.values()) == ["unchanged", "duplicate", "unchanged", "duplicate"]

    (_, newest), (_, first) = blacklist.list_ledger(account, NUMBER)
    assert (newest.reason.value, newest.note, newest.source) == (
        "complaint", "wrote", "tests.import",
    )  # fmt: skip
    assert first.reason.value == "import"
    assert list(contacts.list_contacts(account)) == []


def test_entry_of_the_ledger_keeps_its_note_beside_its_contact_and_repeats_no_other_row(
    account, tmp_path
):
    entry = f'{{"type": "entry", "phoneNumber": "{NUMBER}", "reason": "import", "note": "wrote"}}\n'
    contact = f'{{"phoneNumber": "{NUMBER}", "blacklisted": true}}\n'
    other = f'{{"phoneNumber": "{NUMBER}"}}\n'

    done = outcomes_in(account, tmp_path, other + contact + entry + entry)

    assert [(each.outcome, each.repeats) for each in done] == [
        ("suppressed", None), ("duplicate", 1), ("created", None), ("duplicate", 3),
    ]  # fmt: skip
    ((_, kept),) = blacklist.list_ledger(account, NUMBER)
    assert (kept.reason.value, kept.note) == ("import", "wrote")


def test_groups_are_created_in_the_order_of_the_file(account, tmp_path):
    move_in(account, tmp_path, f"Phone,Group\n{NUMBER},Zebra ::: Lion\n{OTHER},Ape\n")

    assert [group.name for group in groups.list_groups(account)] == ["Zebra", "Lion", "Ape"]


@pytest.mark.parametrize("mode", [ImportMode.UPSERT, ImportMode.CREATE])
def test_no_row_allows_a_number_that_is_stopped(account, tmp_path, mode):
    blacklist.blacklist_number(caller_of(account), NUMBER, NOW)

    done = move_in(account, tmp_path, f"Phone,Blacklisted\n{NUMBER},no\n", mode=mode)

    assert list(done.values()) == ["suppressed"]
    assert blacklist.blacklisted_since(account, [NUMBER])


def test_number_is_stopped_before_its_contact_is_there(account, tmp_path, monkeypatch):
    seen = []
    stop = blacklist.stop_numbers

    def stop_numbers(caller, rows, now, **more):
        seen.append(list(contacts.list_contacts(account)))
        return stop(caller, rows, now, **more)

    monkeypatch.setattr(blacklist, "stop_numbers", stop_numbers)

    move_in(account, tmp_path, f"Phone,Blacklisted\n{NUMBER},yes\n")

    assert seen == [[]]
    assert len(list(contacts.list_contacts(account))) == 1


def test_every_contact_joins_the_named_group(account, tmp_path):
    text = f"Phone,Group\n{NUMBER},A\n{OTHER},\n"

    move_in(account, tmp_path, text, into="Customers")

    assert names_of_groups(account, NUMBER) == ["A", "Customers"]
    assert names_of_groups(account, OTHER) == ["Customers"]


def test_second_run_stops_nobody_again_who_is_in_a_stoplist(account, tmp_path):
    caller = caller_of(account)
    groups.create_group(caller, "Stop", NOW, kind=GroupKind.STOPLIST)
    text = f"Phone,Group\n{NUMBER},Stop\n"

    assert list(move_in(account, tmp_path, text).values()) == ["created"]
    assert blacklist.blacklisted_since(account, [NUMBER])
    blacklist.allow_number(caller, NUMBER, NOW)

    assert list(move_in(account, tmp_path, text).values()) == ["unchanged"]
    assert not blacklist.blacklisted_since(account, [NUMBER])


def test_groups_of_the_same_name_are_refused_and_other_rows_go_on(account, tmp_path):
    caller = caller_of(account)
    for _ in range(2):
        groups.create_group(caller, "Twins", NOW)

    done = move_in(account, tmp_path, f"Phone,Group\n{NUMBER},Twins\n{OTHER},A ::: B\n")

    assert list(done.values()) == ["rejected", "created"]
    assert names_of_groups(account, OTHER) == ["A", "B"]


def test_name_is_one_however_its_accents_are_written(account, tmp_path):
    text = f"Phone,Group\n{NUMBER},J\u00fcri\n{OTHER},Ju\u0308ri\n"

    move_in(account, tmp_path, text)
    move_in(account, tmp_path, text)

    assert [group.name for group in groups.list_groups(account)] == ["J\u00fcri"]


@pytest.mark.real_engine
def test_several_imports_at_once_make_one_group_of_a_name(account):
    importing = Import(caller_of(account), ImportMode.UPSERT)

    made = at_once(*[lambda: made_group(importing, "Friends").id] * THREADS)

    assert len(set(made)) == 1
    assert len(groups.list_groups(account)) == 1


def test_group_of_an_earlier_import_that_was_renamed_stays_and_another_is_made(account):
    importing = Import(caller_of(account), ImportMode.UPSERT)
    first = made_group(importing, "Friends")
    groups.rename_group(importing.caller, first.id, "Family", NOW)

    second = made_group(importing, "Friends")

    assert second.id != first.id
    assert {group.name for group in groups.list_groups(account)} == {"Family", "Friends"}


def test_group_that_is_deleted_meanwhile_rejects_its_rows(account, tmp_path):
    importing = Import(caller_of(account), ImportMode.UPSERT)
    named = {"Friends": made_group(importing, "Friends")}
    groups.delete_group(importing.caller, named["Friends"].id, NOW)
    source = open_source(
        BytesIO(f"Phone,Group\n{NUMBER},Friends\n{OTHER},\n".encode()), account, ReadingOptions()
    )
    with Plan(tmp_path / "plan") as plan:
        plan.take(source.rows())
        (part,) = plan.parts()
    done = outcomes_of(part, importing.write([row for _, row in part], named, NOW))

    assert {each.line: each.reason for each in done} == {
        2: "a group that it names is gone", 3: None,
    }  # fmt: skip


def test_what_is_exported_is_imported_elsewhere_and_exported_alike(account, tmp_path):
    fresh = accounts.open_account("Fresh", "US", 30, stamp_of(NOW))
    move_in(account, tmp_path, ROWS)
    text = "Phone,Group\n" + "\n".join(
        f'{each.phone_number},"{" ::: ".join(each.groups)}"' for each in export_contacts(account)
    )

    move_in(fresh, tmp_path, text)

    assert [(each.phone_number, each.groups) for each in export_contacts(fresh)] == [
        (each.phone_number, each.groups) for each in export_contacts(account)
    ]


@pytest.mark.real_engine
def test_rows_of_which_the_table_was_busy_are_written_in_the_next_try(account, engine, tmp_path):
    engine.fail("TransactWriteItems", throttle, times=2 * (REPEATS + 1))

    done = move_in(account, tmp_path, f"Phone\n{NUMBER}\n{OTHER}\n")

    assert set(done.values()) == {"created"}


@pytest.mark.real_engine
def test_import_ends_when_the_table_is_out_of_reach(table, account, tmp_path):
    with faulty_engine(table.endpoint) as (_, endpoint):
        gone = Connected(endpoint)

    with gone, pytest.raises(UnavailableError) as failure:
        move_in(account, tmp_path, f"Phone\n{NUMBER}\n")

    assert failure.value.code is ErrorCode.UNREACHABLE
