"""The message lamps of the phones (R2): how many messages wait for whoever sits there.

Counted anew from the database whenever something may have changed, and told to the PBX where it
differs from what was told last; all of it when the PBX is there (again), which may have forgotten.
A phone shows the boxes of the seat that is logged in there, else those of the seat with its number.
"""

import asyncio

import structlog
from sqlalchemy.exc import SQLAlchemyError

from callcenter.conductor.context import Context
from callcenter.conductor.voicemail_line import boxes_of
from callcenter.kernel.errors import CallCenterError, PbxProblem
from callcenter.numbers import Extension
from callcenter.pbx.port import Pbx
from callcenter.records.boxes.mailbox import Counts

_log = structlog.get_logger(__name__)
_SETTLE = 0.2  # seconds: several changes at once are one look
_AGAIN = 5.0  # after a look: the change told of may not have been committed yet
_PACE = 0.01  # between two lamps: a thousand phones are no burst
Shown = tuple[int, int]


class Lamps:
    """Of all phones of one PBX."""

    def __init__(self, context: Context, pbx: Pbx) -> None:
        self._context = context
        self._pbx = pbx
        self._changed = asyncio.Event()
        self._shown: dict[str, Shown] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def changed(self, _why: object = None) -> None:
        """Something may have changed; from the engine's own thread."""
        self._changed.set()

    def changed_elsewhere(self) -> None:
        """The same from any thread."""
        if self._loop is not None:  # else the first look is still to come
            self._loop.call_soon_threadsafe(self._changed.set)

    def forget(self) -> None:
        """The PBX may know nothing any more: tell it all."""
        self._shown.clear()
        self._changed.set()

    async def run(self) -> None:
        """For ever; cancel to end."""
        self._loop = asyncio.get_running_loop()
        while True:
            await self._changed.wait()
            self._changed.clear()
            for pause in (_SETTLE, _AGAIN):
                await self._context.clock.sleep(pause)
                try:
                    await self.look()
                except Exception:  # no lamp is worth a call
                    _log.exception("lamps could not be looked after")

    async def look(self) -> None:
        """Count, and tell what differs."""
        try:
            counts = await asyncio.to_thread(self._context.mailbox.counts)
        except (SQLAlchemyError, CallCenterError) as error:
            _log.warning("messages cannot be counted", why=str(error).splitlines()[0])
            return
        for extension, phone in list(self._context.snapshot.now.numbers.extensions.items()):
            shown = self._of(phone, counts)
            if shown != self._shown.get(extension):  # also that nothing waits, the first time
                await self._tell(extension, shown)
                await self._context.clock.sleep(_PACE)

    def _of(self, phone: Extension, counts: Counts) -> Shown:
        context = self._context
        sitting = context.dispatcher.seat_at(phone.number)
        seat = sitting.plan if sitting else context.snapshot.now.plan.seats.get(phone.number)
        if seat is None or seat.tenant != phone.tenant:
            return (0, 0)
        boxes = boxes_of(context, seat.tenant, seat.number)
        found = [counts.get((seat.tenant, box), (0, 0)) for box in boxes]
        return sum(new for new, _ in found), sum(old for _, old in found)

    async def _tell(self, extension: str, shown: Shown) -> None:
        try:
            await self._pbx.lamp(extension, *shown)
        except PbxProblem as problem:  # told again when the PBX is back
            _log.warning("a lamp cannot be set", extension=extension, why=str(problem))
            return
        self._shown[extension] = shown
        _log.info("lamp set", extension=extension, new=shown[0], old=shown[1])
