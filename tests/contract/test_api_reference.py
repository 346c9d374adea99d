"""The page that shows the API: all of it is served, without a credential, from nowhere else."""

import hashlib
import json
import re
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest

from chalicelib.entrypoints import api_reference
from chalicelib.entrypoints.api_reference import DOCUMENTS, FILES, OURS
from chalicelib.entrypoints.public import REFERENCE_PATH
from tests.openapi import DOCUMENTS as AS_WRITTEN
from tests.paths import PROJECT
from tests.served import send_anonymously as send

FOLDER = PROJECT / "chalicelib/entrypoints/api_reference"
SWAGGER_UI = FOLDER / "swagger_ui"
ADDRESS = re.compile(r"https?:|url\(|@import|import\(|eval\(|innerHTML")


class Page(HTMLParser):
    """What the page refers to, and what of it would run or style within the page."""

    def __init__(self, text):
        super().__init__()
        self.references, self.documents, self.inline = [], {}, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        self.references += [
            named[name] for name in ("src", "href", "data-document") if named.get(name)
        ]
        if "data-document" in named:
            self.documents[named["href"].removeprefix("?")] = named["data-document"]
        if tag == "style" or (tag == "script" and "src" not in named):
            self.inline.append(tag)
        self.inline += [name for name in named if name == "style" or name.startswith("on")]


@pytest.fixture
def page(app_url):
    status, headers, body = send(app_url, "GET", REFERENCE_PATH)
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert headers["Cache-Control"] == "no-store"
    return Page(body.decode())


def test_browser_may_take_nothing_from_elsewhere_and_run_nothing_in_the_page(app_url, page):
    policy = send(app_url, "GET", REFERENCE_PATH)[1]["Content-Security-Policy"]

    sources = dict(each.split(" ", 1) for each in policy.split("; "))
    assert sources.pop("img-src") == "'self' data:"
    assert {name for name, source in sources.items() if source == "'self'"} == {
        "script-src", "style-src", "connect-src",
    }  # fmt: skip
    assert set(sources.values()) == {"'self'", "'none'"}
    assert {"default-src", "base-uri", "form-action", "frame-ancestors"} <= set(sources)
    assert page.inline == []


def test_all_that_the_page_refers_to_is_served_from_beside_it(app_url, page):
    assert page.references
    for reference in page.references:
        parts = urlsplit(reference)
        assert (parts.scheme, parts.netloc) == ("", ""), reference
        assert not reference.startswith("/"), "the stage is before the path"
        path = urljoin(REFERENCE_PATH, parts.path) if parts.path else REFERENCE_PATH
        assert send(app_url, "GET", path)[0] == 200, reference


def test_files_of_ours_name_no_address():
    for file in ("page.js", "page.css"):
        assert ADDRESS.findall((FOLDER / file).read_text()) == [], file


def test_page_offers_the_document_of_every_dialect(page):
    offered = {name: urljoin(REFERENCE_PATH, path) for name, path in page.documents.items()}

    assert offered == {name: path for path, name in DOCUMENTS.items()}
    assert next(iter(offered)) == OURS


@pytest.mark.parametrize(("path", "name"), DOCUMENTS.items())
def test_document_is_what_is_written_but_for_its_server(app_url, path, name):
    status, headers, body = send(app_url, "GET", path)

    assert (status, headers["Content-Type"]) == (200, "application/json")
    served, written = json.loads(body), json.loads(json.dumps(AS_WRITTEN[name].content))
    (server,) = served.pop("servers")
    assert urljoin(f"https://host/stage{path}", server["url"]) == "https://host/stage/"
    assert served == {key: value for key, value in written.items() if key != "servers"}


def test_document_that_was_packaged_is_read_as_it_is(monkeypatch, tmp_path):
    (tmp_path / "messente.json").write_text('{"openapi":"3.1.0"}')
    monkeypatch.setattr(api_reference, "PACKAGED", tmp_path)

    answer = api_reference.answer(f"{REFERENCE_PATH}/messente.json")
    assert answer
    assert answer.body == '{"openapi":"3.1.0"}'


def test_only_what_never_changes_under_its_name_may_be_kept(app_url):
    for path, file in FILES.items():
        kept = send(app_url, "GET", path)[1]["Cache-Control"]
        is_vendored = file.name.startswith("swagger_ui/")
        assert kept == ("public, max-age=31536000, immutable" if is_vendored else "no-store")


@pytest.mark.parametrize("file", ["none.js", "messente", "v2.json", "page.html", "..%2Fpage.html"])
def test_no_other_file_is_there(app_url, file):
    assert send(app_url, "GET", f"{REFERENCE_PATH}/{file}")[0] == 401


def test_swagger_ui_is_what_its_readme_says():
    readme = (SWAGGER_UI / "README.md").read_text()
    vendored = [path for path in SWAGGER_UI.iterdir() if path.suffix in {".js", ".css"}]

    assert len(vendored) == 2
    for path in vendored:
        assert f"`{path.name}`: `{hashlib.sha256(path.read_bytes()).hexdigest()}`" in readme
    assert {path.name for path in vendored} == {
        file.name.removeprefix("swagger_ui/")
        for file in FILES.values()
        if file.name.startswith("swagger_ui/")
    }


def test_style_sheet_of_swagger_ui_loads_nothing():
    (style,) = SWAGGER_UI.glob("*.css")

    assert set(re.findall(r"url\(\W?(\w+:?)", style.read_text())) == {"data:"}
    assert "@import" not in style.read_text()
