"""Voicemail as administrators handle it: list, fetch, remove. Blocking desk, and the engine's."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine as Database

from callcenter.kernel.actor import require_own, sees
from callcenter.kernel.errors import NotFound
from callcenter.records.model import Message
from callcenter.records.store import get_message, list_messages, mark_heard, remove_message
from callcenter.services.faults import told


class VoicemailDesk:
    """Blocking."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder

    @told
    def messages(self, box: str = "") -> list[Message]:
        """Messages of a box, or of all; newest first."""
        with self._database.connect() as connection:
            found = list_messages(connection, box=box)
        return [message for message in found if sees(message.tenant)]

    @told
    def audio(self, message: str, *, heard: bool) -> bytes:
        """The sound as WAV; with ``heard`` it counts as listened to."""
        path = self._folder / self._get(message).path
        try:
            sound = path.read_bytes()
        except OSError:
            raise NotFound(f"The sound of message {message} is gone from {path}.") from None
        if heard:
            with self._database.begin() as connection:
                mark_heard(connection, message, datetime.now(UTC))
        return sound

    @told
    def remove(self, message: str) -> None:
        """Forget a message with its sound."""
        found = self._get(message)
        with self._database.begin() as connection:
            remove_message(connection, message)
        (self._folder / found.path).unlink(missing_ok=True)

    def _get(self, message: str) -> Message:
        with self._database.connect() as connection:
            found = get_message(connection, message)
        if found is None:
            raise NotFound(f"There is no voicemail message {message!r}.")
        require_own(found.tenant, f"There is no voicemail message {message!r}.")
        return found


class EngineVoicemail:
    """See :class:`callcenter.web.voicemail.Boxes`."""

    def __init__(self, desk: VoicemailDesk) -> None:
        self._desk = desk

    async def messages(self, box: str) -> list[Message]:
        """Messages, newest first."""
        return await asyncio.to_thread(self._desk.messages, box)

    async def audio(self, message: str, heard: bool) -> bytes:
        """The sound as WAV."""
        return await asyncio.to_thread(lambda: self._desk.audio(message, heard=heard))

    async def remove(self, message: str) -> None:
        """Forget a message."""
        await asyncio.to_thread(self._desk.remove, message)
