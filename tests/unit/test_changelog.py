"""The versions that the changelog speaks of, and that the project says it is."""

import re
import tomllib
from datetime import date

import yaml
from packaging.version import Version

from tests.paths import PROJECT

HEADINGS = re.findall(r"^## (.*)", (PROJECT / "CHANGELOG.md").read_text(), re.MULTILINE)
VERSION = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"]


def test_what_is_not_released_is_on_top_of_the_versions_and_their_dates():
    unreleased, *released = HEADINGS
    versions = [Version(heading.partition(" - ")[0]) for heading in released]
    dates = [date.fromisoformat(heading.partition(" - ")[2]) for heading in released]

    assert unreleased == "Unreleased"
    assert versions == sorted(set(versions), reverse=True)
    assert dates == sorted(dates, reverse=True)


def test_newest_version_is_the_one_that_the_project_says_it_is():
    documents = sorted((PROJECT / "docs/openapi").glob("*.yaml"))

    assert HEADINGS[1].partition(" - ")[0] == VERSION
    assert documents
    for document in documents:
        assert yaml.safe_load(document.read_text())["info"]["version"] == VERSION
