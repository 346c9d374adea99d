"""Imports and exports as clients of `/v2` ask for them; what becomes of them is in tests/jobs."""

import pytest

from chalicelib.domain.credential import Scope
from tests.conftest import open_client
from tests.contract.test_v2_http import create_group, problems_of

IMPORTS, EXPORTS = "/v2/imports", "/v2/exports"
NOBODYS = "70686f6e-6562-4000-8000-000000000001"


def test_import_awaits_its_file_and_can_be_cancelled(client):
    group = create_group(client)
    asked = {"mode": "create", "group": group, "dryRun": True, "columns": {"Handy": "phoneNumber"}}

    started = client.send("POST", IMPORTS, asked)

    assert started.status == 201
    path = f"{IMPORTS}/{started.json['id']}"
    assert started.headers["location"].endswith(path)
    assert started.json["state"] == "waiting"
    assert asked.items() <= started.json.items()
    assert started.json["upload"]["fields"]["key"].endswith("/file")
    assert client.send("GET", path).json["upload"]["url"] == started.json["upload"]["url"]
    cancelled = client.send("DELETE", path)
    assert (cancelled.status, cancelled.json["state"]) == (200, "cancelled")
    assert cancelled.json["upload"] is None
    assert client.send("DELETE", path).json == cancelled.json


def test_export_is_running_and_can_be_cancelled(client):
    started = client.send("POST", EXPORTS, {"what": "everything", "format": "ndjson"})

    path = f"{EXPORTS}/{started.json['id']}"
    assert (started.status, started.json["state"]) == (201, "running")
    assert started.headers["location"].endswith(path)
    assert client.send("DELETE", path).json["state"] == "cancelling"
    assert client.send("GET", path).json["file"] is None


@pytest.mark.parametrize(("path", "name"), [(IMPORTS, "imports"), (EXPORTS, "exports")])
def test_jobs_are_listed_newest_first_in_pages(client, path, name):
    ids = [client.send("POST", path).json["id"] for _ in range(3)]

    first = client.send("GET", f"{path}?limit=2").json
    second = client.send("GET", f"{path}?limit=2&cursor={first['next']}").json

    assert [job["id"] for job in first[name] + second[name]] == sorted(ids, reverse=True)
    assert second["next"] is None


@pytest.mark.parametrize("path", [IMPORTS, EXPORTS])
def test_job_of_another_account_is_not_there(client, stranger, path):
    job = client.send("POST", path).json["id"]

    for method in ("GET", "DELETE"):
        answer = stranger.send(method, f"{path}/{job}")
        assert (answer.status, answer.json["code"]) == (404, "job_not_found")
    assert stranger.send("GET", path).json[path.rpartition("/")[2]] == []
    assert client.send("GET", f"{path}/{NOBODYS}").status == 404
    assert client.send("GET", f"{path}/x").status == 400


@pytest.mark.parametrize(
    ("asked", "places"),
    [
        ({"mode": "x", "format": "xls", "notation": 1}, {"/mode", "/format", "/notation"}),
        ({"dryRun": "yes", "attributes": 1}, {"/dryRun", "/attributes"}),
        ({"encoding": "ebcdic", "delimiter": "--"}, {"/encoding", "/delimiter"}),
        ({"columns": {"Handy": "phone", "A/B": "-"}}, {"/columns/Handy"}),
        ({"columns": [1]}, {"/columns"}),
        ({"columns": []}, {"/columns"}),
        ({"group": "x", "groups": []}, {"/group", "/groups"}),
    ],
)
def test_what_an_import_does_not_understand_is_refused_by_name(client, asked, places):
    assert set(problems_of(client.send("POST", IMPORTS, asked))) == places


@pytest.mark.parametrize(
    ("asked", "places"),
    [
        ({"what": "all", "format": "xlsx"}, {"/what", "/format"}),
        ({"what": "everything"}, {"/format"}),
        ({"what": "blacklist", "format": "vcard", "group": NOBODYS}, {"/format", "/group"}),
        ({"mode": "upsert"}, {"/mode"}),
    ],
)
def test_what_an_export_does_not_understand_is_refused_by_name(client, asked, places):
    assert set(problems_of(client.send("POST", EXPORTS, asked))) == places


@pytest.mark.parametrize("path", [IMPORTS, EXPORTS])
def test_job_for_a_group_that_is_not_there_is_refused(client, path):
    answer = client.send("POST", path, {"group": NOBODYS})

    assert (answer.status, answer.json["code"]) == (404, "group_not_found")


def test_credential_that_only_reads_may_export_but_not_import(ministack, app_url):
    reader = open_client(ministack, app_url, scope=Scope.READ)

    assert reader.send("POST", EXPORTS).status == 201
    assert reader.send("POST", IMPORTS).status == 403
