"""What an operation is, and which parameters of a request it knows.

An unknown parameter is refused by name: without its filter, "this group" would mean everybody.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from typing import Final, NamedTuple, TypeAlias

from chalicelib.dialects.bodies import names_in_body, shown_name
from chalicelib.dialects.messages import Request, Response
from chalicelib.domain.caller import Caller
from chalicelib.domain.errors import InvalidDataError, Problem, ProblemCollector

Endpoint: TypeAlias = Callable[[Request, Caller], Response]
"""Parses a request, calls the service, renders its result."""

_LIST_FORM: Final = re.compile(r"(?P<name>[^\[\]]*)\[(?P<position>[0-9]{0,9})\]")
"""``name[]`` and ``name[0]``, as PHP, Ruby and JavaScript write an element of a list."""

_POSITION: Final = re.compile(r"[0-9]{1,9}")


def loaded_later(module: str, name: str) -> Endpoint:
    """Return the endpoint *name* of a module that is loaded when it is first called.

    So a request loads only what its own operation needs.
    """

    def endpoint(request: Request, caller: Caller) -> Response:
        loaded: Endpoint = getattr(import_module(module), name)
        return loaded(request, caller)

    endpoint.__name__ = name
    return endpoint


class Operation(NamedTuple):
    """An endpoint, and the parameters that it knows in a query.

    Each parameter in ``one`` has one value. Each in ``many`` has any number of values, in every
    form in which clients write a list; ``by_position`` names the one in ``many`` whose values a
    client sends under their positions alone (``0=…&1=…``). An operation without ``reads_body``
    refuses every name in a body, unless it ``ignores_body``: a client sends one that adds nothing.
    A credential that only reads may call an operation only if that says that it ``only_reads``.
    """

    endpoint: Endpoint
    one: frozenset[str] = frozenset()
    many: frozenset[str] = frozenset()
    by_position: str | None = None
    reads_body: bool = False
    ignores_body: bool = False
    only_reads: bool = False

    @property
    def name(self) -> str:
        """The name of its endpoint, which is stored with everything that it changes."""
        return self.endpoint.__name__

    def with_known_parameters(self, request: Request, beside: Mapping[str, str]) -> Request:
        """Return the request, its query under the names that the operation knows.

        *beside* names the parameters that clients of the dialect send with any operation.

        Raises:
            InvalidDataError: The query or an unread body has an unknown name, or a parameter
                has several values where it may have one.

        """
        problems = ProblemCollector()
        query: Mapping[str, Sequence[str]] = {}
        with problems:
            query = self._read_query(request.query, beside)
        with problems:
            if not (self.reads_body or self.ignores_body):
                _refuse(names_in_body(request), known=())
        problems.raise_if_any()
        return request._replace(query=query)

    def _read_query(
        self, query: Mapping[str, Sequence[str]], beside: Mapping[str, str]
    ) -> dict[str, list[str]]:
        found: dict[str, list[tuple[int, str]]] = {}
        unknown = []
        problems = ProblemCollector()
        for sent, values in query.items():
            name, position = self._known_as(sent)
            with problems:
                if name in self.many:
                    if position is not None and "" in values:
                        raise InvalidDataError.of(shown_name(sent), "must not be empty")
                    found.setdefault(name, []).extend((position or 0, value) for value in values)
                elif name in self.one or name in beside:
                    if len(set(values)) > 1:
                        raise InvalidDataError.of(name, "is there more than once")
                    found[name] = [(0, value) for value in values]
                else:
                    unknown.append(sent)
        with problems:
            _refuse(unknown, known=self.one | self.many)
        problems.raise_if_any()
        # Elements with the same position keep the order in which they came.
        return {
            name: [value for _, value in sorted(values, key=lambda each: each[0])]
            for name, values in found.items()
        }

    def _known_as(self, sent: str) -> tuple[str, int | None]:
        """Return the name of a parameter, and its position in a list if it is written as one."""
        if self.by_position and _POSITION.fullmatch(sent):
            return self.by_position, int(sent)
        element = _LIST_FORM.fullmatch(sent)
        if element and element["name"] in self.many:
            return element["name"], int(element["position"] or 0)
        return sent, None


def _refuse(unknown: Iterable[str], *, known: Iterable[str]) -> None:
    """Refuse every name in *unknown*, and suggest the known name that it resembles."""
    meant = {likeness(name): name for name in known}
    problems = []
    for name in unknown:
        likely = meant.get(likeness(name))
        hint = f": did you mean {likely}?" if likely else ""
        problems.append(Problem(shown_name(name), f"is not a known parameter{hint}"))
    if problems:
        raise InvalidDataError(problems)


def likeness(name: str) -> str:
    """Return a name without its case, separators and plural: similar names give the same."""
    element = _LIST_FORM.fullmatch(name)
    plain = element["name"] if element else name.strip()
    return plain.replace("_", "").replace("-", "").casefold().removesuffix("s")
