"""Which lists, and which contacts of a list, are asked for, and in which order."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from heapq import nlargest, nsmallest
from itertools import islice
from typing import Final, NamedTuple, TypeVar

from chalicelib.dialects.devino.fields import attribute_of, is_auto_deleting, push_info_of
from chalicelib.domain.contact import Contact
from chalicelib.domain.field import Field, FieldType
from chalicelib.domain.field_values import in_zone, texts_of_value
from chalicelib.domain.group import Group, GroupKind
from chalicelib.domain.text import composed

ItemT = TypeVar("ItemT")


class Operator(Enum):
    """How the value of a field is compared; always exactly, large and small letters too.

    An accented letter is the same however it is put together.
    """

    EQUALS = "EQUALS"
    NOT_EQUALS = "NOT_EQUALS"
    CONTAINS = "CONTAINS"
    STARTS_WITH = "STARTS_WITH"


class Channel(Enum):
    """By what a contact may be messaged."""

    SMS = "SMS"
    EMAIL = "EMAIL"
    VIBER = "VIBER"
    PUSH = "PUSH"


class State(Enum):
    """Whether a contact may be messaged."""

    SUBSCRIBED = "SUBSCRIBED"
    UNSUBSCRIBED = "UNSUBSCRIBED"


UNSUBSCRIBED_CHANNELS: Final = (Channel.SMS,)
"""What the blacklist is about: numbers. Nobody is known to be unsubscribed from the others."""


class Slice(NamedTuple):
    """Up to ``limit`` entries behind the first ``offset``; without a limit, all of them."""

    offset: int
    limit: int | None

    @property
    def end(self) -> int | None:
        """Behind which entry it ends, if it does."""
        return None if self.limit is None else self.offset + self.limit

    def of(self, items: Iterable[ItemT]) -> Iterator[ItemT]:
        """Yield the entries of *items* that are in it."""
        return islice(items, self.offset, self.end)


class Order(NamedTuple):
    """By which field contacts are sorted, by their numbers if by none, and which way round."""

    field: str | None
    descending: bool

    @property
    def is_by_number(self) -> bool:
        """Whether it is the order in which contacts are read."""
        return self.field in {None, "phone"} and not self.descending

    def first(
        self, contacts: Iterable[Contact], count: int | None, zone_offset: timedelta
    ) -> Iterable[Contact]:
        """Return the first *count* of *contacts* in this order, or all; equal ones by number."""
        if self.is_by_number:
            return contacts

        def key(contact: Contact) -> tuple[int, Decimal | str]:
            return _sort_key(attribute_of(contact, self.field or "phone", zone_offset))

        if count is None:
            return sorted(contacts, key=key, reverse=self.descending)
        return (nlargest if self.descending else nsmallest)(count, contacts, key=key)


class ListFilter(NamedTuple):
    """Which lists are asked for; None is any. ``start`` and ``end`` are as a client's clock."""

    name: str | None
    kinds: frozenset[GroupKind] | None
    start: datetime | None
    end: datetime | None
    auto_delete: bool | None

    def takes(self, group: Group, zone_offset: timedelta) -> bool:
        """Say whether a list is asked for."""
        created = in_zone(group.created_on, zone_offset)
        return (
            (self.name is None or composed(self.name) == composed(group.name))
            and (self.kinds is None or group.kind in self.kinds)
            and (self.start is None or self.start <= created)
            and (self.end is None or created <= self.end)
            and self.auto_delete in {None, is_auto_deleting(group)}
        )


class Subscription(NamedTuple):
    """Whether contacts are asked for that may be messaged, or those that may not.

    Of a channel that is not tracked, all contacts may.
    """

    state: State
    is_tracked: bool

    def takes(self, *, is_blacklisted: bool) -> bool:
        """Say whether a contact is asked for."""
        is_unsubscribed = self.is_tracked and is_blacklisted
        return is_unsubscribed == (self.state is State.UNSUBSCRIBED)


class ContactFilter(NamedTuple):
    """Which contacts are asked for; None is any."""

    field: str | None
    operator: Operator
    value: str
    push_token: str | None
    subscription: Subscription | None
    zone_offset: timedelta

    @property
    def takes_all(self) -> bool:
        """Whether no contact is left out."""
        return self.field is None and self.push_token is None and self.subscription is None

    def takes(self, contact: Contact) -> bool:
        """Say whether a contact is asked for, as far as it can tell without the blacklist."""
        tokens = {self.push_token}
        if self.push_token is not None:
            tokens = {device["pushToken"] for device in push_info_of(contact)}
        return self.push_token in tokens and (self.field is None or self._takes_value(contact))

    def _takes_value(self, contact: Contact) -> bool:
        texts = texts_of_value(attribute_of(contact, self.field or "", self.zone_offset).value)
        return _COMPARISONS[self.operator](list(map(composed, texts)), composed(self.value))


_COMPARISONS: Final[dict[Operator, Callable[[list[str], str], bool]]] = {
    Operator.EQUALS: lambda texts, wanted: wanted in texts,
    Operator.NOT_EQUALS: lambda texts, wanted: wanted not in texts,
    Operator.CONTAINS: lambda texts, wanted: any(wanted in text for text in texts),
    Operator.STARTS_WITH: lambda texts, wanted: any(text.startswith(wanted) for text in texts),
}
"""A contact without the field is only ever one that does not equal."""


def _sort_key(field: Field) -> tuple[int, Decimal | str]:
    """Return by what a contact is sorted: having nothing, then numbers by size, then texts."""
    texts = list(texts_of_value(field.value))
    if not texts:
        return 0, ""
    if field.definition.type is FieldType.NUMBER and len(texts) == 1:
        return 1, Decimal(texts[0])
    return 2, " ".join(texts)
