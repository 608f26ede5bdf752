"""Who may come in: API tokens, and the log of what was done and refused."""

from callcenter.access.audit import AuditLog, Said
from callcenter.access.guard import Guard
from callcenter.access.model import AuditRow, Head, Token, TokenRefused, Verified
from callcenter.access.tokens import TokenBook

__all__ = [
    "AuditLog",
    "AuditRow",
    "Guard",
    "Head",
    "Said",
    "Token",
    "TokenBook",
    "TokenRefused",
    "Verified",
]
