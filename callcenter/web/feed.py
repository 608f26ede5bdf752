"""The feed: the rows that are shown now and the ring of their last changes. Knows no HTTP.

Publishing costs the same however many read: a row is encoded once and put into the ring. Readers
come for it at their own pace and hold nothing up; who was away longer than the ring remembers, or
comes from another engine's life, gets everything anew.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from callcenter.kernel.clock import Clock
from callcenter.kernel.ids import new_id
from callcenter.web.rows import EVERYBODYS, Kind, Row

RING = 20_000
"""Changes remembered."""
BATCH_SECONDS = 0.25
"""A reader gets at most one packet in this time."""
BATCH_CHANGES = 1_000
"""Changes in one packet, at most."""
QUIET_SECONDS = 10.0
"""A reader hears at least a sign of life in this time."""

_encode = msgspec.json.Encoder().encode
Sees = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class _Change:
    kind: Kind
    key: str
    tenant: str
    told: bytes  # of the packet: {"kind":...,"key":...,"row":...}
    unless: str | None = None  # not for those who see this tenant's

    def concerns(self, sees: Sees) -> bool:
        """Whether it is for somebody."""
        return _may(sees, self.tenant) and (self.unless is None or not _may(sees, self.unless))


@dataclass(frozen=True, slots=True)
class _Shown:
    row: Row
    told: bytes  # the row


@dataclass(frozen=True, kw_only=True)
class Packet:
    """What a reader gets at once: ``event`` is reset or changes, ``data`` JSON in one line.

    An empty ``event`` is a sign of life. ``id`` is where to resume after it.
    """

    event: str = ""
    id: str = ""
    data: bytes = b""


class Feed:
    """One life of it. ``most`` changes are remembered."""

    def __init__(self, clock: Clock, *, most: int = RING, life: str = "") -> None:
        self._clock = clock
        self._most = most
        self._life = life or new_id("f")
        self._ring: list[_Change | None] = [None] * most
        self._last = 0  # number of the newest change
        self._rows: dict[Kind, dict[str, _Shown]] = {kind: {} for kind in Kind}
        self._newer = asyncio.Event()
        self._closed = False
        self.readers = 0

    # -- who knows ----------------------------------------------------------------------------

    def publish(self, kind: Kind, key: str, row: Row) -> None:
        """Show ``row`` from now on; harmless when it is as it was."""
        before = self._rows[kind].get(key)
        if before is not None:
            if before.row == row:
                return
            if before.row.tenant != row.tenant:
                self._tell(kind, key, before.row.tenant, b"null", unless=row.tenant)
        told = _encode(row)
        self._rows[kind][key] = _Shown(row, told)
        self._tell(kind, key, row.tenant, told)

    def remove(self, kind: Kind, key: str) -> None:
        """Show it no more; harmless when it was not shown."""
        before = self._rows[kind].pop(key, None)
        if before is not None:
            self._tell(kind, key, before.row.tenant, b"null")

    def keys(self, kind: Kind) -> list[str]:
        """What is shown of a kind."""
        return list(self._rows[kind])

    def close(self) -> None:
        """Let all readers go; they may come back to the next engine."""
        self._closed = True
        self._newer.set()

    # -- who wants to know --------------------------------------------------------------------

    def whole(self, sees: Sees, why: str = "") -> bytes:
        """Everything that is shown to somebody, as JSON."""
        kinds = (
            b'"%s":[%s]'
            % (
                kind.encode(),
                b",".join(s.told for s in rows.values() if _may(sees, s.row.tenant)),
            )
            for kind, rows in self._rows.items()
        )
        return b'{"at":%s,"why":%s,%s}' % (self._at(), _encode(why), b",".join(kinds))

    async def read(self, after: str, sees: Sees, *, most: float = 0) -> AsyncIterator[Packet]:
        """Packets from ``after`` on (the id of the last one that came; "": from now), for ever.

        It begins with everything unless ``after`` can be resumed. ``sees`` tells for a tenant
        whether its rows may be shown. After ``most`` seconds (0: never) it ends.
        """
        until = self._clock.monotonic() + most if most else float("inf")
        position, why = self._resume(after)
        told_at = self._clock.monotonic()
        self.readers += 1
        try:
            while not self._closed and self._clock.monotonic() < until:
                packet: Packet | None = None
                if position < max(0, self._last - self._most):
                    position, packet = self._last, self._reset(sees, why or "too_slow")
                    why = ""
                elif position < self._last:
                    position, packet = self._changes(position, sees)
                else:
                    await self._more()
                if packet is None and self._clock.monotonic() - told_at >= QUIET_SECONDS:
                    packet = Packet(id=self._id(position))
                if packet is not None:
                    yield packet
                    told_at = self._clock.monotonic()
                await self._clock.sleep(BATCH_SECONDS)
        finally:
            self.readers -= 1

    # -- inside -------------------------------------------------------------------------------

    def _tell(
        self, kind: Kind, key: str, tenant: str, row: bytes, *, unless: str | None = None
    ) -> None:
        self._last += 1
        told = b'{"kind":"%s","key":%s,"row":%s}' % (kind.encode(), _encode(key), row)
        self._ring[self._last % self._most] = _Change(kind, key, tenant, told, unless)
        if not self._newer.is_set():
            self._newer.set()

    def _resume(self, after: str) -> tuple[int, str]:
        """The number after which to go on, or -1 and why everything has to be told anew."""
        life, _, number = after.rpartition(".")
        if not after:
            return -1, "first"
        if life != self._life or not number.isdecimal() or int(number) > self._last:
            return -1, "restarted"
        return (int(number), "") if int(number) >= self._last - self._most else (-1, "too_old")

    def _reset(self, sees: Sees, why: str) -> Packet:
        return Packet(event="reset", id=self._id(self._last), data=self.whole(sees, why))

    def _changes(self, position: int, sees: Sees) -> tuple[int, Packet | None]:
        """What came after ``position``, and where that ends; none when nothing is for this one."""
        end = min(self._last, position + BATCH_CHANGES)
        found = (self._ring[number % self._most] for number in range(position + 1, end + 1))
        told = [c.told for c in found if c is not None and c.concerns(sees)]
        if not told:
            return end, None
        data = b'{"at":%s,"changes":[%s]}' % (self._at(), b",".join(told))
        return end, Packet(event="changes", id=self._id(end), data=data)

    async def _more(self) -> None:
        """Wait for a change, not for long."""
        self._newer.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(QUIET_SECONDS):
                await self._newer.wait()

    def _id(self, number: int) -> str:
        return f"{self._life}.{number}"

    def _at(self) -> bytes:
        return _encode(self._clock.now())


def _may(sees: Sees, tenant: str) -> bool:
    return tenant == EVERYBODYS or sees(tenant)
