"""Voicemail: a caller speaks, the message is kept, somebody hears it later.

The conductor calls :meth:`Voicemail.take_message` on the caller's channel. A message is written
down in the journal first and reaches the database when that takes it; its sound is encrypted below
the folder of voicemail (:mod:`callcenter.records.sounds`), trimmed and levelled.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import msgspec
import structlog
from sqlalchemy.exc import SQLAlchemyError

from callcenter.kernel.clock import Clock
from callcenter.kernel.errors import CallCenterError
from callcenter.kernel.folders import make_private
from callcenter.kernel.ids import new_id
from callcenter.kernel.journal import Journal, Record
from callcenter.kernel.projector import Projector
from callcenter.pbx.port import Channel, Prompt
from callcenter.records.boxes import Boxes, Mailbox
from callcenter.records.model import Message, Sender
from callcenter.records.sounds import forget, is_spoken, take_over
from callcenter.records.spoken import play_sound
from callcenter.records.vault import SUFFIX

_log = structlog.get_logger(__name__)
PREFIX = b"voicemail "
LONGEST = timedelta(minutes=3)
_SILENCE = timedelta(seconds=5)
_WAIT = timedelta(seconds=5)
_REVIEWS = 10
_KEYS = "0123456789*#"
_SWEEP_SECONDS = 900.0  # longer than any message


class Voicemail:
    """The boxes of one engine."""

    def __init__(
        self,
        mailbox: Mailbox,
        journal: Journal,
        projector: Projector,
        clock: Clock,
        *,
        sounds: Path,
        boxes: Callable[[], Boxes] = Boxes,
    ) -> None:
        """``sounds`` is the folder of tenants' prompts, from which the PBX plays."""
        self._spoken = mailbox.sounds
        self._mailbox = mailbox
        self._journal = journal
        self._projector = projector
        self._clock = clock
        self._sounds = sounds
        self._boxes = boxes
        self._taking: set[str] = set()

    async def take_message(
        self,
        channel: Channel,
        box: str,
        sender: Sender,
        *,
        language: str,
        greeting: Sequence[str] = ("voicemail-greeting",),
        longest: timedelta = LONGEST,
    ) -> Message | None:
        """Greet, beep, record, say that it was recorded; ``None``: nothing was said.

        A key skips the greeting. Who ends the message by a key may listen to it, speak it again
        or keep it. A caller who hangs up has left a message too: it is kept, and :class:`Hangup`
        goes on its way.
        """
        say = [Prompt(f"{language}/{name}") for name in greeting]
        await channel.play(say, stop_on=_KEYS)
        beep = Prompt(f"{language}/beep")
        at, name = self._clock.now(), new_id("v")
        taken = _Taken(box=box, sender=sender, at=at)
        raw = self._spoken.taking(name)
        await asyncio.to_thread(_write_note, raw, taken)
        kept: Message | None = None
        self._taking.add(name)
        try:
            spoken = await channel.record_message(raw, most=longest, silence=_SILENCE, beep=beep)
            if spoken.key:
                await self._review(channel, raw, sender.tenant, language, longest)
        finally:
            kept = await self._keep(raw, taken)
            self._taking.discard(name)
        said = "voicemail-kept" if kept else "voicemail-empty"
        await channel.play([Prompt(f"{language}/{said}")])
        return kept

    async def _review(
        self, channel: Channel, raw: Path, tenant: str, language: str, longest: timedelta
    ) -> None:
        """Listen, again, keep; what was said last counts, silence does not."""
        if not await asyncio.to_thread(is_spoken, raw):
            return
        for _ in range(_REVIEWS):
            asked = [Prompt(f"{language}/voicemail-review")]
            keys = await channel.read_digits(asked, most=1, first=_WAIT, between=_WAIT, end="")
            match keys.keys:
                case "1":
                    wav = await asyncio.to_thread(raw.read_bytes)
                    await play_sound(channel, wav, self._sounds, tenant, language)
                case "2":
                    beep = Prompt(f"{language}/beep")
                    again = raw.with_name(f"{raw.stem}-again.wav")
                    try:
                        await channel.record_message(
                            again, most=longest, silence=_SILENCE, beep=beep
                        )
                    finally:
                        await asyncio.to_thread(take_over, again, raw)
                case _:
                    return

    def restore(self, records: Iterable[Record], mark: int) -> None:
        """Messages of the journal that the database has not got."""
        for record in records:
            if record.position > mark and record.payload.startswith(PREFIX):
                try:
                    message = msgspec.json.decode(record.payload[len(PREFIX) :], type=Message)
                except msgspec.MsgspecError as error:
                    _log.error("journal record not understood", at=record.position, why=str(error))
                    continue
                self._projector.add(record.position, partial(self._mailbox.keep, message=message))

    async def sweep(self) -> None:
        """For ever: keep what was said to an engine that died, once nobody can be speaking."""
        seen: set[Path] = set()
        while True:
            await asyncio.to_thread(self._spoken.seal_what_waits)
            notes = await asyncio.to_thread(_notes, self._spoken.taking("").parent)
            for note in sorted(seen & notes):
                if note.stem not in self._taking:
                    await self._recover(note)
            seen = notes
            await self._forget_old()
            await self._clock.sleep(_SWEEP_SECONDS)

    async def _forget_old(self) -> None:
        """What its box keeps no longer goes."""
        try:
            await asyncio.to_thread(self._mailbox.forget_old, self._boxes(), self._clock.now())
        except (SQLAlchemyError, CallCenterError, OSError) as error:
            _log.warning("old messages stay", why=str(error).splitlines()[0])

    async def _recover(self, note: Path) -> None:
        try:
            taken = msgspec.json.decode(await asyncio.to_thread(note.read_bytes), type=_Taken)
        except (OSError, msgspec.MsgspecError) as error:
            _log.error("a message left behind is not understood", file=str(note), why=str(error))
            return
        await self._keep(note.with_suffix(".wav"), taken)

    async def _keep(self, raw: Path, taken: "_Taken") -> Message | None:
        name, sender = raw.stem, taken.sender
        path = f"{taken.at:%Y/%m/%d}/{name}{SUFFIX}"
        seconds = await asyncio.to_thread(self._spoken.keep, raw, sender.tenant, path)
        if not seconds:
            await asyncio.to_thread(forget, raw)
            return None
        message = Message(
            id=name,
            tenant=sender.tenant,
            box=taken.box,
            call=sender.call,
            caller=sender.caller,
            at=taken.at,
            seconds=seconds,
            path=path,
        )
        position = self._journal.append(PREFIX + msgspec.json.encode(message))
        self._projector.add(position, partial(self._mailbox.keep, message=message))
        await asyncio.to_thread(forget, raw)
        _log.info("message taken", box=taken.box, call=sender.call, seconds=seconds)
        return message


@dataclass(frozen=True, kw_only=True)
class _Taken:
    """Stands beside the sound while it is recorded, for the engine that comes after us."""

    box: str
    sender: Sender
    at: datetime


def _write_note(raw: Path, taken: _Taken) -> None:
    make_private(raw.parent)
    raw.with_suffix(".json").write_bytes(msgspec.json.encode(taken))


def _notes(folder: Path) -> set[Path]:
    return set(folder.glob("*.json"))
