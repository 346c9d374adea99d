"""What every vendor's account is read into: groups, contacts and opt-outs, in one shape.

Nothing in it is checked yet: the words are the vendor's, and :mod:`.reading` reads them.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from chalicelib.domain.field import FieldDefinition, Value
from chalicelib.domain.group import GroupKind
from chalicelib.domain.phone import Notation
from chalicelib.domain.text import has_lone_surrogate
from chalicelib.migrating.errors import VendorError
from chalicelib.migrating.gathered import Gathered
from chalicelib.migrating.vendor import Entry, VendorApi, VendorKey


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceGroup:
    """A group of a vendor. ``key`` is the vendor's id of it, which never changes."""

    key: str
    name: str
    kind: GroupKind = GroupKind.STANDARD
    fields: Sequence[FieldDefinition] = ()
    auto_delete: bool | None = None


@dataclass(frozen=True, slots=True)
class SourceField:
    """A typed field of a contact: its type's number, its value, and its name on screens."""

    type: int
    value: Value
    display_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceContact:
    """A contact of a vendor, with the keys of its groups.

    ``details`` are by our names, and hold only what is known. ``fields`` are by their names.
    """

    number: object
    details: Mapping[str, object]
    groups: Sequence[str]
    fields: Mapping[str, SourceField] = field(default_factory=dict)
    devices: Sequence[Any] = ()


@dataclass(frozen=True, slots=True)
class SourceOptOut:
    """A number that must not be messaged, and what the vendor says of it."""

    number: object
    note: str | None = None


class Source(ABC):
    """A vendor's account. Call :meth:`gather` before :meth:`opt_outs` and :meth:`contacts`.

    ``notation`` is how the vendor writes numbers without a plus, if it does. ``not_told`` is what
    its API does not tell at all. ``lost`` is what was read and cannot be kept, and how often.
    """

    notation: ClassVar[Notation | None] = None
    not_told: ClassVar[Sequence[str]]

    def __init__(self, api: VendorApi) -> None:
        self.lost: Counter[str] = Counter()
        self._api = api
        self._gathered = Gathered()

    @staticmethod
    @abstractmethod
    def authorization(key: VendorKey) -> str:
        """Return the header by which a credential is presented.

        Raises:
            InvalidDataError: The vendor has no such credentials.

        """

    @abstractmethod
    def groups(self) -> Iterator[SourceGroup]:
        """Yield all groups, in the vendor's order."""

    @abstractmethod
    def gather(self, groups: Sequence[SourceGroup]) -> Iterator[None]:
        """Read who is in which group, and yield after each membership."""

    def opt_outs(self) -> Iterator[SourceOptOut]:
        """Yield all opt-outs that the vendor tells: none, if it does not."""
        return iter(())

    @abstractmethod
    def contacts(self) -> Iterator[SourceContact]:
        """Yield each contact once, with its groups."""


def text_in(entry: object, name: str) -> str:
    """Return what an entry has under a name as a text; ids may be numbers.

    Raises:
        VendorError: It has none, or none that can be written.

    """
    value = entry.get(name) if isinstance(entry, dict) else None
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise VendorError(f"The vendor answered an entry without {name}")
    text = str(value)
    if has_lone_surrogate(text):
        raise VendorError(f"The vendor answered an entry whose {name} is no text")
    return text


def known_in(entry: Entry, names: Mapping[str, str]) -> dict[str, object]:
    """Return what an entry says under the vendor's *names*, by ours; null is unknown."""
    return {ours: entry[name] for name, ours in names.items() if entry.get(name) is not None}
