"""Shared by the tests: real SIP phones, ears for what they hear."""
