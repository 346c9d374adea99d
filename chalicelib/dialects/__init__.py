"""The vendors' APIs: each folder parses a vendor's requests and renders its responses."""
