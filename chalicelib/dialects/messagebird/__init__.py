"""MessageBird's Contacts and Groups API.

Its documentation (https://developers.messagebird.com/api/contacts) decides the operations, and
its clients decide the statuses: most of them lose the body of an error whose status is not 401,
404, 405 or 422. So what is 400 or 409 in other dialects is 422 here.
"""

from chalicelib.dialects.dialect import Dialect
from chalicelib.dialects.messagebird.credentials import read_credential
from chalicelib.dialects.messagebird.endpoints import ENDPOINTS
from chalicelib.dialects.messagebird.errors import render_error
from chalicelib.dialects.messagebird.parse import SENT_BESIDE, read_method
from chalicelib.dialects.messagebird.render import CONTACTS, GROUPS

MESSAGEBIRD = Dialect(
    name="messagebird",
    roots=(CONTACTS, GROUPS),
    endpoints=ENDPOINTS,
    read_credential=read_credential,
    render_error=render_error,
    read_method=read_method,
    sent_beside=SENT_BESIDE,
)
