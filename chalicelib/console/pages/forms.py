"""A form as it was typed, so that nothing is lost when it is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from chalicelib.console.visits import Fields


@dataclass(frozen=True, slots=True)
class Form:
    """What is in the fields of a form, and what is wrong with each.

    ``many`` has all values of the fields that may have several.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    many: Mapping[str, Sequence[str]] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    status: int = HTTPStatus.OK

    def value(self, name: str) -> str:
        """Return what is in a field; an empty text if nothing is."""
        return self.values.get(name, "")

    def has(self, name: str, value: str) -> bool:
        """Say whether a value is among those of a field."""
        return value in self.many.get(name, ())

    def refused(self, errors: Mapping[str, str], status: int = HTTPStatus.BAD_REQUEST) -> "Form":
        """Return the form with what is wrong with it."""
        return replace(self, errors=errors, status=status)


def as_typed(form: Fields) -> Form:
    """Return a form as it was sent."""
    return Form({name: values[-1] for name, values in form.items() if values}, form)
