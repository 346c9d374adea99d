"""Sizes that `make test` keeps small, and `make test-full` does not."""

import os
from typing import Final

FULL: Final = "PHONEBOOK_TEST_FULL" in os.environ

HISTORIES: Final = 60 if FULL else 12
STEPS_OF_A_HISTORY: Final = 60 if FULL else 40
SECONDS_OF_TRAFFIC: Final = 30 if FULL else 6
MEMBERS_GAINED: Final = 20_000 if FULL else 1_500
CONTACTS_IN_A_LARGE_TABLE: Final = 100_000 if FULL else 2_000
CONTACTS_TO_MIGRATE: Final = 5_000 if FULL else 600
PEOPLE_TO_IMPORT: Final = 100_000 if FULL else 1_000
MESSY_ROWS_TO_IMPORT: Final = 5_000 if FULL else 200
HISTORIES_OF_OPT_OUTS: Final = 200 if FULL else 15
CAMPAIGNS: Final = 300 if FULL else 30
EXAMPLES_OF_AN_OPERATION: Final = 50 if FULL else 5
HAS_LARGE_TABLES: Final = os.environ.get("ENGINE") == "dynamodb-local"
"""A query of ministack reads its whole partition."""

PEOPLE_TO_SEARCH: Final = (100_000 if HAS_LARGE_TABLES else 20_000) if FULL else 600
SEARCHES: Final = (10_000 if HAS_LARGE_TABLES else 2_000) if FULL else 100
