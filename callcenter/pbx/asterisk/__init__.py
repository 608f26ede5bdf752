"""The adapter for Asterisk 20 and newer. Only ``app`` names it; others know ``pbx.port``."""

from callcenter.pbx.asterisk.node import AsteriskLink, AsteriskNode

__all__ = ["AsteriskLink", "AsteriskNode"]
