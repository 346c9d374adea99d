"""What Schemathesis cannot know of our documents: it loads this module when it starts."""

import schemathesis
from hypothesis import strategies
from schemathesis.specs.openapi.checks import use_after_free

NUMBERS = strategies.integers(min_value=37251000000, max_value=37251000019).map(str)
"""So few that the same one comes again: as a duplicate, or to be found."""

schemathesis.openapi.format("phone", NUMBERS.map("+{}".format) | NUMBERS)

JOBS = ("/v2/imports/", "/v2/exports/")
"""Where DELETE cancels a job, which stays and says so."""


@schemathesis.check
def use_after_deletion(ctx, response, case):
    """Find what can be used after it was deleted."""
    return None if case.path.startswith(JOBS) else use_after_free(ctx, response, case)
