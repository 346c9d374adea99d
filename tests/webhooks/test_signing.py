"""Signatures, verified by the packages that receivers use."""

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from chalicelib.domain.webhooks import new_secret, rotated, valid
from chalicelib.webhooks.signing import signed_headers

NPM_PACKAGE = "standardwebhooks@1.1.1"
BODY = '{"type":"contact.created","data":{"name":"Zoë"}}'

VERIFY = """
const { Webhook } = require("standardwebhooks");
const cases = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(cases.map(({ secret, body, headers }) => {
    try { new Webhook(secret).verify(body, headers); return true; } catch { return false; }
})));
"""


def texts(secrets):
    return [secret.text for secret in secrets]


def case(**changed):
    """A message as a receiver gets it, and the secret it verifies it with."""
    secret = new_secret().text
    headers = signed_headers([secret], "msg_1", datetime.now(UTC), BODY.encode())
    made = {"secret": secret, "body": BODY, "headers": headers}
    return {
        name: changed.get(name, str)(value) if name in changed else value
        for name, value in made.items()
    }


def with_header(name, change):
    return lambda headers: headers | {name: change(headers[name])}


def ago(seconds):
    secret = new_secret().text
    at = datetime.now(UTC) - timedelta(seconds=seconds)
    return {
        "secret": secret,
        "body": BODY,
        "headers": signed_headers([secret], "msg_1", at, BODY.encode()),
    }


def later(timestamp):
    return str(int(timestamp) + 1)


def of_version_2(signature):
    return signature.replace("v1,", "v2,")


ANOTHER = f"v1,{'A' * 43}="

TAMPERED = {
    "id": lambda: case(headers=with_header("webhook-id", lambda _: "msg_2")),
    "timestamp": lambda: case(headers=with_header("webhook-timestamp", later)),
    "body": lambda: case(body=lambda body: body.replace("created", "deleted")),
    "space in the body": lambda: case(body=lambda body: body + " "),
    "signature": lambda: case(headers=with_header("webhook-signature", lambda _: ANOTHER)),
    "version": lambda: case(headers=with_header("webhook-signature", of_version_2)),
    "another secret": lambda: case(secret=lambda _: new_secret().text),
    "old": lambda: ago(600),
    "of the future": lambda: ago(-600),
}  # fmt: skip


def is_verified(case):
    try:
        Webhook(case["secret"]).verify(case["body"], case["headers"])
    except WebhookVerificationError:
        return False
    return True


def test_signature_is_that_of_a_published_example():
    """The one in the tests of the packages of Standard Webhooks."""
    headers = signed_headers(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
    )

    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_receiver_in_python_verifies():
    assert is_verified(case())


@pytest.mark.parametrize("what", TAMPERED)
def test_receiver_in_python_refuses_what_was_tampered_with(what):
    assert not is_verified(TAMPERED[what]())


@given(
    message_id=st.from_regex(r"[A-Za-z0-9_-]{1,99}", fullmatch=True),
    body=st.text(st.characters(exclude_categories=["Cs"])),
    seconds=st.floats(-200, 200),
)
def test_every_message_is_verified(message_id, body, seconds):
    secret = new_secret().text
    at = datetime.now(UTC) + timedelta(seconds=seconds)

    headers = signed_headers([secret], message_id, at, body.encode())

    Webhook(secret).verify(body, headers, json_parse=False)


def test_receiver_has_a_day_to_change_to_the_new_secret():
    now = datetime.now(UTC)
    (former,) = rotated((), now)
    both = rotated((former,), now)

    at_first = signed_headers(texts(valid(both, now)), "msg_1", now, BODY.encode())
    later = texts(valid(both, now + timedelta(hours=24)))
    in_the_end = signed_headers(later, "msg_1", now, BODY.encode())

    new, old = both[0].text, former.text
    assert is_verified({"secret": new, "body": BODY, "headers": at_first})
    assert is_verified({"secret": old, "body": BODY, "headers": at_first})
    assert is_verified({"secret": new, "body": BODY, "headers": in_the_end})
    assert not is_verified({"secret": old, "body": BODY, "headers": in_the_end})


def test_id_with_a_full_stop_is_not_signed():
    with pytest.raises(ValueError, match="full stop"):
        signed_headers([new_secret().text], "msg.1", datetime.now(UTC), b"")


@pytest.fixture(scope="module")
def verified_in_node(tmp_path_factory):
    """Which of some cases the package for JavaScript verifies."""
    folder = tmp_path_factory.mktemp("node")
    installed = subprocess.run(
        ["npm", "install", "--no-save", "--no-audit", "--ignore-scripts", NPM_PACKAGE],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert installed.returncode == 0, installed.stderr

    def verified(cases):
        done = subprocess.run(
            ["node", "-e", VERIFY],
            cwd=folder,
            input=json.dumps(cases),
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout)

    yield verified
    shutil.rmtree(folder)


@pytest.mark.skipif(
    not (shutil.which("npm") and shutil.which("node")), reason="there is no npm here, or no node"
)
def test_receiver_in_javascript_verifies_and_refuses_the_same(verified_in_node):
    tampered = [make() for make in TAMPERED.values()]

    assert verified_in_node([case(), *tampered]) == [True] + [False] * len(tampered)
