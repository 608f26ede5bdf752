"""A call-center engine: calls, queues, seats, menus and records on a real PBX."""

__version__ = "0.1.0"
