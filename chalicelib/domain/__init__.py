"""What is true: values, rules, errors and limits, with no I/O, clock or framework."""
