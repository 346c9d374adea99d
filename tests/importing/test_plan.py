"""The plan of an import: parts that can be written by themselves, and an outcome for each row."""

import random
import tracemalloc
from itertools import chain

import pytest

from chalicelib.domain.errors import ErrorCode, InvalidDataError, NotFoundError
from chalicelib.domain.imports import ImportRow, UnreadableFileError
from chalicelib.domain.ledger import Reason
from chalicelib.domain.phone import PhoneNumber
from chalicelib.importing import plan as planning
from chalicelib.importing.plan import PART_ROWS, Plan, RowOutcome
from tests.importing.reading import opened


@pytest.fixture
def plan(tmp_path):
    with Plan(tmp_path / "plan") as plan:
        yield plan


def row(index, **said):
    return ImportRow(phone_number=PhoneNumber(f"+3725{index:07d}"), **said)


def test_rows_come_back_as_they_were(plan):
    rows = [
        row(1),
        row(2, details={"title": None, "email": ""}, attributes={"a": None, "b": "x"}),
        row(3, groups=("A", "B"), stop=Reason.REQUEST, note="x", is_contact=False),
    ]
    for line, each in enumerate(rows, 2):
        plan.add(line, each)

    assert sorted(chain(*plan.parts())) == [(2, rows[0]), (3, rows[1]), (4, rows[2])]
    assert plan.groups() == ["A", "B"]


def test_rows_of_one_number_are_in_one_part_and_in_their_order(plan):
    lines = list(range(3_000))
    numbers = [index % 700 for index in lines]
    random.Random(1).shuffle(numbers)
    for line, number in zip(lines, numbers, strict=True):
        plan.add(line, row(number))

    parts = list(plan.parts())

    assert sorted(line for part in parts for line, _ in part) == lines
    assert all(PART_ROWS <= len(part) < PART_ROWS + 10 for part in parts[:-1])
    for number in range(700):
        (within,) = [
            found for part in parts
            if (found := [line for line, each in part if each == row(number)])
        ]  # fmt: skip
        assert within == sorted(within)


def test_neighbours_in_a_file_are_not_written_together(plan):
    for index in range(4 * PART_ROWS):
        plan.add(index, row(index))

    first = [line for line, _ in next(plan.parts())]

    assert len({line // PART_ROWS for line in first}) == 4


def test_more_rows_of_one_number_than_are_held_at_once_are_rejected(plan, monkeypatch):
    monkeypatch.setattr(planning, "MAX_ROWS_OF_A_NUMBER", 3)
    for line in range(5):
        plan.add(line, row(7))

    assert [[line for line, _ in part] for part in plan.parts()] == [[0, 1, 2]]
    assert [each.line for each in plan.rejections(9)] == [3, 4]


def test_outcome_that_was_kept_stays(plan):
    plan.record([RowOutcome(2, "created", "id")])
    plan.record([RowOutcome(2, "unchanged", "id"), RowOutcome(3, "duplicate", "id", 2)])
    plan.add_rejected(4, InvalidDataError.of("Phone", "is odd"))
    plan.add_rejected(5, NotFoundError(ErrorCode.GROUP_NOT_FOUND))

    assert plan.counts() == {"created": 1, "duplicate": 1, "rejected": 2}
    assert [plan.why_rejected(line) for line in (2, 4, 5, 6)] == [
        None, "Phone: is odd", "a group that it names is gone", None,
    ]  # fmt: skip


def test_file_of_too_many_rows_is_refused(plan, monkeypatch):
    monkeypatch.setattr(planning, "MAX_IMPORT_ROWS", 2)
    plan.add(1, row(1))
    plan.add_rejected(2, InvalidDataError.of("row", "x"))

    with pytest.raises(UnreadableFileError, match="The file has more than 2 rows"):
        plan.add(3, row(2))


def test_memory_does_not_grow_with_the_file(tmp_path):
    most = []
    for size in (2_000, 20_000):
        text = "Phone,First Name,Group\n" + "".join(
            f"+3725{index:07d},Mari {index},G{index % 9}\n" for index in range(size)
        )
        source = opened(text)
        tracemalloc.start()
        with Plan(tmp_path / str(size)) as plan:
            plan.take(source.rows())
            assert sum(map(len, plan.parts())) == size
        most.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert most[1] < 1.2 * most[0]
