"""Credentials that were used today, so that no request is the first that has to note a use.

The note is written beside a request, and could be counted, or take a fault that a test asked for.
"""

from datetime import UTC, datetime
from typing import Any

from chalicelib.domain.credential import Credential
from chalicelib.services import accounts
from chalicelib.storage.accounts import note_use
from tests.account import stamp_of
from tests.leaks import ISSUED_SECRETS


def issue_used_credential(account_id: str, **options: Any) -> tuple[Credential, str]:
    """Issue a credential that was used today, and return it with its secret."""
    now = datetime.now(UTC)
    credential, secret = accounts.issue_credential(account_id, stamp_of(now), **options)
    ISSUED_SECRETS.add(secret)
    note_use(credential.username, now.date())
    return credential, secret
