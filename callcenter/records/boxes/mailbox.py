"""What becomes of messages once they are kept: heard, handed over, removed, forgotten. Blocking.

Administrators come here by command and REST, agents by telephone; whoever shows how many messages
wait is told of each change.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, Engine

from callcenter.kernel.errors import NotFound
from callcenter.records import store
from callcenter.records.boxes.letters import Letters
from callcenter.records.boxes.model import Boxes
from callcenter.records.model import Message
from callcenter.records.sounds import SpokenSounds

_log = structlog.get_logger(__name__)
Counts = dict[tuple[str, str], tuple[int, int]]
"""New and old messages by tenant and box."""


class Mailbox:
    """The messages of one database, and their ``sounds``."""

    def __init__(
        self, database: Engine, sounds: SpokenSounds, letters: Letters | None = None
    ) -> None:
        self._database = database
        self.sounds = sounds
        self._letters = letters
        self.on_change: Callable[[], None] = lambda: None
        """Called from whichever thread changed something."""

    def keep(self, connection: Connection, message: Message) -> None:
        """Keep a new message and tell its box's readers, in one transaction."""
        if store.save_message(connection, message):
            if self._letters is not None:
                self._letters.tell(connection, message)
            self.on_change()

    def messages(self, tenant: str, boxes: tuple[str, ...]) -> list[Message]:
        """Messages of these boxes: those not heard yet first, each sort oldest first."""
        with self._database.connect() as connection:
            found = store.list_messages_of(connection, tenant, boxes)
        return sorted(found, key=lambda message: (message.heard_at is not None, message.at))

    def get(self, message: str) -> Message:
        """One message.

        Raises:
            NotFound: there is none.
        """
        with self._database.connect() as connection:
            found = store.get_message(connection, message)
        if found is None:
            raise NotFound(f"There is no voicemail message {message!r}.")
        return found

    def sound(self, message: Message) -> bytes:
        """What was spoken, as WAV.

        Raises:
            NotFound: it is gone.
            Damaged, NoKey: it cannot be opened.
        """
        try:
            return self.sounds.read(message.tenant, message.path)
        except OSError:
            raise NotFound(f"The sound of message {message.id} is gone.") from None

    def heard(self, message: str, at: datetime) -> None:
        """Somebody has listened to it; the first time counts."""
        with self._database.begin() as connection:
            store.mark_heard(connection, message, at)
        self.on_change()

    def called_back(self, message: str, at: datetime) -> None:
        """Its caller was called back and answered."""
        with self._database.begin() as connection:
            store.mark_called_back(connection, message, at)

    def hand_over(self, message: str, box: str, by: str) -> Message:
        """Put it into another box of its tenant, where it is new again."""
        found = self.get(message)
        with self._database.begin() as connection:
            store.move_message(connection, message, box, handed_by=f"{by} from {found.box}")
            moved = store.get_message(connection, message)
            if moved is None:
                raise NotFound(f"There is no voicemail message {message!r}.")
            if self._letters is not None:
                self._letters.tell(connection, moved)
        self.on_change()
        return moved

    def remove(self, message: str) -> None:
        """Forget it with its sound."""
        found = self.get(message)
        with self._database.begin() as connection:
            store.remove_message(connection, message)
        self.sounds.remove(found.tenant, found.path)
        self.on_change()

    def forget_old(self, boxes: Boxes, now: datetime) -> int:
        """Remove what is older than its box keeps; how many it were."""
        old: list[Message] = []
        with self._database.connect() as connection:
            for box in boxes.known.values():
                if box.keep_days is not None:
                    before = now - timedelta(days=box.keep_days)
                    found = store.list_messages_of(connection, box.tenant, (box.name,))
                    old += [message for message in found if message.at < before]
        for message in old:
            self.remove(message.id)
            _log.info("message forgotten", message=message.id, box=message.box)
        return len(old)

    def counts(self) -> Counts:
        """New and old messages of every box that has any."""
        with self._database.connect() as connection:
            return store.count_messages(connection)
