"""Keys of a telephone, collected one by one: what :meth:`Channel.read_digits` is on every PBX."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from callcenter.pbx.port import Digits

ALL_KEYS = "0123456789*#"


def only_keys(wanted: str) -> str:
    """Those that a telephone has."""
    return "".join(key for key in wanted if key in ALL_KEYS)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """As the arguments of :meth:`Channel.read_digits`."""

    most: int
    first: timedelta
    between: timedelta
    end: str


async def collect(
    stopped_by: Awaitable[str], wait_key: Callable[[timedelta], Awaitable[str]], limits: Limits
) -> Digits:
    """``stopped_by`` gives the key that stopped the prompts, if any; ``wait_key`` a further one."""
    keys, key = "", await stopped_by
    while len(keys) < limits.most:
        key = key or await wait_key(limits.between if keys else limits.first)
        if not key or key in limits.end:
            return Digits(keys=keys, timed_out=not key)
        keys, key = keys + key, ""
    return Digits(keys=keys)
