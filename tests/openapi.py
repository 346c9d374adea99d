"""The OpenAPI documents of the dialects, and whether an answer is one that they promise."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import parse_qs

import yaml
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from chalicelib.dialects.dialect import Dialect
from chalicelib.dialects.messages import Request
from chalicelib.dialects.registry import DIALECTS, dialect_of
from chalicelib.domain.errors import InvalidDataError
from tests.paths import PROJECT

METHODS: Final = ("delete", "get", "head", "options", "patch", "post", "put", "trace")
NO_CONTENT: Final = 204
NOT_FOUND: Final = 404
METHOD_NOT_ALLOWED: Final = 405

REQUEST: Final = Request(
    id="",
    method="GET",
    route="",
    url="",
    path_parameters={},
    query={},
    headers={},
    body=b"",
    received_on=datetime(2026, 1, 1, tzinfo=UTC),
)
"""A request that says nothing, from which to make one that does."""


@dataclass(frozen=True)
class Document:
    """One dialect's document, ``docs/openapi/<dialect>.yaml``."""

    name: str

    @property
    def path(self) -> Path:
        """Where it is."""
        return PROJECT / "docs" / "openapi" / f"{self.name}.yaml"

    @cached_property
    def content(self) -> dict[str, Any]:
        """What it says."""
        content: dict[str, Any] = yaml.safe_load(self.path.read_text())
        return content

    @property
    def operations(self) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        """Each path with each of its methods, and what is said of them."""
        for path, item in self.content["paths"].items():
            for method in METHODS:
                if method in item:
                    yield path, method.upper(), item[method]

    @property
    def first_scheme(self) -> str:
        """The scheme of the ``Authorization`` header that it names first."""
        schemes = self.content["components"]["securitySchemes"].values()
        return next(str(each["scheme"]) for each in schemes if each["type"] == "http")

    def resolve(self, value: Any) -> Any:
        """Follow a reference to the component that it names."""
        while "$ref" in value:
            kind, name = value["$ref"].removeprefix("#/components/").split("/")
            value = self.content["components"][kind][name]
        return value

    def template_of(self, path: str) -> str | None:
        """Return the documented path that *path* is one of; the one with most fixed steps."""
        steps = path.rstrip("/").split("/")
        found = [
            template for template in self.content["paths"] if _fits(template.split("/"), steps)
        ]
        return min(found, key=lambda template: template.count("{"), default=None)

    def answers_of(self, template: str | None, method: str) -> Mapping[str, Any]:
        """Return what each status of a request means.

        HEAD is answered as GET is. Outside the operations it is what any of them may be answered
        with, or else that there is no such path or method; every such answer is an ``Error``.
        """
        for path, documented, operation in self.operations:
            if (path, documented) == (template, as_documented(method)):
                answers = operation["responses"]
                return {status: self.resolve(answers[status]) for status in answers}
        missing = NOT_FOUND if template is None else METHOD_NOT_ALLOWED
        schema = {"schema": {"$ref": "#/components/schemas/Error"}}
        statuses = {str(missing), *self._statuses_of_every_operation}
        return {status: {"content": {self._media_type_of_errors: schema}} for status in statuses}

    @property
    def _media_type_of_errors(self) -> str:
        answer = next(iter(self.content["components"]["responses"].values()))
        (media_type,) = answer["content"]
        return str(media_type)

    @cached_property
    def _statuses_of_every_operation(self) -> set[str]:
        return set.intersection(*(set(each["responses"]) for *_, each in self.operations))

    def assert_matches(self, schema: Mapping[str, Any], body: bytes) -> None:
        """Fail unless *body* is JSON that matches *schema*, which may refer to components."""
        validator = Draft202012Validator(
            self._absolute(schema),
            registry=self._registry,
            format_checker=Draft202012Validator.FORMAT_CHECKER,
        )
        validator.validate(json.loads(body))

    @cached_property
    def _registry(self) -> Registry[Any]:
        resource = DRAFT202012.create_resource(self.content)
        return cast("Registry[Any]", Registry().with_resource(self.name, resource))

    def _absolute(self, schema: Any) -> Any:
        """Let the references of a schema lead into this document, from outside of it."""
        if isinstance(schema, list):
            return [self._absolute(each) for each in schema]
        if not isinstance(schema, dict):
            return schema
        return {
            name: self.name + value if name == "$ref" else self._absolute(value)
            for name, value in schema.items()
        }


DOCUMENTS: Final = {dialect.name: Document(dialect.name) for dialect in DIALECTS}
"""The document of each dialect."""


def as_documented(method: str) -> str:
    """Return under which method a document speaks of requests of this one."""
    return "GET" if method == "HEAD" else method


def methods_at(dialect: Dialect, route: str) -> set[str]:
    """Return the methods that a path takes: those of its operations, and HEAD beside GET."""
    methods = set(dialect.endpoints[route])
    return {*methods, "HEAD"} if "GET" in methods else methods


def assert_is(dialect: Dialect, name: str | None, body: bytes) -> None:
    """Fail unless *body* is what the document of *dialect* calls *name*; None is no body."""
    if name is None:
        assert body == b""
        return
    DOCUMENTS[dialect.name].assert_matches({"$ref": f"#/components/schemas/{name}"}, body)


def assert_documented(method: str, path: str, status: int, body: bytes) -> None:
    """Fail unless a request for *path*, query and all, may be answered so."""
    bare, _, query = path.partition("?")
    dialect = dialect_of(bare)
    document = DOCUMENTS[dialect.name]
    try:
        meant = dialect.read_method(REQUEST._replace(method=method, query=parse_qs(query)))
    except InvalidDataError:
        meant = method
    answers = document.answers_of(document.template_of(bare), meant)
    assert str(status) in answers, f"{method} {path} is answered with an undocumented {status}"
    content = answers[str(status)].get("content")
    if method == "HEAD" or status == NO_CONTENT or content is None:
        assert body == b""
    else:
        (media_type,) = content.values()
        document.assert_matches(media_type["schema"], body)


def _fits(template: list[str], steps: list[str]) -> bool:
    return len(template) == len(steps) and all(
        step != "" if each.startswith("{") else each == step
        for each, step in zip(template, steps, strict=True)
    )
