"""Who may be messaged, held against a model in plain sets, while others change what is there."""

from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, repeat

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.use_cases.meter import Meter
from chalicelib.domain.errors import ConflictError, NotFoundError
from chalicelib.domain.recipients import Campaign, Exclusion
from chalicelib.services import accounts, blacklist, contacts
from chalicelib.services.recipients import page_of_recipients
from tests.account import caller_of, stamp_of
from tests.sizes import CAMPAIGNS
from tests.storage.conftest import NOW
from tests.storage.steps import change, create, create_group, create_or_join, join, leave, number

pytestmark = pytest.mark.real_engine

PEOPLE = 12
GROUPS = 3

people = st.sets(st.integers(0, PEOPLE - 1))
changes = st.lists(
    st.tuples(
        st.sampled_from(["join", "leave", "stop", "allow", "delete", "renumber"]),
        st.integers(0, PEOPLE - 1),
        st.integers(0, GROUPS - 1),
    ),
    max_size=4,
)


@dataclass(frozen=True)
class Drawn:
    """An account, a campaign, and what others change between its pages."""

    members: tuple[set[int], ...]
    stopped: set[int]
    given: set[int]
    wanted: set[int]
    outside: set[int]
    limit: int
    between: list[list[tuple[str, int, int]]]

    @property
    def recipients(self) -> set[int]:
        """Who may be messaged, before anything changes."""
        meant = self.given.union(*(self.members[each] for each in self.wanted))
        return meant - self.stopped - set().union(*(self.members[each] for each in self.outside))


@settings(max_examples=CAMPAIGNS, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.builds(
        Drawn,
        members=st.tuples(*[people] * GROUPS),
        stopped=people,
        given=people,
        wanted=st.sets(st.integers(0, GROUPS - 1)),
        outside=st.sets(st.integers(0, GROUPS - 1), max_size=1),
        limit=st.integers(1, 5),
        between=st.lists(changes, max_size=4),
    )
)
def test_pages_together_are_what_the_sets_say(table, drawn):
    account = accounts.open_account("Test", "EE", 30, stamp_of(NOW))
    groups = [create_group(account, str(index)) for index in range(GROUPS)]
    for group, members in zip(groups, drawn.members, strict=True):
        for index in sorted(members):
            create_or_join(account, group, index)
    for index in drawn.stopped:
        blacklist.stop_number(caller_of(account), number(index), NOW)
    campaign = Campaign(
        group_ids=frozenset(groups[each].id for each in drawn.wanted),
        numbers=[number(index) for index in sorted(drawn.given)],
        excluded_group_ids=frozenset(groups[each].id for each in drawn.outside),
    )

    changed: set[int] = set()
    reached: list[str] = []
    left_out: list[str] = []
    after: str | None = None
    for steps in chain(drawn.between, repeat([])):
        page = page_of_recipients(account, campaign, after=after, limit=drawn.limit)
        reached += [each.phone_number.e164 for each in page.recipients]
        left_out += [each.phone_number.e164 for each in page.excluded]
        assert len(page.recipients) + len(page.excluded) <= drawn.limit
        after = page.last
        if after is None:
            break
        for step in steps:
            changed |= apply(account, groups, *step)

    assert reached == sorted(set(reached))
    assert not set(reached) & set(left_out)
    unchanged = e164s(set(range(PEOPLE)) - changed)
    assert set(reached) & unchanged == e164s(drawn.recipients) & unchanged
    assert not set(reached) & e164s(drawn.stopped - changed)


def e164s(indexes):
    return {number(index).e164 for index in indexes}


def apply(account, groups, what, index, group):
    """Make a change, if it can be made, and return the people that it is about."""
    caller = caller_of(account)
    acts = {
        "join": lambda: join(account, groups[group], index),
        "leave": lambda: leave(account, groups[group], index),
        "stop": lambda: blacklist.stop_number(caller, number(index), NOW),
        "allow": lambda: blacklist.allow_number(caller, number(index), NOW),
        "delete": lambda: contacts.delete_contact(caller, number(index), NOW),
        "renumber": lambda: change(
            account, number(index), phone_number=number((index + 1) % PEOPLE)
        ),
    }
    with suppress(NotFoundError, ConflictError):
        acts[what]()
        return {index, (index + 1) % PEOPLE} if what == "renumber" else {index}
    return set()


def test_reasons_name_the_blacklist_before_the_group(account):
    group, other = create_group(account), create_group(account, "b")
    for index in range(3):
        create_or_join(account, group, index)
    for index in range(2):
        join(account, other, index)
    blacklist.stop_number(caller_of(account), number(0), NOW)

    page = page_of_recipients(
        account,
        Campaign(
            group_ids=frozenset({group.id}), numbers=[], excluded_group_ids=frozenset({other.id})
        ),
        after=None,
        limit=10,
    )

    assert [(each.phone_number, each.reason) for each in page.excluded] == [
        (number(0), Exclusion.BLACKLISTED), (number(1), Exclusion.EXCLUDED_GROUP),
    ]  # fmt: skip
    assert [each.phone_number for each in page.recipients] == [number(2)]


@pytest.mark.parametrize("stopped", [0, 40])
def test_contact_that_is_left_out_is_not_read(account, stopped):
    group = create_group(account)
    for index in range(50):
        create_or_join(account, group, index)
    for index in range(stopped):
        blacklist.stop_number(caller_of(account), number(index), NOW)
    campaign = Campaign(group_ids=frozenset({group.id}), numbers=[], excluded_group_ids=frozenset())

    with Meter() as meter:
        page = page_of_recipients(account, campaign, after=None, limit=100)

    assert len(page.recipients) == 50 - stopped
    read_for_contacts = meter.reads - len(meter.calls) + 1
    assert read_for_contacts <= 50 - stopped + 6
    assert meter.calls == ["BatchGetItem", "Query", "Query", "GetItem", "Query", "BatchGetItem"]


def test_number_without_a_contact_is_a_recipient_if_it_is_given(account):
    create(account, 1)

    page = page_of_recipients(
        account,
        Campaign(
            group_ids=frozenset(), numbers=[number(0), number(1)], excluded_group_ids=frozenset()
        ),
        after=None,
        limit=10,
    )

    assert [each.contact and each.contact.phone_number for each in page.recipients] == [
        None, number(1),
    ]  # fmt: skip
