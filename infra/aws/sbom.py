"""The bill of materials of the Lambdas' zip, in CycloneDX: the third-party code in it.

It is read from the zip itself, and has the places of each library in the zip. The same zip gives
the same bytes.
"""

import hashlib
import re
import tomllib
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from email.message import Message
from email.parser import Parser
from importlib.metadata import distribution
from pathlib import Path
from typing import Final
from uuid import NAMESPACE_OID, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.component_evidence import ComponentEvidence, Occurrence
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra import PROJECT

WITHOUT_METADATA: Final[Mapping[str, str]] = {
    "chalice": "chalice",
    "botocore": "chalicelib/storage/dynamodb/botocore_data",
}
"""The libraries in the zip that have no metadata of their own, and their places."""

LICENCES: Final[Mapping[str, str]] = {"jinja2": "BSD-3-Clause"}
"""The licences of libraries whose metadata name only a file of their own."""

SWAGGER_UI: Final = "chalicelib/entrypoints/api_reference/swagger_ui"
"""The place of a library that is not Python's, with its version in its files' names."""

HTMX: Final = "chalicelib/console/static/htmx"
"""How the places of another one begin, which lies beside files of ours."""

DATA_ONLY: Final = "botocore"
"""Only some of its data is in the zip; the Lambda's runtime has its code, which others need."""

_SCRIPT_OF_HTMX: Final = re.compile(rf"{HTMX}-(?P<version>[0-9.]+)\.min\.js")
_SCRIPT_OF_SWAGGER_UI: Final = re.compile(rf"{SWAGGER_UI}/swagger-ui-(?P<version>[0-9.]+)\.js")


def bill_of_materials(zip_file: Path) -> str:
    """Return the bill of a zip of :mod:`infra.aws.package` as JSON."""
    with zipfile.ZipFile(zip_file) as archive:
        told = {str(canonicalize_name(each["Name"])): (each, at) for each, at in _told(archive)}
        names = archive.namelist()
    libraries = {name: _python_library(name, each, at) for name, (each, at) in told.items()}
    everything = [*libraries.values(), _swagger_ui(names), _htmx(names)]
    digest = hashlib.sha256(zip_file.read_bytes()).hexdigest()
    bom = Bom(components=everything, serial_number=uuid5(NAMESPACE_OID, digest))
    bom.metadata.timestamp = None  # type: ignore[assignment]  # the format asks for none
    bom.metadata.component = phonebook = _phonebook(digest)
    bom.register_dependency(phonebook, everything)
    for name, library in libraries.items():
        needed = (_needs(told[name][0]) & libraries.keys()) - {DATA_ONLY}
        bom.register_dependency(library, [libraries[each] for each in needed])
    outputter = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6)
    return outputter.output_as_string(indent=2) + "\n"


def _phonebook(digest: str) -> Component:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    return Component(
        type=ComponentType.APPLICATION,
        name=project["name"],
        version=project["version"],
        bom_ref=project["name"],
        licenses=[LicenseFactory().make_from_string(project["license"])],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)],
    )


def _python_library(name: str, told: Message, places: Iterable[str]) -> Component:
    licence = told["License-Expression"] or told["License"] or LICENCES.get(name)
    return _library(PackageURL("pypi", None, name, told["Version"]), licence, places)


def _swagger_ui(names: Iterable[str]) -> Component:
    found = filter(None, map(_SCRIPT_OF_SWAGGER_UI.fullmatch, names))
    version = next(each["version"] for each in found)
    return _library(PackageURL("npm", None, "swagger-ui-dist", version), "Apache-2.0", [SWAGGER_UI])


def _htmx(names: Iterable[str]) -> Component:
    places = sorted(name for name in names if name.startswith(HTMX))
    found = filter(None, map(_SCRIPT_OF_HTMX.fullmatch, places))
    version = next(each["version"] for each in found)
    return _library(PackageURL("npm", None, "htmx.org", version), "0BSD", places)


def _library(url: PackageURL, licence: str | None, places: Iterable[str]) -> Component:
    return Component(
        type=ComponentType.DATA if url.name == DATA_ONLY else ComponentType.LIBRARY,
        name=url.name,
        version=url.version,
        purl=url,
        bom_ref=str(url),
        licenses=[LicenseFactory().make_from_string(licence)] if licence else (),
        evidence=ComponentEvidence(
            # With our own name: otherwise a random one would decide the order.
            occurrences=[Occurrence(bom_ref=place, location=place) for place in places]
        ),
    )


def _told(archive: zipfile.ZipFile) -> Iterator[tuple[Message, set[str]]]:
    """Yield the metadata of each library in the zip, and its places in the zip."""
    names = archive.namelist()
    there = {name.split("/")[0] for name in names}
    for name in names:
        folder, _, file = name.partition("/")
        if folder.endswith(".dist-info") and file == "METADATA":
            record = archive.read(f"{folder}/RECORD").decode()
            places = {line.split("/")[0].split(",")[0] for line in record.splitlines()}
            yield Parser().parsestr(archive.read(name).decode()), places & there
    for library, place in WITHOUT_METADATA.items():
        if any(name.startswith(f"{place}/") for name in names):
            told = distribution(library).read_text("METADATA") or ""
            yield Parser().parsestr(told), {place}


def _needs(told: Message) -> set[str]:
    needed = [Requirement(each) for each in told.get_all("Requires-Dist", ())]
    return {
        canonicalize_name(each.name)
        for each in needed
        if each.marker is None or each.marker.evaluate({"extra": ""})
    }
