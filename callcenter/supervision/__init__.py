"""Supervisors: who may act on calls and seats, what they do, and the record of it."""
