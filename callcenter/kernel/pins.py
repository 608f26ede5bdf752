"""PINs as they are kept: an argon2 hash for the database, and whether a PIN is the one behind it.

For seats (``conductor``) and members alike. Both take tens of milliseconds and 64 MiB on purpose;
inside an event loop they belong in a thread.
"""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher()


def hash_pin(pin: str) -> str:
    """Argon2 hash of a PIN."""
    return _hasher.hash(pin)


def pin_matches(pin_hash: str, pin: str) -> bool:
    """Whether ``pin`` is the one that was hashed; costs what the hash had cost."""
    try:
        return _hasher.verify(pin_hash, pin)
    except (VerificationError, InvalidHashError):
        return False
