from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.ids import ID_BITS
from chalicelib.storage import keys
from chalicelib.storage.keys import ItemKind
from infra.documents import table

ids = st.integers(min_value=1, max_value=2**ID_BITS - 1)
numbers = st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True)
accounts = st.from_regex(r"[0-9a-f]{16}", fullmatch=True)


@given(ids, ids)
def test_ids_sort_as_text_as_they_do_as_numbers(one, other):
    assert (keys.of_id(one) < keys.of_id(other)) == (one < other)


@given(ids)
def test_tombstone_of_a_group_tells_the_group(group_id):
    assert keys.deleted_group(group_id).startswith(keys.DELETED_GROUP)
    assert keys.group_of_tombstone(keys.deleted_group(group_id)) == group_id


@given(ids)
def test_tombstone_of_a_contact_is_not_one_of_a_group(contact_id):
    assert not keys.deleted_contact(contact_id).startswith(keys.DELETED_GROUP)


@given(accounts, accounts, ids, ids)
def test_partitions_of_two_accounts_or_groups_never_meet(one, other, group, another):
    if (one, group) != (other, another):
        assert keys.members(one, group) != keys.members(other, another)


@given(st.dates(), accounts, numbers)
def test_due_contact_is_found_by_its_day_in_one_of_the_shards(day, account_id, e164):
    partition, entry = keys.due(day, account_id, e164)

    assert partition in {keys.due_shard(shard) for shard in range(keys.DUE_SHARDS)}
    assert entry.startswith(f"{day.isoformat()}#")
    assert keys.day_of_due(entry) == day


@given(st.dates(max_value=date(9999, 12, 30)), st.dates(), accounts, numbers)
def test_what_is_due_sorts_before_what_is_not(today, day, account_id, e164):
    _, entry = keys.due(day, account_id, e164)

    assert (entry < keys.due_after(today)) == (day <= today)


@given(st.dates(), accounts, accounts, numbers, numbers)
def test_all_of_an_account_and_day_sorts_before_what_is_behind_it(
    day, account, other, one, another
):
    _, entry = keys.due(day, account, one)
    _, same = keys.due(day, account, another)
    _, of_other = keys.due(day, other, another)

    assert max(entry, same) < keys.after_account(entry)
    if account != other:
        assert (of_other < keys.after_account(entry)) == (other < account)


def test_due_contacts_spread_over_all_shards():
    day = date(2026, 1, 1)
    partitions = {keys.due(day, "a", f"+3725{number:07d}")[0] for number in range(1_000)}

    assert len(partitions) == keys.DUE_SHARDS


@given(st.datetimes(timezones=st.just(UTC)), accounts, ids)
def test_tombstone_tells_the_day_of_its_deletion(deleted_on, account_id, group_id):
    entry = keys.sweep_order(deleted_on, account_id, keys.deleted_group(group_id))

    assert keys.day_of_sweep(entry) == deleted_on.date()


def test_tombstones_sort_by_age_whatever_their_fraction_of_a_second():
    older = keys.sweep_order(datetime(2026, 1, 1, tzinfo=UTC), "b", "GROUP#2")
    newer = keys.sweep_order(datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC), "a", "GROUP#1")

    assert older < newer


def test_kind_of_each_item_is_what_the_chart_calls_it():
    chart = table("docs/access-patterns.md", "item")

    for name, partition, sort_key, *_ in chart:
        of = keys.contacts("a") if name == "fence" else partition
        kind = keys.kind_of(of, sort_key)
        assert kind is not None, name
        assert kind.value == name
    assert {name for name, *_ in chart} == {kind.value for kind in ItemKind}


@pytest.mark.parametrize(
    ("partition", "sort_key"), [("", ""), ("OTHERS#a", "+1"), ("TOMBSTONES#a", "+1"), ("a", "!t")]
)
def test_keys_of_nothing_of_ours_are_of_no_kind(partition, sort_key):
    assert keys.kind_of(partition, sort_key) is None


@given(accounts, ids)
def test_partition_tells_its_account_and_its_group(account_id, group_id):
    for make in (keys.contacts, keys.groups, keys.blacklist, keys.tombstones, keys.contact_ids):
        assert keys.owner_of(make(account_id)) == (account_id, None)
    assert keys.owner_of(keys.members(account_id, group_id)) == (account_id, group_id)


@given(numbers, st.integers(1, 10**9))
def test_ledger_entry_tells_its_number_and_its_position(e164, position):
    entry = keys.ledger_entry(e164, position)

    assert keys.number_and_position(entry) == (e164, position)
    assert keys.is_sort_key_of(ItemKind.LEDGER_ENTRY, entry)
    assert not keys.is_sort_key_of(ItemKind.LEDGER_ENTRY, e164)
    assert entry.startswith(keys.ledger_of(e164))
    assert not entry.startswith(keys.ledger_of(e164[:-1]))
    assert entry < keys.ledger_entry(e164, position + 1) < keys.ledger_entry(f"{e164}0", 1)


@given(ids, numbers)
def test_sort_key_suits_the_kinds_that_have_it(group_id, e164):
    for kind in (ItemKind.CONTACT, ItemKind.MEMBERSHIP, ItemKind.BLACKLIST_ENTRY):
        assert keys.is_sort_key_of(kind, e164)
        assert not keys.is_sort_key_of(kind, keys.of_id(group_id))
    assert keys.is_sort_key_of(ItemKind.GROUP, keys.of_id(group_id))
    assert not keys.is_sort_key_of(ItemKind.GROUP, e164)
    assert keys.is_sort_key_of(ItemKind.FENCE, keys.fence("t"))


@given(accounts, ids)
def test_ledger_of_a_webhook_tells_its_account_and_its_webhook(account_id, webhook_id):
    partition = keys.deliveries(account_id, webhook_id)

    assert keys.account_and_webhook(partition) == (account_id, webhook_id)
    assert keys.owner_of(partition) == (account_id, None)


@pytest.mark.parametrize("partition", ["DELIVERIES#a", "DELIVERIES#a#7", "DELIVERIES#a#7#8"])
def test_partition_of_no_webhook_is_none_of_ours(partition):
    with pytest.raises(ValueError, match=partition.partition("#")[0]):
        keys.owner_of(partition)


@given(st.integers(1, 10**6), st.integers(1, 9_999))
def test_slots_of_a_ring_sort_as_text_as_they_do_as_numbers(position, slots):
    assert keys.slot(position, slots) == keys.slot(position + slots, slots)
    if position % slots:
        assert keys.slot(position - 1, slots) < keys.slot(position, slots)


def test_number_of_webhooks_sorts_after_all_of_them():
    assert keys.of_id(2**ID_BITS - 1) < keys.WEBHOOK_COUNT
