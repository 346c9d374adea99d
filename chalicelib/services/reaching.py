"""Reaching a contact by whatever it is asked for."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TypeVar

from chalicelib.domain.account import Account
from chalicelib.domain.caller import Caller
from chalicelib.domain.contact import Contact, ContactKey
from chalicelib.domain.errors import ErrorCode, NotFoundError, UnavailableError
from chalicelib.domain.phone import PhoneNumber
from chalicelib.storage import contact_items
from chalicelib.storage.dynamodb.tries import DECISION_TRIES, tries
from chalicelib.storage.rewrites import rewrite

ResultT = TypeVar("ResultT")


def reach(
    account: Account, key: ContactKey, act: Callable[[PhoneNumber, int | None], ResultT]
) -> ResultT:
    """Let *act* have the number of a contact, and the id that it must find there, if any.

    A contact that is asked for by its id is looked for again when *act* does not find it where
    it was: its number may have been changed in between.

    Raises:
        NotFoundError: There is no such contact, or *act* says so of something else.
        UnavailableError: Its number was changed at every try.

    """
    if isinstance(key, PhoneNumber):
        return act(key, None)
    phone_number = contact_items.find_number(account.id, key)
    for _ in tries(DECISION_TRIES):
        try:
            return act(phone_number, key)
        except NotFoundError as error:
            if error.code is not ErrorCode.CONTACT_NOT_FOUND:
                raise
            looked_at, phone_number = phone_number, contact_items.find_number(account.id, key)
            if phone_number == looked_at:
                raise
    raise UnavailableError(ErrorCode.BUSY)


def rewrite_contact(
    caller: Caller, key: ContactKey, change: Callable[[Contact], Contact], now: datetime
) -> Contact:
    """Write a contact as *change* returns it, and return it.

    Raises:
        NotFoundError: There is no such contact.
        ConflictError: There is another contact of its new number.
        RefusedError: It is in too many groups to change so much at once.

    """

    def change_if_found(contact: Contact | None) -> Contact:
        if contact is None:
            raise NotFoundError(ErrorCode.CONTACT_NOT_FOUND)
        return change(contact)

    find = partial(reach, caller.account, key, partial(contact_items.get_stored, caller.account.id))
    return rewrite(caller.account.id, find, change_if_found, now)
