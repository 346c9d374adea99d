"""Every limit the phonebook sets itself, with its unit and its reason."""

from typing import Final

FIELD_CHARACTERS: Final = 1_000
"""A text field of a contact."""

EMAIL_CHARACTERS: Final = 320
"""64 for the local part, the at sign, 255 for the domain (RFC 5321)."""

EXTRA_CHARACTERS: Final = 16_000
"""All extra fields of a contact or of a group, as one JSON text. 25 contacts with such texts, all
at four bytes a character, stay below the 4 MB of a transaction."""

GROUP_NAME_CHARACTERS: Final = 255

FIELD_NAME_CHARACTERS: Final = 100
"""The name of a typed field, and what a screen calls it."""

TYPED_FIELDS: Final = 300
"""What a group may define, and what one upload may say of a contact. Hardly more would fit into
:data:`EXTRA_CHARACTERS`."""

VALUES_OF_A_FIELD: Final = 1_000
"""In an array of values."""

LEVELS_OF_A_VALUE: Final = 32
"""Objects and arrays within each other in the value of a typed field."""

E164_DIGITS: Final = 15
"""The longest number that ITU-T E.164 allows, country code included."""

WRITTEN_NUMBER_CHARACTERS: Final = 64
"""A phone number as it is written, with all its separators."""

REQUEST_BYTES: Final = 256 * 1024
"""A contact whose every character is JSON-escaped takes 108 KB; nothing legitimate is larger."""

UPLOAD_BYTES: Final = 5_000_000
"""The body of an upload of contacts. A Lambda takes 6 MB, and in them the body as a JSON string."""

UPLOAD_ROWS: Final = 10_000

RESPONSE_BYTES: Final = 5_500_000
"""The largest body of a list; above it, the list has to be asked for in pages."""

RESPONSE_EVENT_BYTES: Final = 6_200_000
"""A Lambda may answer 6 MB (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
They hold the body as a JSON string, in which a quotation mark or a backslash takes two bytes,
and a character outside ASCII as many as twelve."""

PAGE_ITEMS: Final = 1_000
"""The most that one page of a list may be asked to hold."""

GROUPS_IN_A_FILTER: Final = 100
"""What fits into the longest URL that API Gateway takes, and into one batch read."""

GROUPS_OF_A_NEW_NUMBER: Final = 48
"""The groups of a contact whose number can be changed: each is two of the 100 actions of a
transaction, beside the contact twice, its id and the blacklist."""

RETENTION_DAYS: Final = 30
"""How long a contact outside every group is kept, unless its account says otherwise."""

LONGEST_RETENTION_DAYS: Final = 3_650
