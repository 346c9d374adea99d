from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from chalicelib.domain.credential import Credential, PresentedCredential, Scope, new_username
from chalicelib.domain.errors import (
    InvalidDataError,
    OperatorError,
    OperatorErrorCode,
    UnauthorizedError,
)
from chalicelib.domain.phone import Notation, PhoneNumber
from chalicelib.services import accounts, blacklist, contacts, groups
from chalicelib.services.authentication import CACHE_SECONDS, MAX_CACHE_ENTRIES, Authenticator
from chalicelib.storage import accounts as stored
from chalicelib.storage import keys
from chalicelib.storage.items import AccountItem, CredentialItem
from tests.account import caller_of, stamp_of
from tests.faulty_engine import deny
from tests.storage.conftest import NOW
from tests.written import stamps_of


class Clock:
    """The time of day, which a test lets pass."""

    def __init__(self):
        self.seconds = NOW.timestamp()

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def authenticator(clock):
    return authenticator_of(clock)


def authenticator_of(clock):
    """Return one that notes a use before it returns, so that a test can look at it."""
    return Authenticator(clock, beside=lambda note: note())


@pytest.fixture
def unused(account):
    credential, secret = accounts.issue_credential(account.id, stamp_of(NOW))
    return PresentedCredential(credential.username, secret)


@pytest.fixture
def presented(unused):
    """A credential that was used today."""
    stored.note_use(unused.username, NOW.date())
    return unused


def carried_by(username):
    credential = stored.find_credential(username)
    assert credential
    return credential.account


def test_opened_account_is_listed(account):
    later = accounts.open_account("Later", "LV", 0, stamp_of(NOW + timedelta(days=1)))

    listed = accounts.list_accounts()
    assert listed.index(account) < listed.index(later)


def test_item_that_cannot_be_read_is_named_and_the_others_listed(account):
    bad = accounts.open_account("Bad", "LV", 0, stamp_of(NOW))
    AccountItem(keys.account(bad.id), keys.ACCOUNT).update([AccountItem.created_on.remove()])
    named: list[stored.UnreadableItemError] = []

    listed = accounts.list_accounts(named.append)

    assert account in listed
    assert bad.id not in {each.id for each in listed}
    assert f"ACCOUNT#{bad.id} cannot be read: it has no createdOn." in map(str, named)
    for call in (accounts.list_accounts, lambda: accounts.survey_account(bad.id)):
        with pytest.raises(stored.UnreadableItemError, match=bad.id):
            call()
    AccountItem(keys.account(bad.id), keys.ACCOUNT).delete()


def test_account_is_surveyed_with_what_it_holds(account):
    revoked, _ = (accounts.issue_credential(account.id, stamp_of(NOW))[0] for _ in range(2))
    accounts.revoke_credential(revoked.username, stamp_of(NOW))
    groups.create_group(caller_of(account), "Group", NOW)
    blacklist.blacklist_number(caller_of(account), PhoneNumber("+37250000000"), NOW)
    AccountItem(keys.account(account.id), keys.ACCOUNT).update([AccountItem.contacts_count.set(7)])

    found = accounts.survey_account(account.id)

    assert found == (account, (7, 1, 1), 1, 1)


@pytest.mark.parametrize(
    ("name", "region", "days", "problems"),
    [
        ("", "EE", 30, 1),
        (" \u200b", "EE", 30, 1),
        ("a", "Estonia", 30, 1),
        ("a", "EE", -1, 1),
        ("\0", "", 3_651, 3),
    ],
)
def test_account_with_values_we_do_not_take_is_not_opened(table, name, region, days, problems):
    with pytest.raises(InvalidDataError) as refusal:
        accounts.open_account(name, region, days, stamp_of(NOW))
    assert len(refusal.value.problems) == problems


def test_credential_acts_for_its_account_only_with_its_secret(account, authenticator, presented):
    assert authenticator.authenticate(presented).account == account
    for wrong in ("", presented.secret[:-1], presented.secret + "a", "ä", "\ud800"):
        with pytest.raises(UnauthorizedError):
            authenticator.authenticate(PresentedCredential(presented.username, wrong))


@pytest.mark.parametrize("username", ["", "0", "0" * 16, "A" * 16, "0" * 17, "\ud800"])
def test_unknown_username_is_refused(table, authenticator, username):
    with pytest.raises(UnauthorizedError):
        authenticator.authenticate(PresentedCredential(username, "secret"))


def test_change_of_an_account_is_in_force_within_60_s_and_leaves_what_is_not_named(
    account, authenticator, clock, presented
):
    authenticator.authenticate(presented)
    changed = accounts.change_account(
        account.id,
        {"default_region": "DE", "notation": Notation.NATIONAL, "retention_days": 7},
        stamp_of(NOW),
    )

    assert changed == replace(
        account,
        default_region="DE",
        notation=Notation.NATIONAL,
        retention_days=7,
        revision=1,
    )
    clock.seconds += CACHE_SECONDS - 0.25
    assert authenticator.authenticate(presented).account == account
    clock.seconds += 0.25
    assert authenticator.authenticate(presented).account == changed
    assert stored.get_account(account.id) == changed


def test_notation_of_an_account_can_be_taken_back(account, presented):
    accounts.change_account(
        account.id, {"notation": Notation.NATIONAL, "name": "Other"}, stamp_of(NOW)
    )
    changed = accounts.change_account(account.id, {"notation": None}, stamp_of(NOW))

    assert (changed.notation, changed.name) == (None, "Other")
    assert Authenticator().authenticate(presented).account == changed


def test_credential_that_was_issued_while_its_account_changed_carries_the_change(account):
    read_before = Credential(
        username=new_username(),
        secret_hash="",
        account=stored.get_account(account.id),
        scope=Scope.FULL,
        revoked_on=None,
        created_on=NOW,
    )
    accounts.change_account(account.id, {"name": "Changed"}, stamp_of(NOW))

    assert stored.put_credential(read_before, stamp_of(NOW)) is False
    assert stored.find_credential(read_before.username) is None
    issued, _ = accounts.issue_credential(account.id, stamp_of(NOW))
    assert carried_by(issued.username).name == "Changed"


def test_of_two_changes_at_once_each_credential_carries_the_later(account, presented):
    first = stored.change_account(account.id, {"name": "First"}, stamp_of(NOW))
    second = stored.change_account(account.id, {"name": "Second"}, stamp_of(NOW))
    stored.carry_account(second, presented.username, stamp_of(NOW))
    stored.carry_account(first, presented.username, stamp_of(NOW))

    assert carried_by(presented.username) == second


def test_change_that_was_broken_off_is_completed_by_doing_it_again(account, presented):
    stored.change_account(account.id, {"name": "Changed"}, stamp_of(NOW))
    assert carried_by(presented.username).name == "Test"

    changed = accounts.change_account(account.id, {"name": "Changed"}, stamp_of(NOW))

    assert carried_by(presented.username) == changed


def test_credential_that_cannot_be_read_keeps_no_other_from_carrying_a_change(account):
    bad, *good = (
        accounts.issue_credential(account.id, stamp_of(NOW))[0].username for _ in range(5)
    )
    item = CredentialItem(keys.credential(bad), keys.CREDENTIAL)
    item.update([CredentialItem.secret_hash.remove()])

    with pytest.raises(stored.UnreadableItemError, match=bad):
        accounts.change_account(account.id, {"default_region": "LV"}, stamp_of(NOW))

    carried = [stored.find_credential(username) for username in good]
    assert [each and each.account.default_region for each in carried] == ["LV"] * 4


def test_change_finds_every_credential_however_many(account):
    issued = [accounts.issue_credential(account.id, stamp_of(NOW))[0].username for _ in range(120)]

    changed = accounts.change_account(account.id, {"default_region": "LV"}, stamp_of(NOW))

    assert set(map(carried_by, issued)) == {changed}


def test_credential_of_an_account_that_is_no_more_is_not_made_by_a_change(account):
    stored.carry_account(account, "0" * 16, stamp_of(NOW))

    assert stored.find_credential("0" * 16) is None


def test_contact_that_has_its_date_keeps_it_when_its_account_changes(account):
    number = PhoneNumber("+37251000000")
    contact = contacts.create_contact(caller_of(account), number, {}, NOW)
    changed = accounts.change_account(account.id, {"retention_days": 1}, stamp_of(NOW))

    kept = contacts.retrieve_contact(changed, number)
    assert kept.scheduled_deletion_date == contact.scheduled_deletion_date
    later = contacts.create_contact(caller_of(changed), PhoneNumber("+37251000001"), {}, NOW)
    assert later.scheduled_deletion_date == NOW.date() + timedelta(days=1)


@pytest.mark.parametrize(
    "changes",
    [{}, {"name": ""}, {"default_region": "UK"}, {"retention_days": -1}],
)
def test_account_is_not_changed_to_values_we_do_not_take(account, changes):
    with pytest.raises(InvalidDataError):
        accounts.change_account(account.id, changes, stamp_of(NOW))
    assert stored.get_account(account.id) == account


def test_account_that_is_not_there_is_not_made_by_a_change(table):
    with pytest.raises(OperatorError, match="ACCOUNT_NOT_FOUND"):
        accounts.change_account("0" * 16, {"name": "a"}, stamp_of(NOW))
    with pytest.raises(OperatorError, match="ACCOUNT_NOT_FOUND"):
        stored.get_account("0" * 16)


def test_secret_is_not_kept(account, presented):
    (credential,) = accounts.list_credentials(account.id)

    assert presented.secret not in repr(credential)
    assert credential.secret_hash != presented.secret
    assert credential.secret_hash not in repr(credential)


def test_revoked_credential_is_refused_at_once_by_who_did_not_know_it(authenticator, presented):
    accounts.revoke_credential(presented.username, stamp_of(NOW))

    with pytest.raises(UnauthorizedError):
        authenticator.authenticate(presented)


def test_credential_that_is_revoked_again_keeps_its_first_date(account, presented):
    for days in (0, 1, -1):
        accounts.revoke_credential(presented.username, stamp_of(NOW + timedelta(days=days)))

    (credential,) = accounts.list_credentials(account.id)
    assert credential.revoked_on == NOW


def test_revoked_credential_is_refused_within_60_s_by_who_knew_it(
    account, authenticator, clock, presented
):
    authenticator.authenticate(presented)
    accounts.revoke_credential(presented.username, stamp_of(NOW))

    clock.seconds += CACHE_SECONDS - 0.25
    assert authenticator.authenticate(presented).account == account
    clock.seconds += 0.25
    with pytest.raises(UnauthorizedError):
        authenticator.authenticate(presented)
    assert [credential.revoked for credential in accounts.list_credentials(account.id)] == [True]


def test_authenticating_is_one_read_when_cold_and_none_when_warm(authenticator, presented, meter):
    authenticator.authenticate(presented)
    assert (meter.calls, meter.reads) == (["GetItem"], 1)

    authenticator.authenticate(presented)
    with pytest.raises(UnauthorizedError):
        authenticator.authenticate(PresentedCredential(presented.username, "wrong"))
    assert meter.calls == ["GetItem"]


def test_unknown_username_costs_what_a_wrong_secret_costs(table, authenticator, meter):
    for _ in range(2):
        with pytest.raises(UnauthorizedError):
            authenticator.authenticate(PresentedCredential(new_username(), "secret"))
    assert meter.calls == ["GetItem", "GetItem"]

    unknown = PresentedCredential(new_username(), "secret")
    for _ in range(2):
        with pytest.raises(UnauthorizedError):
            authenticator.authenticate(unknown)
    assert len(meter.calls) == 3


def test_guessing_usernames_takes_bounded_memory_and_evicts_the_oldest_but_no_known_one(
    account, authenticator, presented, meter
):
    def guess(number):
        with pytest.raises(UnauthorizedError):
            authenticator.authenticate(PresentedCredential(f"{number:016x}", "secret"))

    authenticator.authenticate(presented)
    for number in range(MAX_CACHE_ENTRIES + 1):
        guess(number)
    calls = len(meter.calls)

    assert authenticator.authenticate(presented).account == account
    guess(1)
    guess(MAX_CACHE_ENTRIES)
    assert len(meter.calls) == calls
    guess(0)
    assert len(meter.calls) == calls + 1
    assert len(authenticator._unknown._entries) == MAX_CACHE_ENTRIES


def test_clock_that_was_set_back_makes_no_revoked_credential_good_for_longer(
    authenticator, clock, presented
):
    authenticator.authenticate(presented)
    accounts.revoke_credential(presented.username, stamp_of(NOW))

    clock.seconds -= 1
    with pytest.raises(UnauthorizedError):
        authenticator.authenticate(presented)


def last_use_of(username):
    credential = stored.find_credential(username)
    assert credential
    return credential.last_used_on


def test_first_use_of_a_day_is_noted_once(account, authenticator, clock, unused, meter):
    issued = stamps_of([(keys.credential(unused.username), keys.CREDENTIAL)])
    assert last_use_of(unused.username) is None

    for day in (NOW.date(), NOW.date() + timedelta(days=1)):
        meter.calls.clear()
        for _ in range(2):
            authenticator.authenticate(unused)
            authenticator.authenticate(unused)
            clock.seconds += CACHE_SECONDS
        assert meter.calls.count("UpdateItem") == 1
        assert last_use_of(unused.username) == day
        clock.seconds += timedelta(days=1).total_seconds() - 2 * CACHE_SECONDS

    assert stamps_of(issued) == issued
    assert [each.last_used_on for each in accounts.list_credentials(account.id)] == [day]


def test_use_at_midnight_is_noted_though_the_credential_was_just_read(
    authenticator, clock, presented
):
    clock.seconds = datetime(2026, 2, 1, tzinfo=UTC).timestamp() - 1
    authenticator.authenticate(presented)
    clock.seconds += 1
    authenticator.authenticate(presented)

    assert str(last_use_of(presented.username)) == "2026-02-01"


def test_of_many_lambdas_none_takes_back_what_a_later_day_noted(table, unused):
    today = NOW.date()
    for day in (today, today, today - timedelta(days=1)):
        stored.note_use(unused.username, day)

    assert last_use_of(unused.username) == today


def test_refused_credential_is_not_used(table, clock, unused):
    with pytest.raises(UnauthorizedError):
        authenticator_of(clock).authenticate(PresentedCredential(unused.username, "wrong"))
    accounts.revoke_credential(unused.username, stamp_of(NOW))
    with pytest.raises(UnauthorizedError):
        authenticator_of(clock).authenticate(unused)

    assert last_use_of(unused.username) is None


def test_note_does_not_bring_back_a_credential_that_is_gone(table):
    stored.note_use("0" * 16, NOW.date())

    assert stored.find_credential("0" * 16) is None


@pytest.mark.real_engine
def test_note_that_fails_fails_no_request_and_is_tried_again_in_a_minute(
    account, engine, authenticator, clock, unused
):
    engine.fail("UpdateItem", deny)
    assert authenticator.authenticate(unused).account == account
    assert last_use_of(unused.username) is None

    clock.seconds += CACHE_SECONDS
    authenticator.authenticate(unused)
    assert last_use_of(unused.username) == NOW.date()


@pytest.mark.real_engine
def test_request_does_not_wait_for_the_note(account, engine, clock, unused):
    answered, noted = Event(), Event()

    def answer_late(slow, headers, body):
        answered.wait(10)
        answer = slow.pass_on(headers, body)
        noted.set()
        return answer

    engine.fail("UpdateItem", answer_late)
    assert Authenticator(clock).authenticate(unused).account == account
    assert last_use_of(unused.username) is None
    answered.set()
    assert noted.wait(10)
    assert last_use_of(unused.username) == NOW.date()


def test_credential_keeps_its_scope_and_its_label(account):
    accounts.issue_credential(account.id, stamp_of(NOW))
    accounts.issue_credential(account.id, stamp_of(NOW), scope=Scope.READ, label="Reports")

    listed = [(each.scope, each.label) for each in accounts.list_credentials(account.id)]
    assert sorted(listed, key=str) == [(Scope.FULL, None), (Scope.READ, "Reports")]


@pytest.mark.parametrize("label", ["", " ", "a" * 101, "\0"])
def test_label_that_we_do_not_take_is_refused(account, label):
    with pytest.raises(InvalidDataError, match="INVALID_DATA"):
        accounts.issue_credential(account.id, stamp_of(NOW), label=label)


def test_scope_of_a_later_version_is_never_taken_for_a_full_one(account, unused):
    item = CredentialItem(keys.credential(unused.username), keys.CREDENTIAL)
    item.update([CredentialItem.scope.set("import")])

    with pytest.raises(ValueError, match="import"):
        Authenticator().authenticate(unused)
    with pytest.raises(stored.UnreadableItemError, match=unused.username):
        accounts.list_credentials(account.id)


def test_what_is_missing_is_said_to_be(table):
    with pytest.raises(OperatorError, match="ACCOUNT_NOT_FOUND"):
        accounts.issue_credential("0" * 16, stamp_of(NOW))
    with pytest.raises(OperatorError, match="ACCOUNT_NOT_FOUND"):
        accounts.list_credentials("0" * 16)
    with pytest.raises(OperatorError, match="CREDENTIAL_NOT_FOUND"):
        accounts.revoke_credential("0" * 16, stamp_of(NOW))


def test_account_is_closed_with_its_credentials_when_nothing_is_left(account):
    one, other = (accounts.issue_credential(account.id, stamp_of(NOW))[0] for _ in range(2))
    later = NOW + accounts.TAKEN_AFTER_REVOCATION

    def assert_refused(when=later):
        with pytest.raises(OperatorError) as refused:
            accounts.close_account(account.id, when)
        assert refused.value.code is OperatorErrorCode.ACCOUNT_IN_USE

    accounts.revoke_credential(one.username, stamp_of(NOW))
    assert_refused()
    accounts.revoke_credential(other.username, stamp_of(NOW))
    assert_refused(later - timedelta(seconds=1))
    for put, take in kept_things(account):
        put()
        assert_refused()
        take()

    accounts.close_account(account.id, later)

    for call in (accounts.list_credentials, lambda id_: accounts.close_account(id_, later)):
        with pytest.raises(OperatorError) as gone:
            call(account.id)
        assert gone.value.code is OperatorErrorCode.ACCOUNT_NOT_FOUND
    for credential in (one, other):
        assert stored.find_credential(credential.username) is None


def kept_things(account):
    number = PhoneNumber("+37251000000")
    yield (
        lambda: contacts.create_contact(caller_of(account), number, {}, NOW),
        lambda: contacts.delete_contact(caller_of(account), number, NOW),
    )
    yield (
        lambda: blacklist.blacklist_number(caller_of(account), number, NOW),
        lambda: blacklist.allow_number(caller_of(account), number, NOW),
    )
    created = []
    yield (
        lambda: created.append(groups.create_group(caller_of(account), "Friends", NOW)),
        lambda: groups.delete_group(caller_of(account), created[0].id, NOW),
    )


def test_credential_that_is_issued_while_its_account_is_closed_does_not_outlive_it(account):
    """Issued behind the listing: the account stays. Issued behind the removal: it is refused."""
    late = accounts.issue_credential(account.id, stamp_of(NOW))[0]
    with pytest.raises(OperatorError, match="ACCOUNT_IN_USE"):
        stored.remove_account(account.id, [])
    assert stored.find_credential(late.username)

    stored.remove_account(account.id, [late.username])
    assert stored.put_credential(replace(late, username="0" * 16), stamp_of(NOW)) is False
    with pytest.raises(OperatorError, match="ACCOUNT_NOT_FOUND"):
        accounts.issue_credential(account.id, stamp_of(NOW))
    assert stored.find_credential("0" * 16) is None
