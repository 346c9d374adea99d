"""The phonebook on AWS: its package, its stack, and its deployment."""
