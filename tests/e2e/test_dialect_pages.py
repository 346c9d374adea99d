"""The transcripts on the pages of docs, run as they are printed, and answering as they say."""

import pytest

from chalicelib.dialects.registry import DIALECTS
from tests.e2e.transcripts import run_script, same_each_time, transcripts
from tests.paths import PROJECT

DIALECT_PAGES = sorted((PROJECT / "docs" / "dialects").glob("*.md"))
PAGES = [page for page in sorted((PROJECT / "docs").rglob("*.md")) if transcripts(page)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_transcripts_print_what_the_page_says_each_time(checkout, page):
    for transcript in transcripts(page) * 2:
        printed = run_script(transcript, checkout)
        assert same_each_time(printed) == same_each_time(transcript.printed)


def test_transcripts_do_not_meet_what_others_left(checkout):
    for page in [*reversed(PAGES), *PAGES]:
        for transcript in transcripts(page):
            printed = run_script(transcript, checkout)
            assert same_each_time(printed) == same_each_time(transcript.printed), page.name


def test_every_dialect_has_a_page_which_is_in_the_readme():
    readme = (PROJECT / "README.md").read_text()

    assert {page.stem for page in DIALECT_PAGES} == {dialect.name for dialect in DIALECTS}
    assert set(DIALECT_PAGES) <= set(PAGES)
    assert all(f"(docs/dialects/{page.name})" in readme for page in DIALECT_PAGES)
