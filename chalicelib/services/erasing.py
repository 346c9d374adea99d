"""Forgetting a person: everything that is known of a number, but not that it must be left alone."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from chalicelib.domain.account import Account
from chalicelib.domain.caller import Caller
from chalicelib.domain.changes import number_id
from chalicelib.domain.contact import Contact, ContactKey, Ending
from chalicelib.domain.errors import ErrorCode, NotFoundError
from chalicelib.domain.ledger import LedgerEntry, OptOut
from chalicelib.domain.phone import PhoneNumber
from chalicelib.services import jobs
from chalicelib.services.indexing import forget_entries
from chalicelib.services.profiles import Profile, profile_of
from chalicelib.services.threads import in_threads
from chalicelib.storage import blacklist, change_feed, contacts, memberships, suppression


class Everything(NamedTuple):
    """All that is kept about a person: the contact and its groups, and the number's history.

    ``joined_on`` has the moment at which the contact joined each of its groups, by their ids.
    """

    phone_number: PhoneNumber
    profile: Profile | None
    joined_on: dict[int, datetime]
    opt_out: OptOut | None
    ledger: Sequence[LedgerEntry]


def erase(caller: Caller, key: ContactKey, now: datetime, *, keeps_opt_out: bool = False) -> bool:
    """Erase a contact, and the opt-out and the ledger of its number. Return if it is suppressed.

    A number that is blacklisted stays stopped, as a keyed hash; any other only if *keeps_opt_out*.
    A number without a contact is erased too. Imports and exports that have ended are forgotten,
    with their files. This may be repeated after it was broken off: the contact goes last.

    Raises:
        NotFoundError: Nothing is known of it.
        ConflictError: An import is running.
        UnavailableError: Others changed the number or the contact at every try.

    """
    account_id, stamp = caller.account.id, caller.stamp(now)
    number = _number_of(caller.account, key)
    jobs.refuse_if_import_runs(caller.account, now)
    is_known = blacklist.find_opt_out(account_id, number) is not None
    if keeps_opt_out and (is_known or _find_contact(caller.account, key)):
        suppression.suppress(account_id, number, stamp)
    blacklist.forget_number(account_id, number, stamp)
    change_feed.forget_number(account_id, number_id(caller.account.cursor_key, number.e164))
    jobs.forget_files(caller, now)
    try:
        contacts.delete_contact(account_id, key, stamp, ending=Ending.ERASED)
    except NotFoundError:
        if not is_known:
            raise
    forget_entries(account_id, number)
    # Again: an export may have read the contact since then.
    jobs.forget_files(caller, now)
    return bool(suppression.suppressed_since(account_id, [number]))


def retrieve_everything(account: Account, key: ContactKey) -> Everything:
    """Return all that is kept about a person, for a request of access.

    Raises:
        NotFoundError: Nothing is known of the contact or the number.

    """
    contact = _find_contact(account, key)
    number = _number_of(account, key)
    opt_out = blacklist.find_opt_out(account.id, number)
    if contact is None and opt_out is None:
        raise NotFoundError(ErrorCode.CONTACT_NOT_FOUND)
    found = blacklist.list_ledger(account.id, number, before=None, expected=None)
    return Everything(
        phone_number=number,
        profile=profile_of(account, contact) if contact else None,
        joined_on=_joined_on(account, contact) if contact else {},
        opt_out=opt_out,
        ledger=[entry for _, entry in found],
    )


def _number_of(account: Account, key: ContactKey) -> PhoneNumber:
    if isinstance(key, PhoneNumber):
        return key
    return contacts.get_contact(account.id, key).phone_number


def _find_contact(account: Account, key: ContactKey) -> Contact | None:
    with suppress(NotFoundError):
        return contacts.get_contact(account.id, key)
    return None


def _joined_on(account: Account, contact: Contact) -> dict[int, datetime]:
    def moment_in(group_id: int) -> tuple[int, datetime | None]:
        return group_id, memberships.joined_on(account.id, group_id, contact.phone_number)

    each = in_threads(moment_in, sorted(contact.group_ids))
    return {group_id: moment for group_id, moment in each if moment}
