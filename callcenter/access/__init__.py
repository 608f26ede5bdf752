"""Who may come in: API tokens, and the log of what was done and refused."""

from callcenter.access.model import Token, TokenRefused, hash_of, new_secret
from callcenter.access.tokens import TokenBook

__all__ = ["Token", "TokenBook", "TokenRefused", "hash_of", "new_secret"]
