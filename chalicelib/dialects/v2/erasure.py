"""Being forgotten, and the answer to a request of access."""

from typing import Any, Final

from chalicelib.dialects.bodies import read_object, refuse_unknown
from chalicelib.dialects.messages import Request
from chalicelib.dialects.v2.contacts import render_contact
from chalicelib.dialects.v2.parse import under
from chalicelib.dialects.v2.render import render_ledger_entry, render_moment
from chalicelib.domain.account import Account
from chalicelib.domain.errors import InvalidDataError, ProblemCollector
from chalicelib.domain.ids import uuid_of
from chalicelib.services.erasing import Everything

SUPPRESS: Final = "suppress"


def parse_erasure(request: Request) -> bool:
    """Read whether a number is to be suppressed that is not blacklisted; an empty body says no.

    Raises:
        InvalidDataError: A field is unknown, or not a boolean.

    """
    with under(""):
        body = read_object(request) if request.body.strip() else {}
        sent = body.get(SUPPRESS, False)
        problems = ProblemCollector()
        with problems:
            if not isinstance(sent, bool):
                raise InvalidDataError.of(SUPPRESS, "must be true or false")
        with problems:
            refuse_unknown(body, known={SUPPRESS})
        problems.raise_if_any()
    return bool(sent)


def render_everything(account: Account, everything: Everything) -> dict[str, Any]:
    """Render all that is kept about a person."""
    profile, opt_out = everything.profile, everything.opt_out
    joined_on = everything.joined_on
    return {
        "phoneNumber": everything.phone_number.e164,
        "contact": render_contact(profile) if profile else None,
        "memberships": [
            {
                "id": uuid_of(group.id),
                "name": group.name,
                "joinedOn": render_moment(joined_on[group.id]) if group.id in joined_on else None,
            }
            for group in (profile.groups if profile else ())
        ],
        "optOut": opt_out
        and {**render_ledger_entry(account, opt_out.entry), "since": render_moment(opt_out.since)},
        "ledger": [render_ledger_entry(account, entry) for entry in everything.ledger],
    }
