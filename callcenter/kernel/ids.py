"""Short ids that sort by the time they were made and can be read out over a phone."""

import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base32: no i, l, o, u


def _encode(value: int, width: int) -> str:
    chars = []
    for _ in range(width):
        value, rest = divmod(value, 32)
        chars.append(_ALPHABET[rest])
    return "".join(reversed(chars))


def new_id(prefix: str) -> str:
    """Make ``prefix-xxxxxxxxxxxxxx``: 45 bits of milliseconds, then 25 random bits."""
    stamp = _encode(time.time_ns() // 1_000_000, 9)
    return f"{prefix}-{stamp}{_encode(secrets.randbits(25), 5)}"
