"""Every limit the phonebook sets itself, with its unit and its reason."""

from typing import Final

MAX_FIELD_CHARACTERS: Final = 1_000
"""A text field of a contact."""

MAX_EMAIL_CHARACTERS: Final = 320
"""64 for the local part, the at sign, 255 for the domain (RFC 5321)."""

MAX_EXTRA_CHARACTERS: Final = 16_000
"""All extra fields of a contact or of a group, as one JSON text. 25 contacts with such texts, all
at four bytes a character, stay below the 4 MB of a transaction."""

MAX_GROUP_NAME_CHARACTERS: Final = 255

MAX_FIELD_NAME_CHARACTERS: Final = 100
"""The name of a typed field, and what a screen calls it."""

MAX_TYPED_FIELDS: Final = 300
"""What a group may define, and what one upload may say of a contact. Hardly more would fit into
:data:`MAX_EXTRA_CHARACTERS`."""

MAX_VALUES_OF_A_FIELD: Final = 1_000
"""In an array of values."""

MAX_LEVELS_OF_A_VALUE: Final = 32
"""Objects and arrays within each other in the value of a typed field."""

MAX_E164_DIGITS: Final = 15
"""The longest number that ITU-T E.164 allows, country code included."""

MAX_WRITTEN_NUMBER_CHARACTERS: Final = 64
"""A phone number as it is written, with all its separators."""

MAX_REQUEST_BYTES: Final = 256 * 1024
"""A contact whose every character is JSON-escaped takes 108 KB; nothing legitimate is larger."""

MAX_UPLOAD_BYTES: Final = 5_000_000
"""The body of an upload of contacts. A Lambda takes 6 MB, and in them the body as a JSON string."""

MAX_UPLOAD_ROWS: Final = 10_000

MAX_RESPONSE_BYTES: Final = 5_500_000
"""The largest body of a list; above it, the list has to be asked for in pages."""

MAX_RESPONSE_EVENT_BYTES: Final = 6_200_000
"""A Lambda may answer 6 MB (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
They hold the body as a JSON string, in which a quotation mark or a backslash takes two bytes,
and a character outside ASCII as many as twelve."""

MAX_PAGE_ITEMS: Final = 1_000
"""The most that one page of a list may be asked to hold."""

MAX_GROUPS_IN_A_FILTER: Final = 100
"""What fits into the longest URL that API Gateway takes, and into one batch read."""

MAX_GROUPS_TO_RENUMBER: Final = 48
"""The groups of a contact whose number can be changed: each is two of the 100 actions of a
transaction, beside the contact twice, its id and the blacklist."""

DEFAULT_RETENTION_DAYS: Final = 30
"""How long a contact outside every group is kept, unless its account says otherwise."""

MAX_RETENTION_DAYS: Final = 3_650
