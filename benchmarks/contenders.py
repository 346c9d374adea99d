"""The phonebook, its floor and its peers: how they are called, and what each has to reach."""

from collections.abc import Mapping
from typing import Final

from benchmarks.report import Row, spread

PHONEBOOK: Final = "phonebook"
FLOOR: Final = "floor"
PEERS: Final[Mapping[str, str]] = {
    "fastapi_mangum": "FastAPI + Mangum + boto3",
    "powertools_resolver": "Powertools + boto3",
    "plain_chalice": "Chalice + PynamoDB",
}
NO_ENGINE: Final = "none, prepared answers in place of botocore's HTTP layer"


def compared(what: str, measured: Mapping[str, list[float]], *, floor_mark: float) -> list[Row]:
    """Return how the phonebook compares with the floor and with each peer, as ratios by round.

    *measured* has the figures of each contender, round by round.
    """
    rows = [
        ratio(f"{what}, phonebook ÷ floor", measured[PHONEBOOK], measured[FLOOR], mark=floor_mark)
    ]
    for peer, name in PEERS.items():
        if peer in measured:
            rows.append(
                ratio(
                    f"{what}, phonebook ÷ {name}",
                    measured[PHONEBOOK],
                    measured[peer],
                    mark=1,
                    below=True,
                )
            )
            rows.append(ratio(f"{what}, {name} ÷ floor", measured[peer], measured[FLOOR]))
    return rows


def ratio(
    name: str,
    ours: list[float],
    theirs: list[float],
    *,
    mark: float | None = None,
    below: bool = False,
) -> Row:
    """Return the median of the ratios by round, with their quartiles."""
    ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
    low, middle, high = spread(ratios)
    return Row(
        name=name,
        unit="×",
        measured=round(middle, 3),
        low=round(low, 3),
        high=round(high, 3),
        against=name.rpartition(" ÷ ")[2],
        mark=mark,
        below=below,
    )
