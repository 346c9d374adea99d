"""Filters for contacts and groups, their order, and the part to return."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum, auto
from heapq import nlargest, nsmallest
from itertools import islice
from typing import Final, TypeAlias, TypeVar

from chalicelib.domain.contact import Contact
from chalicelib.domain.field import Field, FieldType
from chalicelib.domain.field_values import in_zone, texts_of_value
from chalicelib.domain.group import Group, GroupKind
from chalicelib.domain.text import composed

ItemT = TypeVar("ItemT")

Attribute: TypeAlias = Callable[[Contact], Field]
"""Returns the field of a contact to compare or to sort by."""

_UTC: Final = timedelta(0)


class Operator(Enum):
    """How to compare values. The letter case counts.

    Composed and decomposed forms of an accented letter are equal.
    """

    EQUALS = auto()
    NOT_EQUALS = auto()
    CONTAINS = auto()
    STARTS_WITH = auto()


@dataclass(frozen=True, slots=True)
class Comparison:
    """An attribute of a contact, an operator, and the value to compare with."""

    attribute: Attribute
    operator: Operator
    value: str

    def takes(self, contact: Contact) -> bool:
        """Say whether a contact matches. Of several values, any one may match.

        For NOT_EQUALS, none may be equal; so a contact without a value matches only this.
        """
        texts = list(map(composed, texts_of_value(self.attribute(contact).value)))
        return _COMPARISONS[self.operator](texts, composed(self.value))


@dataclass(frozen=True, slots=True)
class ContactFilter:
    """Takes the contacts that meet every condition.

    ``is_blacklisted`` says whether their numbers must be on the blacklist, or must not be on it.
    None takes both.
    """

    conditions: tuple[Callable[[Contact], bool], ...] = ()
    is_blacklisted: bool | None = None

    @property
    def takes_all(self) -> bool:
        """Whether it takes every contact."""
        return not self.conditions and self.is_blacklisted is None

    def takes(self, contact: Contact) -> bool:
        """Say whether a contact meets the conditions; does not look at the blacklist."""
        return all(condition(contact) for condition in self.conditions)


@dataclass(frozen=True, slots=True)
class GroupFilter:
    """Takes the groups that meet every condition; None takes any.

    They were created between ``start`` and ``end``, inclusive, on clocks at ``zone_offset``.
    """

    name: str | None = None
    kinds: frozenset[GroupKind] | None = None
    start: datetime | None = None
    end: datetime | None = None
    zone_offset: timedelta = _UTC
    conditions: tuple[Callable[[Group], bool], ...] = ()

    def takes(self, group: Group) -> bool:
        """Say whether a group meets every condition."""
        created = in_zone(group.created_on, self.zone_offset)
        return (
            (self.name is None or composed(self.name) == composed(group.name))
            and (self.kinds is None or group.kind in self.kinds)
            and (self.start is None or self.start <= created)
            and (self.end is None or created <= self.end)
            and all(condition(group) for condition in self.conditions)
        )


@dataclass(frozen=True, slots=True)
class Order:
    """How to sort contacts: by an attribute, or without one by their numbers."""

    attribute: Attribute | None = None
    descending: bool = False

    @property
    def is_as_read(self) -> bool:
        """Whether this is the order in which storage yields contacts."""
        return self.attribute is None and not self.descending

    def first(self, contacts: Iterable[Contact], count: int | None) -> Iterable[Contact]:
        """Return the first *count* of *contacts* in this order, or all; the sort is stable."""
        if self.is_as_read:
            return contacts
        if count is None:
            return sorted(contacts, key=self._key, reverse=self.descending)
        return (nlargest if self.descending else nsmallest)(count, contacts, key=self._key)

    def _key(self, contact: Contact) -> tuple[int, Decimal | str]:
        """Return a sort key: contacts without a value first, then numbers by size, then texts."""
        if self.attribute is None:
            return 2, contact.phone_number.e164
        field = self.attribute(contact)
        texts = list(texts_of_value(field.value))
        if not texts:
            return 0, ""
        if field.definition.type is FieldType.NUMBER and len(texts) == 1:
            return 1, Decimal(texts[0])
        return 2, " ".join(texts)


@dataclass(frozen=True, slots=True)
class Slice:
    """Up to ``limit`` entries after the first ``offset`` ones; without a limit, all of them."""

    offset: int
    limit: int | None

    @property
    def end(self) -> int | None:
        """The number of entries up to its end, or None if it has no limit."""
        return None if self.limit is None else self.offset + self.limit

    def of(self, items: Iterable[ItemT]) -> Iterator[ItemT]:
        """Yield the entries of *items* that are in the slice."""
        return islice(items, self.offset, self.end)


_COMPARISONS: Final[dict[Operator, Callable[[list[str], str], bool]]] = {
    Operator.EQUALS: lambda texts, wanted: wanted in texts,
    Operator.NOT_EQUALS: lambda texts, wanted: wanted not in texts,
    Operator.CONTAINS: lambda texts, wanted: any(wanted in text for text in texts),
    Operator.STARTS_WITH: lambda texts, wanted: any(text.startswith(wanted) for text in texts),
}
