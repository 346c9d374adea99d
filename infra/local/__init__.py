"""The phonebook on this machine: embedded engines, ``make dev``, and what it prints."""
