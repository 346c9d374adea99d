"""What a dialect is, and how it answers a request."""

from collections.abc import Callable, Mapping
from itertools import chain
from operator import attrgetter
from types import MappingProxyType
from typing import NamedTuple

from chalicelib.dialects.messages import METHODS, Request, Response
from chalicelib.dialects.operations import Operation
from chalicelib.domain.caller import Caller
from chalicelib.domain.credential import Credential, PresentedCredential, Scope
from chalicelib.domain.errors import (
    ErrorCode,
    InvalidDataError,
    NotFoundError,
    PhonebookError,
    RefusedError,
    UnavailableError,
)
from chalicelib.domain.limits import MAX_REQUEST_BYTES
from chalicelib.domain.text import has_lone_surrogate
from chalicelib.observability import logger, tell_of_request


class Dialect(NamedTuple):
    """One vendor's API.

    ``endpoints`` maps the pattern of each path to the operation of each method. This dialect
    answers every path that begins with one of ``roots``, also a path that does not exist.
    ``read_method`` returns the method that a request means, if clients may send another instead.
    ``sent_beside`` maps each query parameter that clients send with any operation to who sends it.
    ``request_bytes`` gives the largest body of each path that takes more than
    :data:`MAX_REQUEST_BYTES`.
    """

    name: str
    roots: tuple[str, ...]
    endpoints: Mapping[str, Mapping[str, Operation]]
    read_credential: Callable[[Request], PresentedCredential]
    render_error: Callable[[PhonebookError], Response]
    read_method: Callable[[Request], str] = attrgetter("method")
    sent_beside: Mapping[str, str] = MappingProxyType({})
    request_bytes: Mapping[str, int] = MappingProxyType({})

    def owns(self, path: str) -> bool:
        """Say whether this dialect answers *path*."""
        return any(path == root or path.startswith(f"{root}/") for root in self.roots)


def answer(
    dialect: Dialect,
    read_request: Callable[[], Request],
    authenticate: Callable[[PresentedCredential], Credential],
) -> Response:
    """Answer a request; every exception becomes an error in the dialect's own shape.

    Authentication comes first, so that an anonymous caller learns nothing, not even which
    paths exist. HEAD is answered like GET; the caller of this function drops the body.
    Each later log line names the account, the username, the method and the operation.
    """
    try:
        request = read_request()
        credential = authenticate(dialect.read_credential(request))
        tell_of_request(account=credential.account.id, username=credential.username)
        _refuse_lone_surrogates(request)
        request = request._replace(method=dialect.read_method(request))
        if request.method in METHODS:  # Otherwise it is a client's own text.
            tell_of_request(meant_method=request.method)
        operation = _operation_of(dialect, request)
        via = f"{dialect.name}.{operation.name}"
        tell_of_request(via=via)
        caller = Caller.of(credential, request_id=request.id, via=via)
        _refuse_if_out_of_scope(caller, operation)
        request = operation.with_known_parameters(request, dialect.sent_beside)
        return operation.endpoint(request, caller)
    except PhonebookError as error:
        if isinstance(error, UnavailableError):
            logger().exception("The table did not serve a request")
        return dialect.render_error(error)
    except Exception:  # noqa: BLE001 - the client gets an answer, and the log the traceback
        logger().exception("A request met a bug")
        return dialect.render_error(PhonebookError(ErrorCode.BUG))


def _operation_of(dialect: Dialect, request: Request) -> Operation:
    by_method = dialect.endpoints.get(request.route)
    if by_method is None:
        raise NotFoundError(ErrorCode.PATH_NOT_FOUND)
    operation = by_method.get("GET" if request.method == "HEAD" else request.method)
    if operation is None:
        allowed = {*by_method, "HEAD"} if "GET" in by_method else by_method
        raise RefusedError(ErrorCode.METHOD_NOT_ALLOWED, allowed_methods=sorted(allowed))
    if len(request.body) > dialect.request_bytes.get(request.route, MAX_REQUEST_BYTES):
        raise RefusedError(ErrorCode.REQUEST_TOO_LARGE)
    return operation


def _refuse_if_out_of_scope(caller: Caller, operation: Operation) -> None:
    if caller.scope is Scope.READ and not operation.only_reads:
        raise RefusedError(ErrorCode.READ_ONLY)


def _refuse_lone_surrogates(request: Request) -> None:
    """Refuse text that cannot be encoded in UTF-8. In bodies, each field is checked instead."""
    parts = {
        "path": request.path_parameters.values(),
        "query": chain(request.query, *request.query.values()),
        "headers": request.headers.values(),
    }
    for part, texts in parts.items():
        if any(map(has_lone_surrogate, texts)):
            raise InvalidDataError.of(part, "must not contain a lone surrogate")
