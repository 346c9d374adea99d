"""The steps of imports and exports that run by themselves. Each is done at least once."""
