"""What a text field may hold."""

from chalicelib.domain.errors import InvalidDataError


def checked_text(field: str, value: object, *, longest: int, shortest: int = 0) -> str:
    """Return *value* as the text of *field*, ``shortest`` to ``longest`` characters.

    Raises:
        InvalidDataError: It is not a string, of another length, or holds characters
            that cannot be stored or sent on: NUL, or half of a surrogate pair.

    """
    if not isinstance(value, str):
        raise InvalidDataError.of(field, "must be a string")
    if len(value) < shortest:
        raise InvalidDataError.of(field, "must not be empty")
    if len(value) > longest:
        raise InvalidDataError.of(field, f"must be at most {longest} characters long")
    if "\0" in value:
        raise InvalidDataError.of(field, "must not contain a NUL character")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise InvalidDataError.of(field, "must not contain a lone surrogate")
    return value
