"""The pinned dependencies: locked, installed, and looked up among known vulnerabilities."""
