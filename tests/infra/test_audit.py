"""`make audit`, with a service on this machine that answers as OSV does."""

import json
import os
import re
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from infra.pins.audit import LOCKS
from tests.paths import PROJECT

VULNERABILITY = {
    "id": "GHSA-xxxx-0000-0000",
    "summary": "Some.",
    "affected": [
        {
            "package": {"name": "pynamodb", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99"}]}],
        }
    ],
}


@contextmanager
def osv(answers):
    """Answer what is known of a package by its name, and nothing of all others."""

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps(answers.get(asked["package"]["name"], {})).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1/query"
        finally:
            server.shutdown()


def make_audit(url, cache):
    return subprocess.run(
        [sys.executable, "-m", "infra.pins.audit"],
        cwd=PROJECT,
        env=os.environ
        | {
            "PIP_AUDIT_VULNERABILITY_SERVICE": "osv",
            "PIP_AUDIT_OSV_URL": url,
            "XDG_CACHE_HOME": str(cache),
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_lock_is_checked_and_nothing_found_is_success(tmp_path):
    with osv({}) as url:
        done = make_audit(url, tmp_path)

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        str(lock.relative_to(PROJECT)) for lock in LOCKS
    ]
    assert all(re.search(r": [1-9]\d* checked, 0 found$", line) for line in lines)


def test_vulnerability_fails_and_names_what_mends_it(tmp_path):
    with osv({"pynamodb": {"vulns": [VULNERABILITY]}}) as url:
        done = make_audit(url, tmp_path)

    assert done.returncode == 1
    pinned = (PROJECT / "requirements.txt").read_text().count("==")
    assert f"requirements.txt: {pinned} checked, 1 found" in done.stdout.splitlines()
    assert "GHSA-xxxx-0000-0000, mended in 99" in done.stdout


def test_data_out_of_reach_are_one_line_that_names_what_was_not_checked(tmp_path):
    done = make_audit("http://127.0.0.1:9/v1/query", tmp_path)

    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("make audit: not checked: requirements.txt, requirements-dev.txt, ")
    assert "Connection refused" in line


def test_every_lock_that_make_writes_is_audited():
    """What is pinned by hand is old on purpose, and for tests alone."""
    files = [
        file
        for folder in ("", "[!.]*/", "[!.]*/[!.]*/")
        for file in PROJECT.glob(f"{folder}requirements*.txt")
    ]

    assert set(LOCKS) == {file for file in files if "# Written by `make lock`" in file.read_text()}
