"""Where it stays: one DynamoDB table, its items, conditions and transactions.

Every read is strongly consistent, but for the two listings by which operators look
at accounts and credentials, which go through the index.
"""
