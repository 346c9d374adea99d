"""The limits on what clients and operators may send and get, with their reasons.

Limits of the engine and of each vendor are where they are used.
"""

from typing import Final

MAX_FIELD_CHARACTERS: Final = 1_000
"""A text field of a contact."""

MAX_EMAIL_CHARACTERS: Final = 320
"""64 for the local part, the at sign, 255 for the domain (RFC 5321)."""

MAX_EXTRA_CHARACTERS: Final = 16_000
"""All extra fields of a contact or of a group, as one JSON text. A transaction holds 4 MB: 25
contacts with such texts fit, even at four bytes per character."""

MAX_GROUP_NAME_CHARACTERS: Final = 255

MAX_NOTE_CHARACTERS: Final = 1_000
"""A note in the ledger of opt-outs."""

MAX_KEY_CHARACTERS: Final = 255
"""An Idempotency-Key."""

MAX_FIELD_NAME_CHARACTERS: Final = 100
"""The name of a typed field, and its name on screens."""

MAX_LABEL_CHARACTERS: Final = 100
"""An operator's note on a credential."""

MAX_TYPED_FIELDS: Final = 300
"""Fields that a group may define, and that an upload may have for a contact. Hardly more would fit
into :data:`MAX_EXTRA_CHARACTERS`."""

MAX_VALUES_OF_A_FIELD: Final = 1_000
"""In an array of values."""

MAX_LEVELS_OF_A_VALUE: Final = 32
"""Nested objects and arrays in the value of a typed field."""

MAX_E164_DIGITS: Final = 15
"""The longest number in ITU-T E.164, with its country code."""

MAX_WRITTEN_NUMBER_CHARACTERS: Final = 64
"""A phone number as a client sends it, with all separators."""

MAX_REQUEST_BYTES: Final = 256 * 1024
"""The largest contact takes 108 KB if each of its characters is escaped in JSON."""

MAX_DRAFT_BYTES: Final = 4_000_000
"""A file that is sent through the API. A Lambda accepts 6 MB, which hold it in base64."""

MAX_UPLOAD_BYTES: Final = 5_000_000
"""An upload of contacts. A Lambda accepts 6 MB, which hold the body as a JSON string."""

MAX_UPLOAD_ROWS: Final = 10_000

MAX_BATCH_ROWS: Final = 1_000
"""Rows of a batch in our own API. All but those with the longest texts fit into
:data:`MAX_UPLOAD_BYTES`."""

MAX_IMPORT_BYTES: Final = 200_000_000
"""A file to import. A million rows of ordinary contacts fit into it."""

MAX_IMPORT_ROWS: Final = 1_000_000

MAX_IMPORT_GROUPS: Final = 1_000
"""Groups that a file names. With more, a column of other things was taken for that of groups."""

MAX_ROW_CHARACTERS: Final = 1_000_000
"""One row of a file to import, with its quoted line ends. More is a quotation mark that is never
closed, or no table."""

MAX_CELL_CHARACTERS: Final = 100_000
"""One cell of a file to import; no field of a contact holds more."""

MAX_COLUMNS: Final = 1_000
"""Of a file to import. Google's have about a hundred."""

MAX_CARD_LINE_BYTES: Final = 64 * 1024
MAX_CARD_BYTES: Final = 1024 * 1024
"""A property of a business card (vCard) that we read. Pictures, which may be longer, are skipped.
"""

MAX_WORKBOOK_BYTES: Final = 1_000_000_000
"""A workbook (.xlsx) without its compression: twice what a million rows of contacts take."""

MAX_WORKBOOK_TEXT_BYTES: Final = 150_000_000
"""The part of a workbook that holds each different text once. It is in memory while we read."""

MAX_RESPONSE_BYTES: Final = 5_500_000
"""The body of a list. A client has to request a larger list in pages."""

MAX_RESPONSE_EVENT_BYTES: Final = 6_200_000
"""A list's body within the answer of a Lambda, which may be 6 MB
(https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). The answer holds the body
as a JSON string: a quotation mark or a backslash takes two bytes, and a character outside ASCII up
to twelve."""

MAX_PAGE_ITEMS: Final = 1_000
"""Entries that a client may request for one page."""

MAX_SEARCH_CHARACTERS: Final = 200
MAX_SEARCH_WORDS: Final = 8

MAX_TOKENS: Final = 50
"""Tokens of a contact for the search. A usual one has six; all its fields have room for hundreds of
words."""

MAX_TOKEN_CHARACTERS: Final = 64
"""Of a longer word, the rest is not looked at. A token is a part of a sort key, of 1,024 bytes."""

MAX_GROUPS_IN_A_FILTER: Final = 100
"""As many fit into the longest URL of API Gateway, and into one batch read."""

MAX_GROUPS_TO_RENUMBER: Final = 47
"""Groups of a contact whose number can change. A transaction has 100 actions: each group takes two,
the contact two, its id one, the blacklist entry one, and the ledger two."""

MAX_GIVEN_NUMBERS: Final = 10_000
"""Numbers that are given beside the groups of a campaign."""

MAX_CAMPAIGN_BYTES: Final = 1_000_000
"""A question for recipients: that many numbers take 64 characters each, and more if escaped."""

MAX_GROUPS_TO_JOIN: Final = 94
"""Groups that a contact can join in one transaction of 100 actions, whatever else it changes."""

DEFAULT_RETENTION_DAYS: Final = 30
"""How long we keep a contact that is in no group, if its account does not say otherwise."""

MAX_RETENTION_DAYS: Final = 3_650
"""What an account may set."""

MAX_URL_CHARACTERS: Final = 2_048
"""The address of a webhook. Not every server and proxy on the way takes more."""

MAX_WEBHOOKS: Final = 20
"""Of an account. Each change of it is sent to as many."""

MAX_DELIVERIES_KEPT: Final = 1_000
"""Attempts at a webhook that its ledger has: the last ones."""

MAX_ANSWER_BYTES: Final = 64 * 1024
"""What we read of the answer to a webhook."""

MAX_ANSWER_CHARACTERS: Final = 1_000
"""What we keep of it: enough to see what is wrong at the receiver."""
