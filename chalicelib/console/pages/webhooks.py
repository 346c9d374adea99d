"""Webhooks: who is told of changes, and what they answered."""

from itertools import islice
from typing import Final

from chalicelib.console.rendering import page
from chalicelib.console.visits import Answer, Visit, Who
from chalicelib.domain.errors import ErrorCode, NotFoundError
from chalicelib.domain.ids import id_of_uuid
from chalicelib.services import webhooks

DELIVERIES_SHOWN: Final = 50


def show(visit: Visit, who: Who) -> Answer:
    """Show the webhooks of the account."""
    found = list(webhooks.list_webhooks(who.known.account))
    return page(visit, who, "webhooks.html", webhooks=found)


def show_one(visit: Visit, who: Who) -> Answer:
    """Show a webhook with the last attempts to tell it something. Its secrets are not shown."""
    account, webhook_id = who.known.account, id_of_uuid(visit.ids["webhook"])
    if webhook_id is None:
        raise NotFoundError(ErrorCode.WEBHOOK_NOT_FOUND)
    webhook = webhooks.retrieve_webhook(account, webhook_id)
    found = webhooks.list_deliveries(account, webhook_id, expected=DELIVERIES_SHOWN)
    deliveries = list(islice(found, DELIVERIES_SHOWN))
    return page(visit, who, "webhook.html", webhook=webhook, deliveries=deliveries)
