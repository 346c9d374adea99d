"""A group that an operator names."""

from chalicelib.domain.account import Account
from chalicelib.domain.errors import ErrorCode, InvalidDataError, NotFoundError
from chalicelib.domain.group import Group
from chalicelib.domain.ids import id_of_uuid, is_uuid, uuid_of
from chalicelib.domain.text import composed
from chalicelib.services import groups


def find_group(account: Account, text: str) -> Group | None:
    """Return the group of an id, or the one group of a name, or None if no group has the name.

    Raises:
        NotFoundError: There is no group with this id.
        InvalidDataError: Several groups have this name.

    """
    if is_uuid(text):
        return groups.retrieve_group(account, id_of_uuid(text) or 0)
    name = composed(text)
    found = [group for group in groups.list_groups(account) if composed(group.name) == name]
    if len(found) > 1:
        ids = ", ".join(uuid_of(each.id) for each in found)
        raise InvalidDataError.of("group", f"several are called {text}: name one of {ids}")
    return found[0] if found else None


def group_named(account: Account, text: str) -> Group:
    """Return the group of an id, or the one group of a name.

    Raises:
        NotFoundError: There is none.
        InvalidDataError: Several groups have this name.

    """
    group = find_group(account, text)
    if group is None:
        raise NotFoundError(ErrorCode.GROUP_NOT_FOUND)
    return group
