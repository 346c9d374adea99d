"""The pinned dependencies: locking, installing and auditing them."""
