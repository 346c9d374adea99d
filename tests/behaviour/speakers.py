"""Everyone who speaks, and which stories they can tell."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from tests.behaviour import known_gaps
from tests.behaviour.atom import AtomSpeaker
from tests.behaviour.devino import DevinoSpeaker
from tests.behaviour.messagebird import MessagebirdSpeaker
from tests.behaviour.messente import MessenteSpeaker
from tests.behaviour.speaker import DETAILS, RefusedError, Speaker
from tests.behaviour.v2 import V2Speaker
from tests.served import Client

SPEAKERS: Final[tuple[type[Speaker], ...]] = (
    MessenteSpeaker,
    MessagebirdSpeaker,
    AtomSpeaker,
    DevinoSpeaker,
    V2Speaker,
)

NEEDED: Final[set[str]] = set()
"""Every step that some story needs, of those that may be a gap."""

_OUTSIDE_GROUPS: Final = "_outside_groups"
"""How a step ends that is said of a contact in no group, which some dialects cannot say."""


class MissingStepError(Exception):
    """A step was refused, and is one that the dialect has no words for."""


class Storyteller:
    """A speaker who tells a story, and knows which of its steps are gaps of the dialect.

    Only a refusal of such a step is a gap. Whatever else goes wrong is a story that is not true.
    """

    def __init__(self, kind: type[Speaker], gaps: Mapping[str, str], client: Client) -> None:
        self._kind = kind
        self._gaps = gaps
        self._speaker = kind(client)

    def __getattr__(self, step: str) -> Any:
        said = getattr(self._speaker, step.removesuffix(_OUTSIDE_GROUPS))
        return self._missing(step, said) if step in self._gaps else said

    def of(self, client: Client) -> "Storyteller":
        """Return somebody else who speaks the same dialect."""
        return Storyteller(self._kind, self._gaps, client)

    def _missing(self, step: str, said: Callable[..., Any]) -> Callable[..., Any]:
        def say(*arguments: Any) -> Any:
            try:
                return said(*arguments)
            except RefusedError as refusal:
                raise MissingStepError(f"{step}: {self._gaps[step]}") from refusal

        return say


def story(*steps: str) -> pytest.MarkDecorator:
    """Let a story be told by every speaker; each fails at the first step of it that is a gap."""
    NEEDED.update(steps)
    return pytest.mark.parametrize(
        "speaker",
        [_told_by(kind, _gaps_at(kind.dialect, steps)) for kind in SPEAKERS],
        indirect=True,
    )


def story_of_each_detail(gap: str | None = None) -> pytest.MarkDecorator:
    """Let a story be told of every detail that a dialect shows, or of those of one kind of gap."""
    return pytest.mark.parametrize(
        ("speaker", "detail"),
        [
            _told_by(kind, {}, detail)
            for kind in SPEAKERS
            for detail in DETAILS
            if known_gaps.DETAILS.get((kind.dialect, detail)) == gap
        ],
        indirect=["speaker"],
    )


def can(dialect: str, step: str) -> bool:
    """Say whether a step is no gap."""
    return (dialect, step) not in known_gaps.STEPS


def details_of(dialect: str) -> list[str]:
    """Return the details that a dialect has."""
    return [detail for detail in DETAILS if (dialect, detail) not in known_gaps.DETAILS]


def _gaps_at(dialect, steps):
    return {step: known_gaps.STEPS[dialect, step] for step in steps if not can(dialect, step)}


def _told_by(kind, gaps, *more):
    fails = pytest.mark.xfail(raises=MissingStepError, reason="; ".join(gaps.values()), strict=True)
    return pytest.param(
        (kind, gaps), *more, id="-".join([kind.dialect, *more]), marks=[fails] if gaps else []
    )
