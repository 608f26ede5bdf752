"""The message lamps of phones: MWI as FreeSWITCH keeps it, set from outside.

Whenever a phone registers or subscribes FreeSWITCH asks its modules how many messages wait, and
mod_voicemail counts the rows of its database, which has no messages in it but as many rows as we
want counted: so phones are told while no engine is there, too. Without that module we answer.
"""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx import checked
from callcenter.pbx.freeswitch.dialstring import DOMAIN
from callcenter.pbx.freeswitch.esl_wire import EslEvent, send_event
from callcenter.pbx.freeswitch.servers import EventLink

_MOST = 99  # rows for one phone; no phone shows more
_PATIENCE = 2.0  # seconds for a database that is being read
_DARKEN = "DELETE FROM voicemail_msgs WHERE username = ? AND domain = ?"
_LIGHT = (
    "INSERT INTO voicemail_msgs (read_epoch, username, domain, in_folder, read_flags) "
    "VALUES (?, ?, ?, 'inbox', 'B_NORMAL')"
)


class Lamps:
    """``rows`` is the database of mod_voicemail."""

    def __init__(self, link: EventLink, rows: Path | None) -> None:
        self._link, self._rows = link, rows
        self._counts: dict[str, tuple[int, int]] = {}  # what we must answer ourselves

    async def show(self, extension: str, new: int, old: int) -> None:
        """See the port: ``lamp``."""
        checked.extension(extension, "its lamp was not set")
        new, old = (min(max(0, count), _MOST) for count in (new, old))
        if self._rows is None or not await asyncio.to_thread(
            _keep, self._rows, extension, new, old
        ):
            self._counts[extension] = (new, old)
        await self._tell(extension, new, old)

    async def asked(self, event: EslEvent) -> None:
        """FreeSWITCH wants to know."""
        extension = event.get("Message-Account").removeprefix("sip:").partition("@")[0]
        if extension in self._counts:
            await self._tell(extension, *self._counts[extension])

    async def _tell(self, extension: str, new: int, old: int) -> None:
        headers = {
            "MWI-Messages-Waiting": "yes" if new else "no",
            "MWI-Message-Account": f"sip:{extension}@{DOMAIN}",
            "MWI-Voice-Message": f"{new}/{old} (0/0)",
            "sofia-profile": "cc",
        }
        await self._link.send(send_event("MESSAGE_WAITING", headers))


def _keep(rows: Path, extension: str, new: int, old: int) -> bool:
    """Write as many rows; ``False`` when there is no such database: the module is not there."""
    if not rows.exists():
        return False
    unread, read = (0, extension, DOMAIN), (1, extension, DOMAIN)
    try:
        with closing(sqlite3.connect(rows, timeout=_PATIENCE)) as database, database:
            database.execute("PRAGMA synchronous = OFF")  # told anew whenever the PBX begins
            database.execute(_DARKEN, (extension, DOMAIN))
            database.executemany(_LIGHT, [unread] * new + [read] * old)
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return False
        raise PbxProblem(f"The lamp of {extension} cannot be kept in {rows}: {error}.") from None
    return True
