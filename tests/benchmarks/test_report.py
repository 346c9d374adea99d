"""What is documented is what was measured."""

import pytest

from benchmarks.__main__ import FIGURES, FINDINGS, documented, newest_results, shown
from benchmarks.report import Row, Subject, as_findings, as_json, as_text, from_json
from infra.documents import put_into

WORDS_OF_A_PAGE = 1_000


def subject(*rows):
    return Subject(name="some", title="Some", engine="none", method="Counted.", rows=list(rows))


def row(measured, mark, *, below=False):
    return Row(name="it", unit="calls", measured=measured, against="that", mark=mark, below=below)


@pytest.mark.parametrize("document", documented(newest_results()), ids=lambda path: path.stem)
def test_documents_have_the_figures_of_the_last_run(document):
    its_tables = documented(newest_results())[document]

    assert its_tables
    assert put_into(document.read_text(), its_tables) == document.read_text()


def test_every_subject_has_a_figure_among_the_findings():
    assert {result.name for result in newest_results()} == set(FIGURES)


def test_findings_explain_every_mark_that_was_missed():
    explained = FINDINGS.read_text().partition("## What was missed")[2]

    for result in newest_results():
        assert not result.missed or f"**{result.title}**" in explained


def test_findings_are_one_page():
    before, _, rest = FINDINGS.read_text().partition("<!-- table: found -->")
    prose = before + rest.partition("<!-- end -->")[2]

    assert len(prose.split()) <= WORDS_OF_A_PAGE


def test_findings_say_how_many_marks_were_reached():
    measured = subject(row(1, 2), row(3, 2), row(4, None))
    found = as_findings([measured], {"some": ["it"]})

    assert found.splitlines()[2:] == ["| Some | 1 of 2 | it | 4 calls | that |  |"]


def test_figure_that_was_not_measured_is_refused():
    with pytest.raises(KeyError):
        as_findings([subject(row(1, 2))], {"some": ["another"]})


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
