"""What is measured of the phonebook; nothing that it needs to run."""
