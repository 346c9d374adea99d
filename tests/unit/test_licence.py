"""Under which licence the code is, and that the whole project says the same."""

import hashlib
import tomllib

from tests.paths import PROJECT

APACHE_2_AS_PUBLISHED = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"


def test_licence_is_the_unchanged_text_of_what_the_metadata_name():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]

    assert project["license"] == "Apache-2.0"
    assert "LICENSE" in project["license-files"]
    assert hashlib.sha256((PROJECT / "LICENSE").read_bytes()).hexdigest() == APACHE_2_AS_PUBLISHED


def test_licence_of_every_part_of_others_is_there():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]

    for file in project["license-files"]:
        assert (PROJECT / file).read_text().strip()
