"""What `phonebook maintenance verify` knows of what signing in leaves in the table."""

from datetime import UTC, datetime

from chalicelib.services import verifying
from chalicelib.services.signing_in import make_link
from chalicelib.storage import keys
from chalicelib.storage.invariants import Kind
from tests.account import stamp_of
from tests.console.visitor import Visitor

NOW = datetime.now(UTC)


def findings(engine):
    return {(each.kind, each.key.pk) for each in verifying.verify(None, stamp_of(NOW), fix=False)}


def test_what_signing_in_leaves_is_whole_and_expires(engine, url, client):
    Visitor(url).sign_in(client, secret="wrong")
    Visitor.signed_in(client)
    make_link(client.username, stamp_of(NOW))

    assert findings(engine) == set()

    for partition, sort_key in (
        (keys.sessions(), keys.SESSION_KEY),
        (keys.sign_ins("0" * 64), keys.arrived(NOW)),
        (keys.sign_in_link("0" * 64), keys.SIGN_IN_LINK),
    ):
        item = {"PK": {"S": partition}, "SK": {"S": sort_key}}
        engine.client().put_item(TableName=engine.table, Item=item)

    assert findings(engine) == {
        (Kind.UNREADABLE, keys.sessions()),
        (Kind.MARKER_FOR_EVER, keys.sign_ins("0" * 64)),
        (Kind.UNREADABLE, keys.sign_in_link("0" * 64)),
        (Kind.MARKER_FOR_EVER, keys.sign_in_link("0" * 64)),
    }
