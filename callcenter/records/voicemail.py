"""Voicemail: a caller speaks, the message is kept, somebody hears it later.

The conductor calls :meth:`Voicemail.take_message` on the caller's channel. A message is written
down in the journal first and reaches the database when that takes it; its sound is a file below
the folder of voicemail, trimmed and levelled.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import msgspec
import structlog

from callcenter.kernel.clock import Clock
from callcenter.kernel.folders import make_private
from callcenter.kernel.ids import new_id
from callcenter.kernel.journal import Journal, Record
from callcenter.kernel.projector import Projector
from callcenter.pbx.port import Channel, Prompt
from callcenter.records.model import Message, Sender
from callcenter.records.spoken import keep_spoken
from callcenter.records.store import save_message

_log = structlog.get_logger(__name__)
PREFIX = b"voicemail "
LONGEST = timedelta(minutes=3)
_SILENCE = timedelta(seconds=5)
_SWEEP_SECONDS = 900.0  # longer than any message


class Voicemail:
    """The boxes of one engine."""

    def __init__(self, folder: Path, journal: Journal, projector: Projector, clock: Clock) -> None:
        self._folder = folder
        self._journal = journal
        self._projector = projector
        self._clock = clock
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

        A key skips the greeting. A caller who hangs up has left a message too: it is kept, and
        :class:`Hangup` goes on its way.
        """
        say = [Prompt(f"{language}/{name}") for name in greeting]
        await channel.play(say, stop_on="0123456789*#")
        await channel.play([Prompt(f"{language}/beep")])
        at, name = self._clock.now(), new_id("v")
        taken = _Taken(box=box, sender=sender, at=at)
        raw = self._folder / "taking" / f"{name}.wav"
        await asyncio.to_thread(_write_note, raw, taken)
        kept: Message | None = None
        self._taking.add(name)
        try:
            await channel.record_message(raw, most=longest, silence=_SILENCE)
        finally:
            kept = await self._keep(raw, taken)
            self._taking.discard(name)
        said = "voicemail-kept" if kept else "voicemail-empty"
        await channel.play([Prompt(f"{language}/{said}")])
        return kept

    def restore(self, records: Iterable[Record], mark: int) -> None:
        """Messages of the journal that the database has not got."""
        for record in records:
            if record.position > mark and record.payload.startswith(PREFIX):
                try:
                    message = msgspec.json.decode(record.payload[len(PREFIX) :], type=Message)
                except msgspec.MsgspecError as error:
                    _log.error("journal record not understood", at=record.position, why=str(error))
                    continue
                self._projector.add(record.position, partial(save_message, message=message))

    async def sweep(self) -> None:
        """For ever: keep what was said to an engine that died, once nobody can be speaking."""
        seen: set[Path] = set()
        while True:
            notes = await asyncio.to_thread(_notes, self._folder / "taking")
            for note in sorted(seen & notes):
                if note.stem not in self._taking:
                    await self._recover(note)
            seen = notes
            await self._clock.sleep(_SWEEP_SECONDS)

    async def _recover(self, note: Path) -> None:
        try:
            taken = msgspec.json.decode(await asyncio.to_thread(note.read_bytes), type=_Taken)
        except (OSError, msgspec.MsgspecError) as error:
            _log.error("a message left behind is not understood", file=str(note), why=str(error))
            return
        await self._keep(note.with_suffix(".wav"), taken)

    async def _keep(self, raw: Path, taken: "_Taken") -> Message | None:
        name, sender = raw.stem, taken.sender
        path = f"{taken.at:%Y/%m/%d}/{name}.wav"
        seconds = await asyncio.to_thread(keep_spoken, raw, self._folder / path)
        if not seconds:
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
        self._projector.add(position, partial(save_message, message=message))
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
