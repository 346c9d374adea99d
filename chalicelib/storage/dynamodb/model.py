"""The PynamoDB model of every item: its keys, the index, and attributes for whole numbers."""

from typing import Any

from pynamodb.attributes import Attribute, UnicodeAttribute
from pynamodb.constants import NUMBER, NUMBER_SET
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model


class IntegerAttribute(Attribute[int]):
    """A whole number."""

    attr_type = NUMBER

    def serialize(self, value: int) -> str:
        """Return DynamoDB's form of it."""
        return str(value)

    def deserialize(self, value: str) -> int:
        """Return the number in DynamoDB's form."""
        return int(value)


class IntegerSetAttribute(Attribute[set[int]]):
    """A set of whole numbers. DynamoDB has no empty sets, so an empty one is not stored."""

    attr_type = NUMBER_SET
    null = True

    def serialize(self, value: set[int]) -> list[str] | None:
        """Return DynamoDB's form of it."""
        return list(map(str, value)) or None

    def deserialize(self, value: list[str]) -> set[int]:
        """Return the numbers in DynamoDB's form."""
        return set(map(int, value))


class SparseIndex(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]  # PynamoDB's own
    """``GSI1``. It has the keys of only those items that have its two attributes."""

    class Meta:
        """The index's name and projection."""

        index_name = "GSI1"
        projection = KeysOnlyProjection()

    gsi1pk = UnicodeAttribute(hash_key=True, attr_name="GSI1PK")
    gsi1sk = UnicodeAttribute(range_key=True, attr_name="GSI1SK")


class Item(Model):
    """Any item: its keys, and the table that :func:`..connection.connect` names."""

    class Meta:
        """The item's table."""

        table_name: str

    pk = UnicodeAttribute(hash_key=True, attr_name="PK")
    sk = UnicodeAttribute(range_key=True, attr_name="SK")
    gsi1pk = UnicodeAttribute(null=True, attr_name="GSI1PK")
    gsi1sk = UnicodeAttribute(null=True, attr_name="GSI1SK")
    index = SparseIndex()
