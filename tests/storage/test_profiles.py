"""Profiles of contacts, and how many contacts are read for them."""

from benchmarks.use_cases.meter import Meter
from chalicelib.services import contacts
from chalicelib.services.profiles import list_profiles
from tests.storage.steps import create, number


def test_no_more_contacts_are_read_than_are_shown(account):
    for index in range(9):
        create(account, index)

    with Meter() as meter:
        found = contacts.list_contacts(account, expected=3)
        shown = [each.contact.phone_number for each in list_profiles(account, found, most=3)]

    assert shown == list(map(number, range(3)))
    # One for the contacts, and one for the groups that were deleted.
    assert meter.calls.count("Query") == 2
