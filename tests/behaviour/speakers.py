"""Everyone who speaks, and which stories they can tell."""

from typing import Final

import pytest

from tests.behaviour import known_gaps
from tests.behaviour.atom import AtomSpeaker
from tests.behaviour.devino import DevinoSpeaker
from tests.behaviour.messagebird import MessagebirdSpeaker
from tests.behaviour.messente import MessenteSpeaker
from tests.behaviour.speaker import DETAILS, RefusedError, Speaker

SPEAKERS: Final[tuple[type[Speaker], ...]] = (
    MessenteSpeaker,
    MessagebirdSpeaker,
    AtomSpeaker,
    DevinoSpeaker,
)

NEEDED: Final[set[str]] = set()
"""Every step that some story needs, of those that may be a gap."""


def story(*steps: str) -> pytest.MarkDecorator:
    """Let a story be told by every speaker, and fail by those who have a gap at a step of it."""
    NEEDED.update(steps)
    return pytest.mark.parametrize(
        "speaker",
        [_told_by(kind, _gaps_at(kind.dialect, steps)) for kind in SPEAKERS],
        indirect=True,
    )


def story_of_each_detail() -> pytest.MarkDecorator:
    """Let a story be told by every speaker of every detail, and fail where it has none such."""
    return pytest.mark.parametrize(
        ("speaker", "detail"),
        [
            _told_by(kind, _gap_of(kind.dialect, detail), detail)
            for kind in SPEAKERS
            for detail in DETAILS
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
    return [known_gaps.STEPS[dialect, step] for step in steps if not can(dialect, step)]


def _gap_of(dialect, detail):
    reason = known_gaps.DETAILS.get((dialect, detail))
    return [] if reason is None else [reason]


def _told_by(kind, gaps, *more):
    fails = pytest.mark.xfail(
        raises=(RefusedError, AssertionError), reason="; ".join(gaps), strict=True
    )
    return pytest.param(
        kind, *more, id="-".join([kind.dialect, *more]), marks=[fails] if gaps else []
    )
