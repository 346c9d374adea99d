"""How far the design carries: its keys and costs against the limits that AWS publishes.

A model and no measurement: nothing here was run on AWS. ``docs/scaling.md`` tells what it finds,
and ``make scaling`` prints the tables. Nothing is read, sent or drawn by chance at import.
"""
