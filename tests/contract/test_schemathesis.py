"""Every dialect's document, tried against the app by Schemathesis, with good and bad data.

It runs as a program of its own, as its users run it: what it warns of while it generates data
is no concern of ours.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from chalicelib.dialects.messages import METHODS
from chalicelib.dialects.registry import DIALECTS
from tests.contract import schemathesis_hooks
from tests.openapi import DOCUMENTS
from tests.paths import PROJECT
from tests.sizes import EXAMPLES_OF_AN_OPERATION

CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
    "use_after_deletion",
    "ensure_resource_availability",
)
"""All but what no document can say: which numbers, of those that look like one, are possible, and
which cursors we gave out (``positive_data_acceptance``)."""

STRICT: Final = {"messente", "atom", "v2"}
"""Dialects that refuse all that their document does not allow. MessageBird's takes an empty
parameter for none, and so does Devino's, which also refuses a contact within a success."""

PHASES: Final = "coverage,fuzzing,stateful"
"""A phase of the documents' examples alone would try again what the first of these begins with."""

TRIED_METHODS: Final = sorted(set(METHODS) - {"HEAD"})
"""Those that API Gateway passes on, and whose answers have a body to look at."""

CONFIGURATION: Final = f"""
[headers]
Authorization = "${{AUTHORIZATION}}"

[phases.coverage]
unexpected-methods = {json.dumps(TRIED_METHODS)}
"""


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_app_does_what_the_document_says(client, dialect, tmp_path):
    checks = [*CHECKS, *(["negative_data_rejection"] if dialect.name in STRICT else [])]
    program = Path(sys.executable).with_name("schemathesis")
    configuration = tmp_path / "schemathesis.toml"
    configuration.write_text(CONFIGURATION)

    done = subprocess.run(
        [
            program,
            f"--config-file={configuration}",
            "run",
            DOCUMENTS[dialect.name].path,
            f"--url={client.url}",
            f"--checks={','.join(checks)}",
            f"--max-examples={EXAMPLES_OF_AN_OPERATION}",
            f"--phases={PHASES}",
            "--generation-deterministic",
            "--continue-on-failure",
            "--no-color",
        ],
        cwd=tmp_path,
        env=os.environ
        | {
            "AUTHORIZATION": client.authorization(DOCUMENTS[dialect.name].first_scheme),
            "PYTHONPATH": str(PROJECT),
            "SCHEMATHESIS_HOOKS": schemathesis_hooks.__name__,
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
