"""Signing messages as Standard Webhooks 1.0.0 does, with HMAC-SHA-256."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

from chalicelib.domain.webhooks import SECRET_PREFIX


def signed_headers(
    webhook_secrets: Sequence[str], message_id: str, at: datetime, body: bytes
) -> dict[str, str]:
    """Return the three headers that say which message it is, when it is sent, and that it is ours.

    Each of the secrets (``whsec_...``) signs. *at* is the time of this attempt, with its zone.

    Raises:
        ValueError: The id contains a full stop, which would move the limits of what is signed.

    """
    if "." in message_id:
        raise ValueError(f"The id {message_id} of a message contains a full stop.")
    timestamp = str(int(at.timestamp()))
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(_signature(secret, signed) for secret in webhook_secrets),
    }


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    return f"v1,{base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()}"
