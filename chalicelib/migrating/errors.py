"""What ends a migration before its end."""


class VendorError(Exception):
    """A vendor's account cannot be read. The message says which call failed and how.

    ``status`` is what the vendor answered, if it is not 200.
    """

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class GroupJustDeletedError(Exception):
    """A group of an earlier run was deleted, and is not swept yet. The message names it."""
