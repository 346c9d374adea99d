"""Writing contacts and opt-outs as files that our own import, and other products, read."""
