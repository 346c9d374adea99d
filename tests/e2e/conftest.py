import json
import sys

import pytest

from chalicelib.settings import TABLE_VARIABLE
from infra.local import engine


@pytest.fixture
def checkout(client, ministack, tmp_path):
    """A folder that the documents' commands take for a checkout in which ``make dev`` runs."""
    ready = {
        "url": client.url,
        "account": client.account,
        "username": client.username,
        "secret": client.secret,
        "environment": {TABLE_VARIABLE: ministack.table, **engine.settings(ministack.endpoint)},
    }
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "dev.json").write_text(json.dumps(ready))
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path
