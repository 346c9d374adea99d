"""The transcripts on each dialect's page, run as they are printed, and answering as it says."""

import pytest

from chalicelib.dialects.all import DIALECTS
from tests.documented import transcripts
from tests.e2e.transcripts import checkout, run_script, same_each_time
from tests.paths import PROJECT

PAGES = sorted((PROJECT / "docs" / "dialects").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_transcripts_print_what_the_page_says_each_time(client, tmp_path, page):
    folder = checkout(tmp_path, client)

    assert transcripts(page)
    for transcript in transcripts(page) * 2:
        printed = run_script(transcript, folder)
        assert same_each_time(printed) == same_each_time(transcript.printed)


def test_transcripts_do_not_meet_what_others_left(client, tmp_path):
    folder = checkout(tmp_path, client)

    for page in [*reversed(PAGES), *PAGES]:
        for transcript in transcripts(page):
            printed = run_script(transcript, folder)
            assert same_each_time(printed) == same_each_time(transcript.printed), page.name


def test_every_dialect_has_a_page_which_is_in_the_readme():
    readme = (PROJECT / "README.md").read_text()

    assert {page.stem for page in PAGES} == {dialect.name for dialect in DIALECTS}
    assert all(f"(docs/dialects/{page.name})" in readme for page in PAGES)
