"""What is documented is what was measured."""

from benchmarks.__main__ import DOCUMENT, newest_results, shown, tables
from benchmarks.growth.tables import put_into
from benchmarks.report import Row, Subject, as_json, as_text, from_json


def subject(*rows):
    return Subject(name="some", title="Some", engine="none", method="Counted.", rows=list(rows))


def row(measured, mark, *, below=False):
    return Row(name="it", unit="calls", measured=measured, against="that", mark=mark, below=below)


def test_document_has_the_figures_of_the_last_run():
    results = newest_results()

    assert results
    assert put_into(DOCUMENT.read_text(), tables(results)) == DOCUMENT.read_text()


def test_document_explains_every_mark_that_was_missed():
    explained = DOCUMENT.read_text().partition("## What was missed")[2]

    for result in newest_results():
        assert not result.missed or f"**{result.title}**" in explained


def test_mark_is_reached_at_it_or_asked_for_below_it():
    assert row(1, 1).reached
    assert not row(1, 1, below=True).reached
    assert not row(2, 1).reached
    assert row(2, None).reached is None


def test_results_are_read_as_they_were_written():
    measured = [subject(row(1.5, 2), row(3, 2))]

    assert from_json(as_json(measured)) == measured


def test_missed_mark_is_told():
    measured = subject(row(1, 2), row(3, 2))

    assert measured.missed == [row(3, 2)]
    assert "**no**" in as_text(measured)


def test_quick_run_shows_figures_only_if_a_mark_is_missed():
    reached, missed = subject(row(2, 2), row(1, None)), subject(row(1, 2), row(3, 2))

    assert shown(reached, quick=True) == "Some: 1 of 1 marks reached"
    assert shown(missed, quick=True) == f"{as_text(missed)}\n"
    assert shown(reached, quick=False) == f"{as_text(reached)}\n"
