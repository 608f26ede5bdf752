"""Voicemail as administrators handle it: messages and boxes. Blocking desk, and the engine's."""

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection
from sqlalchemy import Engine as Database

from callcenter.acd import load_plan
from callcenter.kernel.actor import ENGINE, acting, require_own, sees
from callcenter.kernel.errors import NotFound, Refused
from callcenter.kernel.mail.model import address_of
from callcenter.numbers import load_numbers
from callcenter.records.boxes import (
    Box,
    Mailbox,
    box_of_seat,
    load_boxes,
    remove_box,
    save_box,
    seat_of_box,
)
from callcenter.records.model import Message
from callcenter.records.store import list_messages
from callcenter.services.faults import told
from callcenter.web.recordings import Check

if TYPE_CHECKING:
    from callcenter.engine import Engine

_MOST_MAIL = 20


class VoicemailDesk:
    """Blocking."""

    def __init__(self, database: Database, mailbox: Mailbox) -> None:
        self._database = database
        self._mailbox = mailbox

    # -- messages -----------------------------------------------------------------------------

    @told
    def messages(self, box: str = "") -> list[Message]:
        """Messages of a box, or of all; newest first."""
        with self._database.connect() as connection:
            found = list_messages(connection, box=box)
        return [message for message in found if sees(message.tenant)]

    @told
    def audio(self, message: str, *, heard: bool) -> bytes:
        """The sound as WAV; with ``heard`` it counts as listened to."""
        sound = self._mailbox.sound(self._get(message))
        if heard:
            self._mailbox.heard(message, datetime.now(UTC))
        return sound

    @told
    def check(self, message: str) -> Check:
        """Whether its sound is there and is what was kept."""
        found = self._get(message)
        state, why = self._mailbox.sounds.check(found.tenant, found.path)
        return Check(id=message, state=state, ok=not why, why=why)

    @told
    def hand_over(self, message: str, to: str) -> Message:
        """Put a message into another box: ``seat:1002``, or a box by its name."""
        found = self._get(message)
        box = to.removeprefix("voicemail:")
        if to.startswith("seat:"):
            seat = to.removeprefix("seat:")
            with self._database.connect() as connection:
                _require_seat(connection, found.tenant, seat)
            box = box_of_seat(seat)
        if not 0 < len(box) <= 64 or not box.isprintable():
            raise Refused(f"{to!r} is nobody's box; write seat:1002, or the name of a box.")
        who = acting.get()
        return self._mailbox.hand_over(message, box, "command" if who is ENGINE else who.name)

    @told
    def remove(self, message: str) -> None:
        """Forget a message with its sound."""
        self._get(message)
        self._mailbox.remove(message)

    # -- boxes --------------------------------------------------------------------------------

    @told
    def boxes(self) -> list[Box]:
        """Boxes that were set up, by tenant and name."""
        with self._database.connect() as connection:
            return [box for box in load_boxes(connection).known.values() if sees(box.tenant)]

    @told
    def set_box(self, box: Box) -> Box:
        """Set a box up (anew)."""
        require_own(box.tenant, f"There is no tenant {box.tenant!r}.")
        if len(box.mail) > _MOST_MAIL:
            raise Refused(f"A box has {_MOST_MAIL} addresses at most.")
        for address in box.mail:
            address_of(address)
        with self._database.begin() as connection:
            if box.tenant not in load_numbers(connection).tenants:
                raise NotFound(f"There is no tenant {box.tenant!r}.")
            for seat in (*box.seats, *filter(None, [seat_of_box(box.name)])):
                _require_seat(connection, box.tenant, seat)
            save_box(connection, box)
        return box

    @told
    def remove_box(self, tenant: str, name: str) -> None:
        """Forget how a box was set up; its messages stay."""
        sentence = f"There is no box {name!r} of tenant {tenant!r}."
        require_own(tenant, sentence)
        with self._database.begin() as connection:
            if not remove_box(connection, tenant, name):
                raise NotFound(sentence)

    def _get(self, message: str) -> Message:
        found = self._mailbox.get(message)
        require_own(found.tenant, f"There is no voicemail message {message!r}.")
        return found


def _require_seat(connection: Connection, tenant: str, seat: str) -> None:
    plan = load_plan(connection).seats.get(seat)
    if plan is None or plan.tenant != tenant:
        raise NotFound(f"There is no seat {seat!r}.")


class EngineVoicemail:
    """See :class:`callcenter.web.voicemail.Boxes`."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._desk = VoicemailDesk(engine.database, engine.mailbox)

    async def messages(self, box: str) -> list[Message]:
        """Messages, newest first."""
        return await asyncio.to_thread(self._desk.messages, box)

    async def audio(self, message: str, heard: bool) -> bytes:
        """The sound as WAV."""
        return await asyncio.to_thread(lambda: self._desk.audio(message, heard=heard))

    async def check(self, message: str) -> Check:
        """Whether a message's sound is what was kept."""
        return await asyncio.to_thread(self._desk.check, message)

    async def hand_over(self, message: str, to: str) -> Message:
        """Put a message into another box."""
        return await asyncio.to_thread(self._desk.hand_over, message, to)

    async def remove(self, message: str) -> None:
        """Forget a message."""
        await asyncio.to_thread(self._desk.remove, message)

    async def boxes(self) -> list[Box]:
        """Boxes that were set up."""
        return await asyncio.to_thread(self._desk.boxes)

    async def set_box(self, box: Box) -> Box:
        """Set a box up; the next caller meets it."""
        made = await asyncio.to_thread(self._desk.set_box, box)
        await self._engine.reload()
        return made

    async def remove_box(self, tenant: str, name: str) -> None:
        """Forget how a box was set up."""
        await asyncio.to_thread(self._desk.remove_box, tenant, name)
        await self._engine.reload()
