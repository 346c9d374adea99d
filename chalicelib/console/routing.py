"""Which page answers a request, who asks for it, and what they see if it fails."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final, NamedTuple

from chalicelib.console.assets import PATH as ASSETS
from chalicelib.console.assets import asset_answer
from chalicelib.console.rendering import page
from chalicelib.console.visits import (
    ROOT,
    Answer,
    Visit,
    Who,
    last,
    read_form,
    read_form_with_file,
    redirect,
)
from chalicelib.console.words import ERRORS
from chalicelib.domain.caller import Caller
from chalicelib.domain.credential import Credential, Scope
from chalicelib.domain.errors import (
    ErrorCode,
    InvalidDataError,
    NotFoundError,
    PhonebookError,
    RefusedError,
    UnauthorizedError,
    UnavailableError,
)
from chalicelib.domain.limits import MAX_REQUEST_BYTES, MAX_UPLOAD_BYTES
from chalicelib.domain.sessions import (
    Session,
    form_token,
    is_form_token,
    new_session,
    read_session,
    write_session,
)
from chalicelib.domain.text import has_lone_surrogate
from chalicelib.observability import logger, tell_of_request
from chalicelib.services.authentication import Authenticator
from chalicelib.services.signing_in import session_key

COOKIE: Final = "phonebook-console"
TOKEN: Final = "token"  # noqa: S105 - a field's name
"""The field of each form that only our own pages can fill."""

_PARAMETER: Final = re.compile(r"\{(\w+)\}")
_GET: Final = "GET"
_POST: Final = "POST"


class Page(NamedTuple):
    """A page: what answers it, and how the log names it.

    A page that *changes* something is not for a credential that can only read. One that *is_open*
    needs no session. One that *takes_file* is sent a form that may have one.
    """

    name: str
    answers: Callable[..., Answer]
    changes: bool = False
    is_open: bool = False
    takes_file: bool = False


class Signing(NamedTuple):
    """What the pages for signing in need beside the request."""

    authenticator: Authenticator
    key: bytes


def console_answer(visit: Visit, connect: Callable[[], Authenticator]) -> Answer:
    """Answer a request for the console. *connect* returns what checks credentials."""
    path = visit.path.removeprefix(ROOT)
    if path.startswith(ASSETS):
        asset = asset_answer(path)
        if asset is not None and visit.method in {_GET, "HEAD"}:
            return asset
    who = Who(new_session(None, visit.received_on), "")
    try:
        signing = Signing(connect(), session_key(visit.received_on))
        who = _who(visit, signing)
        _refuse_lone_surrogates(visit)
        return _answer(visit, who, signing, path)
    except UnauthorizedError:
        return _to_sign_in(visit)
    except PhonebookError as error:
        if isinstance(error, UnavailableError):
            logger().exception("The table did not serve a page")
        return _failure(visit, who, error)
    except Exception:  # noqa: BLE001 - the person gets an answer, and the log the traceback
        logger().exception("A page met a bug")
        return _failure(visit, who, PhonebookError(ErrorCode.BUG))


def signed_in(visit: Visit, credential: Credential, signing: Signing, to: str) -> Answer:
    """Begin the session of a credential, and go on to a page of ours."""
    session = new_session(credential.username, visit.received_on)
    return _with_cookie(redirect(visit, to), visit, signing.key, session)


def signed_out(visit: Visit) -> Answer:
    """End the session of the browser."""
    answer = redirect(visit, "/sign-in", done="signed-out")
    return answer._replace(headers={**answer.headers, "Set-Cookie": _cookie(visit, "", 0)})


def with_session(answer: Answer, visit: Visit, who: Who, signing: Signing) -> Answer:
    """Let the browser keep a session that nobody has signed in to, which binds the form."""
    return _with_cookie(answer, visit, signing.key, who.session)


def _answer(visit: Visit, who: Who, signing: Signing, path: str) -> Answer:
    pattern, ids = _match(path)
    method = _GET if visit.method == "HEAD" else visit.method
    by_method = _pages()[pattern]
    found = by_method.get(method)
    if found is None:
        raise RefusedError(ErrorCode.METHOD_NOT_ALLOWED, allowed_methods=sorted(by_method))
    tell_of_request(page=found.name)
    visit = visit._replace(ids=ids)
    if who.caller is None and not found.is_open:
        raise UnauthorizedError
    if who.caller is not None:
        caller = who.caller
        who = who._replace(
            caller=Caller(
                account=caller.account,
                username=caller.username,
                scope=caller.scope,
                request_id=caller.request_id,
                via=f"console.{found.name}",
            )
        )
        tell_of_request(account=caller.account.id, username=caller.username)
    if method == _GET:
        return found.answers(visit, who, signing) if found.is_open else found.answers(visit, who)
    if len(visit.body) > (MAX_UPLOAD_BYTES if found.takes_file else MAX_REQUEST_BYTES):
        raise RefusedError(ErrorCode.REQUEST_TOO_LARGE)
    if found.takes_file:
        form, file = read_form_with_file(visit.content_type, visit.body)
        visit = visit._replace(file=file)
    else:
        form = read_form(visit.body)
    if not is_form_token(signing.key, who.session, last(form, TOKEN)):
        return page(visit, who, "stale.html", status=403)
    if found.changes and who.caller is not None and who.caller.scope is Scope.READ:
        raise RefusedError(ErrorCode.READ_ONLY)
    if found.is_open:
        return found.answers(visit, who, form, signing)
    return found.answers(visit, who, form)


def _who(visit: Visit, signing: Signing) -> Who:
    """Return who signed in, as long as the credential is in force; or else a session of nobody."""
    session = read_session(signing.key, _cookie_in(visit), visit.received_on)
    if session is None:
        session = new_session(None, visit.received_on)
    token = form_token(signing.key, session)
    if session.username is None:
        return Who(session, token)
    try:
        credential = signing.authenticator.recall(session.username)
    except UnauthorizedError:
        nobody = new_session(None, visit.received_on)
        return Who(nobody, form_token(signing.key, nobody))
    return Who(session, token, Caller.of(credential, request_id=visit.id, via="console"))


def _match(path: str) -> tuple[str, dict[str, str]]:
    for pattern, expression in _expressions().items():
        match = expression.fullmatch(path)
        if match:
            return pattern, match.groupdict()
    raise NotFoundError(ErrorCode.PATH_NOT_FOUND)


@cache
def _expressions() -> Mapping[str, re.Pattern[str]]:
    return {pattern: re.compile(_PARAMETER.sub(r"(?P<\1>[^/]+)", pattern)) for pattern in _pages()}


@cache
def _pages() -> Mapping[str, Mapping[str, Page]]:
    from chalicelib.console.pages import PAGES  # noqa: PLC0415 - they import this module

    return PAGES


def _to_sign_in(visit: Visit) -> Answer:
    here = visit.path.removeprefix(ROOT)
    answer = redirect(
        visit, "/sign-in", **({"next": here} if visit.method == _GET and here else {})
    )
    if visit.is_partial:
        # A script would put the page for signing in into a part of this one.
        return Answer(401, headers={"HX-Redirect": answer.headers["Location"]})
    return answer


def _failure(visit: Visit, who: Who, error: PhonebookError) -> Answer:
    status, sentence = ERRORS.get(error.code, ERRORS[ErrorCode.BUG])
    problems = error.problems if isinstance(error, InvalidDataError) else ()
    answer = page(
        visit, who, "failure.html", status=status, sentence=sentence, problems=problems,
        request_id=visit.id,
    )  # fmt: skip
    if isinstance(error, RefusedError) and error.allowed_methods:
        allowed = ", ".join(error.allowed_methods)
        return answer._replace(headers={**answer.headers, "Allow": allowed})
    return answer


def _refuse_lone_surrogates(visit: Visit) -> None:
    texts = [visit.path, *visit.query, *(each for many in visit.query.values() for each in many)]
    if any(map(has_lone_surrogate, texts)):
        raise InvalidDataError.of("address", "must not contain a lone surrogate")


def _cookie_in(visit: Visit) -> str:
    # Python's own reader gives up at a cookie of somebody else that it does not like.
    pairs = (pair.strip().partition("=") for pair in visit.cookie.split(";"))
    return next((value for name, _, value in pairs if name == COOKIE), "")


def _with_cookie(answer: Answer, visit: Visit, key: bytes, session: Session) -> Answer:
    seconds = int((session.ends - visit.received_on).total_seconds())
    cookie = _cookie(visit, write_session(key, session), seconds)
    return answer._replace(headers={**answer.headers, "Set-Cookie": cookie})


def _cookie(visit: Visit, value: str, seconds: int) -> str:
    secure = "; Secure" if visit.is_secure else ""
    return f"{COOKIE}={value}; Path={visit.root}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"
