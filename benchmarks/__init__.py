"""Measurements and models of the phonebook; nothing that it needs to run."""
