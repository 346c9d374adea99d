"""The phonebook: contacts, groups and do-not-message numbers, in the vendors' own HTTP dialects."""
