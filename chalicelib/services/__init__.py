"""The use cases: one function for each.

``now`` is the time of the request (UTC, aware), and the only source of times that are stored.
:mod:`.authentication` has a clock for its cache. :mod:`.recounting` and :mod:`.verifying` have one
to wait, and they sleep.
"""
