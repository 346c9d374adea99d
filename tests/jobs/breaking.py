"""Breaking off whatever calls AWS, at any of its calls, as the end of a process does."""

from contextlib import contextmanager

from botocore.httpsession import URLLib3Session


class Died(BaseException):
    """The process ended here; no code of its own can catch that."""


@contextmanager
def dying_at(monkeypatch, call):
    """End at a call, counted from 0: every second one after it was answered.

    Yields the calls so far.
    """
    send, calls = URLLib3Session.send, []

    def send_or_die(session, request):
        calls.append(request.url)
        if len(calls) - 1 != call:
            return send(session, request)
        if call % 2:
            send(session, request)
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(URLLib3Session, "send", send_or_die)
        yield calls
