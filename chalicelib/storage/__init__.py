"""The DynamoDB table: its items, and the conditions of each write.

Every read is strongly consistent, except those of the index. It finds all accounts, the credentials
of an account, the contacts that are due, and the tombstones to sweep.
"""
