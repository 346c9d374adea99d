"""One module for each subject, each with ``measure(quick)``, which returns its figures.

Quick is for counts, which are the same on every machine: it takes seconds and measures no time.
"""
