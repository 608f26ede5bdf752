"""Why a channel ended: the Q.850 causes we use, and the SIP answer each gives (RFC 3398)."""

from enum import IntEnum


class Cause(IntEnum):
    """Q.850 cause values; Asterisk and FreeSWITCH both carry them."""

    UNKNOWN = 0
    UNALLOCATED = 1  # 404
    NORMAL = 16  # BYE
    BUSY = 17  # 486
    NO_USER_RESPONSE = 18  # 408
    NO_ANSWER = 19  # 480
    REJECTED = 21  # 403
    UNREACHABLE = 20  # 480
    NORMAL_UNSPECIFIED = 31
    CONGESTION = 34  # 503
    FAILURE = 38
    INTERWORKING = 127

    @classmethod
    def of(cls, value: int | str | None) -> "Cause":
        """Nearest known cause; anything else is :attr:`UNKNOWN`."""
        try:
            return cls(int(value or 0))
        except ValueError:
            return cls.UNKNOWN
