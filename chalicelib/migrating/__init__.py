"""Moving in from a vendor: reading its account through its API, and writing it into one of ours."""
