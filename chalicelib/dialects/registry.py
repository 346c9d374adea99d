"""All dialects, and which one answers a path."""

from typing import Final

from chalicelib.dialects.atom import ATOM
from chalicelib.dialects.devino import DEVINO
from chalicelib.dialects.dialect import Dialect
from chalicelib.dialects.messagebird import MESSAGEBIRD
from chalicelib.dialects.messente import MESSENTE
from chalicelib.dialects.v2 import V2

DIALECTS: Final[tuple[Dialect, ...]] = (MESSENTE, MESSAGEBIRD, ATOM, DEVINO, V2)


def dialect_of(path: str) -> Dialect:
    """Return the dialect that answers *path*: the primary one if no other does."""
    return next((dialect for dialect in DIALECTS if dialect.owns(path)), MESSENTE)
