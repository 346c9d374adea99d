"""All vendors from which a company can move in."""

from collections.abc import Mapping
from typing import Final

from chalicelib.migrating.atom import Atom
from chalicelib.migrating.devino import Devino
from chalicelib.migrating.messagebird import MessageBird
from chalicelib.migrating.messente import Messente
from chalicelib.migrating.source import Source

VENDORS: Final[Mapping[str, type[Source]]] = {
    "messente": Messente,
    "messagebird": MessageBird,
    "atom": Atom,
    "devino": Devino,
}
