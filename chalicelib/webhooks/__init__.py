"""Sending webhooks: signed, and only to addresses that anybody may reach."""
