"""Where it stays: one DynamoDB table, its items, and the conditions of each change.

Every read is strongly consistent, but for what goes through the index: the operators' two listings
of accounts and credentials, the contacts that are due, and the tombstones to be swept.
"""
