import pytest

from chalicelib.domain.errors import (
    ErrorCode,
    InvalidDataError,
    NotFoundError,
    Problem,
    ProblemCollector,
    UnauthorizedError,
    UnavailableError,
)

BAD_NAME = Problem("name", "is bad")
BAD_DATE = Problem("date", "is worse")


def test_collector_tells_every_problem_of_every_field_at_once_in_their_order():
    problems = ProblemCollector()
    with problems:
        raise InvalidDataError([BAD_NAME, BAD_DATE])
    with problems:
        pass
    with problems:
        raise InvalidDataError.of("title", "is long")

    assert len(problems) == 3
    with pytest.raises(InvalidDataError) as refusal:
        problems.raise_if_any()
    assert refusal.value.found == (BAD_NAME, BAD_DATE, Problem("title", "is long"))


def test_collector_that_found_nothing_refuses_nothing():
    problems = ProblemCollector()
    with problems:
        pass

    problems.raise_if_any()
    assert len(problems) == 0


@pytest.mark.parametrize(
    "error",
    [
        NotFoundError(ErrorCode.GROUP_NOT_FOUND),
        UnauthorizedError(),
        UnavailableError(ErrorCode.BUSY),
        ValueError(),
        KeyboardInterrupt(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_collector_keeps_problems_and_lets_everything_else_through(error):
    problems = ProblemCollector()

    with pytest.raises(type(error)) as raised, problems:
        raise error

    assert raised.value is error
    problems.raise_if_any()
