import subprocess
import sys

import pytest

from chalicelib.settings import TABLE_VARIABLE
from infra.local import engine
from tests.paths import PROJECT


@pytest.fixture
def phonebook(ministack):
    """Run the command line on the tests' table; return what it printed, or why it failed."""
    environment = {**engine.environment(ministack.endpoint), TABLE_VARIABLE: ministack.table}

    def run(*arguments, code=0, **overrides):
        done = subprocess.run(
            [sys.executable, "-m", "chalicelib.cli", *arguments],
            cwd=PROJECT,
            env=environment | overrides,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout if code == 0 else done.stderr

    return run
