"""``make dev``, as a person runs it: started, used, interrupted, started again."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import partial
from http.client import HTTPException

import psutil
import pytest
import standardwebhooks

from infra.local.demo import exports
from infra.local.engine import HOST, free_port
from tests.console.visitor import Visitor
from tests.e2e.transcripts import with_curl
from tests.leaks import ISSUED_SECRETS
from tests.paths import PROJECT
from tests.patience import SECONDS, await_true
from tests.served import Client
from tests.webhooks.receivers import receiving, status

CONTACTS = "/v1/phonebook/contacts"
GROUPS = "/v1/phonebook/groups"


@contextmanager
def dev(folder, port, log, *, project=PROJECT, terminal=None, people=0):
    """Run ``make dev``'s program, and stop it as Ctrl-C does, unless it has ended."""
    with log.open("wb") if terminal is None else nullcontext(terminal) as output:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "infra.local.dev",
                "--port",
                str(port),
                "--data-dir",
                str(folder),
                "--people",
                str(people),
            ],
            cwd=project,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(SECONDS)


def ready(folder, port):
    """Wait until it says that it is ready, and return what it says and a client."""
    file = folder / "dev.json"
    await_true(lambda: file.exists() and f":{port}" in file.read_text())
    said = json.loads(file.read_text())
    ISSUED_SECRETS.add(said["secret"])
    return said, Client(said["url"], said["account"], said["username"], said["secret"])


def children_of(process):
    return psutil.Process(process.pid).children()


def without_environment(said):
    """Return what stays the same: each start has other ports, and another link to sign in by."""
    return {name: value for name, value in said.items() if name not in {"environment", "console"}}


def lines_beginning(words, text):
    return {line.strip() for line in text.splitlines() if line.strip().startswith(words)}


def paste(line, *, shell="sh", check=True, **environment):
    """Run a line as it was printed, in the project's folder; return what it said."""
    done = subprocess.run(
        [shell, "-c", line], cwd=PROJECT, env=with_curl() | environment,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, check=False,
    )  # fmt: skip
    assert (done.returncode == 0) is check, done.stdout
    return done.stdout


def test_first_look_at_the_console_is_at_somebody_by_a_link_that_works_once(tmp_path):
    folder, port, log = tmp_path / "data", free_port(), tmp_path / "log"
    with dev(folder, port, log, people=60):
        said, client = ready(folder, port)
        await_true(lambda: "Ctrl-C stops it" in log.read_text())
        (link,) = lines_beginning("http", log.read_text())
        assert link == said["console"]
        first, second = Visitor(said["url"]), Visitor(said["url"])

        await_true(lambda: client.send("GET", "/v2/account").json["contactsCount"] == 60)
        page = first.get(link.removeprefix(f"{said['url']}/console"))

        assert page.headings == ["Overview"]
        assert "60 contacts" in page.text
        assert "5 groups" in page.text
        assert "3 opt-outs" in page.text
        again = second.get(link.removeprefix(f"{said['url']}/console"))
        assert again.status == 403
        assert again.headings == ["Sign in"]


SOMEBODY_WORKS_ON_AWS = {
    "AWS_PROFILE": "company",
    "AWS_SESSION_TOKEN": "real",
    "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:1",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_ACCESS_KEY_ID": "real",
    "AWS_SECRET_ACCESS_KEY": "real",
    "AWS_DEFAULT_REGION": "us-east-1",
    "PHONEBOOK_TABLE": "prod",
    "HTTP_PROXY": "http://127.0.0.1:1",
    "HTTPS_PROXY": "http://127.0.0.1:1",
}
"""What the shell may hold into which a line is pasted."""


def test_printed_lines_work_as_they_are_and_reach_nothing_else(tmp_path):
    """The log of this one is not searched for leaks: it shows the demo secret on purpose."""
    folder, port, log = tmp_path / "data with a space", free_port(), tmp_path / "log"
    with dev(folder, port, log):
        ready_now, client = ready(folder, port)
        client.send("POST", CONTACTS, {"phoneNumber": "+37251000000"})
        await_true(lambda: "Ctrl-C stops it" in log.read_text())
        (line,) = lines_beginning("environment=", log.read_text())

        for shell in ("sh", "bash"):
            said = paste(line, shell=shell, **SOMEBODY_WORKS_ON_AWS)
            assert ready_now["account"] in said.replace("\n", "")
        changed = paste(f"{line}; env", **SOMEBODY_WORKS_ON_AWS)
        exported = dict(each.split("=", 1) for each in changed.splitlines() if "=" in each)
        assert ready_now["environment"].items() <= exported.items()
        assert {name for name in exported if name.startswith("AWS_")} <= set(
            ready_now["environment"]
        )
        assert "real" not in ready_now["environment"].values()

        program = [sys.executable, "-m", "infra.local.demo", "--show", folder / "dev.json"]
        again = subprocess.run(program, cwd=PROJECT, capture_output=True, text=True, check=True)
        assert again.stdout.strip() in log.read_text()

    said = paste(line, check=False, **SOMEBODY_WORKS_ON_AWS)
    assert "make dev" in said
    assert "Traceback" not in said
    assert "phonebook:" not in said


def test_chalice_local_serves_what_make_dev_started(tmp_path):
    """What Chalice's users type first, as the README has it."""
    readme = (PROJECT / "README.md").read_text()
    (command,) = lines_beginning(".venv/bin/chalice local", readme)
    folder, port, others = tmp_path / "data", free_port(), free_port()
    with dev(folder, port, tmp_path / "log"):
        ready_now, client = ready(folder, port)
        client.send("POST", CONTACTS, {"phoneNumber": "+37251000000"})
        environment = exports(ready_now["environment"], SOMEBODY_WORKS_ON_AWS)
        serve = f"{environment}\nexec {command.partition('#')[0].replace('8001', str(others))}"
        process = subprocess.Popen(
            ["sh", "-c", serve], cwd=PROJECT, env=os.environ | SOMEBODY_WORKS_ON_AWS,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            chalices = replace(client, url=f"http://{HOST}:{others}")
            await_true(lambda: b"+37251000000" in _answer_or_nothing(chalices, CONTACTS))
            assert chalices.send("DELETE", f"{CONTACTS}/+37251000000").status == 204
            assert client.send("GET", f"{CONTACTS}/+37251000000").status == 404
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(SECONDS)


def test_data_and_credential_survive_ctrl_c_and_no_child_does(tmp_path):
    """The log of this one is not searched for leaks: it shows the demo secret on purpose."""
    folder, port, log = tmp_path / "data", free_port(), tmp_path / "log"
    with dev(folder, port, log) as process:
        first, client = ready(folder, port)
        assert set(first) == {
            "url", "account", "username", "secret", "token", "environment", "console",
        }  # fmt: skip
        assert first["url"] == f"http://{HOST}:{port}"
        assert first["token"] == f"{first['username']}.{first['secret']}"
        assert (folder / "dev.json").stat().st_mode & 0o077 == 0
        assert client.send("POST", CONTACTS, {"phoneNumber": "+37251000000"}).status == 201
        children = children_of(process)
        assert len(children) == 4

        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS) == 0
        assert not any(child.is_running() for child in children)
        assert not (folder / "dev.json").exists()

    with dev(folder, port, log):
        second, client = ready(folder, port)
        assert without_environment(second) == without_environment(first)
        numbers = [c["phoneNumber"] for c in client.send("GET", CONTACTS).json["contacts"]]
        assert numbers == ["+37251000000"]
        said = log.read_text()
        (curl,) = lines_beginning("curl ", said)
        assert "+37251000000" in paste(curl)
        assert f"curl -u {first['username']}:{first['secret']} {first['url']}{CONTACTS}" in said
        assert "Traceback" not in said


def test_children_end_when_the_runner_is_killed_and_the_engine_saves(tmp_path):
    folder, log = tmp_path / "data", tmp_path / "log"
    port = free_port()
    with dev(folder, port, log) as process:
        first, client = ready(folder, port)
        client.send("POST", CONTACTS, {"phoneNumber": "+37251000000"})
        children = children_of(process)

        process.kill()
        process.wait(SECONDS)
        await_true(lambda: not any(child.is_running() for child in children))

    port = free_port()
    with dev(folder, port, log):
        second, client = ready(folder, port)
        assert second["token"] == first["token"]
        assert len(client.send("GET", CONTACTS).json["contacts"]) == 1


def processes_of(module, process):
    """Return the children that run a module; one that has ended runs none."""
    found = []
    for each in children_of(process):
        with suppress(psutil.NoSuchProcess):
            if module in each.cmdline():
                found.append(each)
    return found


def process_of(module, process):
    (found,) = processes_of(module, process)
    return found


def saved(folder):
    """Return what the engine would begin with if it were killed now."""
    file = folder / "engine" / "dynamodb.json"
    return file.read_text() if file.exists() else ""


def test_killed_engine_is_started_again_and_keeps_what_it_saved(tmp_path):
    folder, port, log = tmp_path / "data", free_port(), tmp_path / "log"
    with dev(folder, port, log) as process:
        first, client = ready(folder, port)
        group = client.send("POST", GROUPS, {"name": "Friends"}).json["group"]["id"]
        client.send("POST", CONTACTS, {"phoneNumber": "+37251000000"})
        client.send("POST", f"{GROUPS}/{group}/contacts/+37251000000")
        client.send("POST", CONTACTS, {"phoneNumber": "+37251000009"})
        # What is written last is saved last, or with all before it.
        await_true(lambda: "+37251000009" in saved(folder))

        process_of("infra.local.saving_engine", process).kill()
        await_true(lambda: "The engine ended (by SIGKILL); starting it again" in log.read_text())
        await_true(lambda: _status_or_nothing(client, f"{CONTACTS}/+37251000000") == 200)
        said, _ = ready(folder, port)
        assert said == first
        client.send("POST", CONTACTS, {"phoneNumber": "+37251000001"})
        client.send("POST", f"{GROUPS}/{group}/contacts/+37251000001")
        # Counted by the stream of the engine that was started, or recounted.
        await_true(
            lambda: client.send("GET", f"{GROUPS}/{group}").json["group"]["contactsCount"] == 2
        )
    assert "Stopped; the data are in" in log.read_text()
    # A request that met no engine says so in the app's own log, in JSON.
    assert not lines_beginning("Traceback", log.read_text())


def test_all_killed_at_once_leave_what_was_saved_and_it_is_said(tmp_path):
    folder, port, log = tmp_path / "data", free_port(), tmp_path / "log"
    with dev(folder, port, log) as process:
        first, client = ready(folder, port)
        client.send("POST", CONTACTS, {"phoneNumber": "+37251000000"})
        await_true(lambda: "+37251000000" in saved(folder))
        children = children_of(process)
        # The engine first: it would save, told so by the end of its parent.
        for each in (process_of("infra.local.saving_engine", process), psutil.Process(process.pid)):
            each.kill()
        process.wait(SECONDS)
        await_true(lambda: not any(child.is_running() for child in children))
    assert "Stopped" not in log.read_text()

    port = free_port()
    with dev(folder, port, log):
        second, client = ready(folder, port)
        assert second["token"] == first["token"]
        await_true(lambda: "The run before was broken off" in log.read_text())
        assert client.send("GET", f"{CONTACTS}/+37251000000").status == 200

    port = free_port()
    with dev(folder, port, log):
        ready(folder, port)
        await_true(lambda: "Ctrl-C stops it" in log.read_text())
        assert "broken off" not in log.read_text()


def test_data_that_were_not_saved_at_the_end_are_not_claimed(tmp_path):
    folder, port, log = tmp_path / "data", free_port(), tmp_path / "log"
    with dev(folder, port, log) as process:
        ready(folder, port)
        data = process_of("infra.local.saving_engine", process)
        # It is stopped where it is, so that it neither saves nor ends, until it is killed.
        data.suspend()
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS) == 0
    assert "the engine did not save its data at its end" in log.read_text()
    assert "the data are in" not in log.read_text()


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("infra.local.events", "What runs unattended ended (by SIGKILL"),
        ("infra.local.server", "The app ended (by SIGKILL); starting it again"),
    ],
)
def test_killed_process_is_started_again(tmp_path, module, said):
    folder, port, log = tmp_path / "data", free_port(), tmp_path / "log"
    with dev(folder, port, log) as process:
        _, client = ready(folder, port)
        killed = process_of(module, process)
        killed.kill()
        await_true(lambda: said in log.read_text())
        await_true(lambda: {*processes_of(module, process)} - {killed})
        await_true(lambda: _status_or_nothing(client, CONTACTS) == 200)
        group = client.send("POST", GROUPS, {"name": "Friends"}).json["group"]["id"]
        client.send("POST", CONTACTS, {"phoneNumber": "+37251000000"})
        client.send("POST", f"{GROUPS}/{group}/contacts/+37251000000")
        await_true(
            lambda: client.send("GET", f"{GROUPS}/{group}").json["group"]["contactsCount"] == 1
        )


def test_webhook_is_told_of_a_change(tmp_path):
    folder, port = tmp_path / "data", free_port()
    with receiving(status("204 No Content")) as receiver, dev(folder, port, tmp_path / "log"):
        _, client = ready(folder, port)
        hook = client.send("POST", "/v2/webhooks", {"url": receiver.url}).json
        created = client.send("POST", "/v2/contacts", {"phoneNumber": "+37251000000"}).json
        await_true(lambda: receiver.requests)
        deliveries = f"/v2/webhooks/{hook['id']}/deliveries"
        await_true(lambda: client.send("GET", deliveries).json["deliveries"])
        (delivery,) = client.send("GET", deliveries).json["deliveries"]
    headers = dict(line.split(": ", 1) for line in receiver.head[1:])
    message = standardwebhooks.Webhook(hook["secret"]).verify(receiver.body, headers)
    assert message["type"] == "contact.created"
    assert message["data"]["subject"] == {"contact": created["id"]}
    assert (delivery["outcome"], delivery["messageId"]) == ("delivered", headers["webhook-id"])


LOGGED_404 = re.compile(r'  404  |"status": ?404')


def test_log_is_lines_on_a_terminal_and_json_elsewhere(tmp_path):
    for is_terminal in (True, False):
        folder, port = tmp_path / f"data {is_terminal}", free_port()
        log = tmp_path / f"log {is_terminal}"
        with terminal_into(log) if is_terminal else nullcontext() as terminal, dev(
            folder, port, log, terminal=terminal
        ):  # fmt: skip
            _, client = ready(folder, port)
            client.send("GET", f"{CONTACTS}/+37251000000")
            await_true(partial(_has_logged_404, log))
        (line,) = filter(LOGGED_404.search, log.read_text().splitlines())
        if is_terminal:
            assert re.search(r"GET +/v1/phonebook/contacts/\+37251\*{4}00  404  .* ms  .+", line)
            assert '"level"' not in log.read_text()
        else:
            assert json.loads(line)["status"] == 404


@contextmanager
def terminal_into(log):
    """Open a terminal, and write to *log* what is written on it."""
    ours, theirs = pty.openpty()

    def copy():
        with log.open("wb", buffering=0) as file, suppress(OSError):
            while written := os.read(ours, 65_536):
                file.write(written)

    thread = threading.Thread(target=copy)
    thread.start()
    try:
        yield theirs
    finally:
        os.close(theirs)
        thread.join()
        os.close(ours)


def test_two_run_side_by_side_but_not_in_one_folder_or_on_one_port(tmp_path):
    folder, port = tmp_path / "one", free_port()
    with dev(folder, port, tmp_path / "log"):
        _, client = ready(folder, port)
        another = free_port()
        with dev(tmp_path / "two", another, tmp_path / "log2"):
            _, other = ready(tmp_path / "two", another)
            assert other.account != client.account
            assert client.send("GET", CONTACTS).status == 200
            assert other.send("GET", CONTACTS).status == 200

        for another_folder, another_port, said in [
            (tmp_path / "three", port, f"port {port} cannot be used"),
            (folder, free_port(), "is in use by another"),
        ]:
            log = tmp_path / "refused"
            with dev(another_folder, another_port, log) as refused:
                assert refused.wait(SECONDS) == 1
            (line,) = log.read_text().splitlines()
            assert line.startswith("make dev: ")
            assert said in line
        assert client.send("GET", CONTACTS).status == 200


def test_engine_that_does_not_start_is_one_line(tmp_path, monkeypatch):
    """A broken installation, of which the engine's own log tells more."""
    (tmp_path / "ministack.py").write_text("raise SystemExit('broken')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    folder, log = tmp_path / "data", tmp_path / "log"

    with dev(folder, free_port(), log) as process:
        assert process.wait(SECONDS) == 1

    (line,) = log.read_text().splitlines()
    assert line.startswith("make dev: the engine ended with code 1")
    assert str(folder / "engine.log") in line
    assert "broken" in (folder / "engine.log").read_text()


def test_folder_that_cannot_be_used_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    log = tmp_path / "log"

    with dev(tmp_path / "file", free_port(), log) as process:
        assert process.wait(SECONDS) == 1

    (line,) = log.read_text().splitlines()
    assert line.startswith("make dev: ")
    assert "try another DATA_DIR" in line


def test_nothing_listens_beyond_the_loopback_interface(tmp_path):
    folder, port = tmp_path / "data", free_port()
    with dev(folder, port, tmp_path / "log") as process:
        ready(folder, port)
        listening = [
            connection.laddr.ip
            for each in (psutil.Process(process.pid), *children_of(process))
            for connection in each.net_connections("inet")
            if connection.status == psutil.CONN_LISTEN
        ]
        assert listening == [HOST, HOST]


def test_changed_code_is_served(tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    for name in ("app.py", "chalicelib", "infra"):
        subprocess.run(["cp", "-r", PROJECT / name, project / name], check=True)
    folder, log = tmp_path / "data", tmp_path / "log"
    words = project / "chalicelib" / "dialects" / "messente" / "errors.py"

    port = free_port()
    with dev(folder, port, log, project=project):
        _, client = ready(folder, port)
        before = words.read_text()

        words.write_text(before.replace("There is nothing at this path", "Nothing here"))
        await_true(lambda: b"Nothing here" in _answer_or_nothing(client))

        words.write_text("this is no Python")
        await_true(lambda: "SyntaxError" in log.read_text())
        words.write_text(before)
        await_true(lambda: b"There is nothing at this path" in _answer_or_nothing(client))


def _has_logged_404(log):
    return LOGGED_404.search(log.read_text())


def _answer_or_nothing(client, path="/v1/phonebook/nothing"):
    try:
        return client.send("GET", path).body
    except (OSError, HTTPException):
        return b""


def _status_or_nothing(client, path):
    try:
        return client.send("GET", path).status
    except (OSError, HTTPException):
        return None
