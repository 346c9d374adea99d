"""What there is, what is due, who opted out, and what changed last."""

from collections.abc import Mapping
from datetime import date
from typing import Final, NamedTuple

from chalicelib.console.pages.changes import latest
from chalicelib.console.rendering import page
from chalicelib.console.visits import Answer, Visit, Who
from chalicelib.services.surveying import survey

CHANGES_SHOWN: Final = 10
_HEIGHT: Final = 100
_STEP: Final = 10
_WIDTH: Final = 7


class Bar(NamedTuple):
    """A bar of a plot: where it stands, how high it is, and of what."""

    x: int
    y: int
    width: int
    height: int
    day: date
    many: int


def show(visit: Visit, who: Who) -> Answer:
    """Show the overview."""
    account, today = who.known.account, visit.received_on.date()
    found = survey(account, today)
    return page(
        visit,
        who,
        "overview.html",
        survey=found,
        due=bars(found.due),
        opt_outs=None if found.opt_outs_by_week is None else bars(found.opt_outs_by_week),
        changes=latest(account, visit.received_on, limit=CHANGES_SHOWN),
    )


def bars(counts: Mapping[date, int]) -> list[Bar]:
    """Return the bars of a plot; the highest is as high as the plot, and none is lower than it is.

    A count that is not zero can be seen, however small it is beside the others.
    """
    most = max(counts.values(), default=0) or 1
    found = []
    for place, (day, many) in enumerate(counts.items()):
        height = max(round(_HEIGHT * many / most), 2) if many else 0
        found.append(Bar(_STEP * place, _HEIGHT - height, _WIDTH, height, day, many))
    return found
