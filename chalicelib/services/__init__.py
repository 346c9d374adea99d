"""What happens: one function per use case, in the words of the domain.

``now`` is the moment of the request (UTC, aware); no function here asks a clock.
"""
