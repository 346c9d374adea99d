"""What Schemathesis cannot know of our documents: it loads this module when it starts."""

import schemathesis
from hypothesis import strategies

NUMBERS = strategies.integers(min_value=37251000000, max_value=37251000019).map(str)
"""So few that the same one comes again: as a duplicate, or to be found."""

schemathesis.openapi.format("phone", NUMBERS.map("+{}".format) | NUMBERS)
