import pytest

from chalicelib.domain.errors import (
    EmailExistsError,
    ErrorCode,
    InvalidDataError,
    NotFoundError,
    OperatorError,
    OperatorErrorCode,
    Problem,
    ProblemCollector,
    RefusedError,
    UnauthorizedError,
    UnavailableError,
)


@pytest.mark.parametrize(
    ("error_of", "code"),
    [
        (NotFoundError, ErrorCode.GROUP_NOT_FOUND),
        (RefusedError, ErrorCode.LIST_TOO_LARGE),
        (lambda _: EmailExistsError(), ErrorCode.MEMBERSHIP_EXISTS),
        (OperatorError, OperatorErrorCode.ACCOUNT_IN_USE),
    ],
    ids=lambda each: getattr(each, "__name__", None),
)
def test_error_is_known_and_printed_by_its_code(error_of, code):
    error = error_of(code)

    assert error.code is code
    assert str(error) == code.name


def test_refusal_names_the_methods_that_are_taken():
    refusal = RefusedError(ErrorCode.METHOD_NOT_ALLOWED, allowed_methods=["GET", "PUT"])

    assert refusal.allowed_methods == ("GET", "PUT")


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
