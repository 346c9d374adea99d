"""The values, rules, errors and limits of the phonebook, without I/O, clock or framework."""
