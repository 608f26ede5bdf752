"""The rows that mod_voicemail counts when FreeSWITCH asks how many messages wait."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.freeswitch.esl_wire import EslEvent
from callcenter.pbx.freeswitch.lamps import Lamps

COUNTED = (
    "SELECT read_epoch <> 0, count(*) FROM voicemail_msgs WHERE username = ? AND"
    " domain = 'callcenter' AND in_folder = 'inbox' AND read_flags = 'B_NORMAL' GROUP BY 1"
)


class Told:
    """An event link that keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    async def send(self, command: str) -> str:
        self.said += [one for one in command.split("\n") if "Voice" in one or "Account" in one]
        return "+OK"


def lamps(rows: Path | None) -> tuple[Lamps, Told]:
    told = Told()
    return Lamps(told, rows), told  # type: ignore[arg-type]


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "lamps.db"
    columns = "created_epoch, read_epoch, username, domain, uuid, in_folder, read_flags"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(f"CREATE TABLE voicemail_msgs ({columns})")
    return path


def counted(rows: Path, extension: str) -> dict[int, int]:
    with closing(sqlite3.connect(rows)) as database:
        return dict(database.execute(COUNTED, (extension,)).fetchall())


QUERY = EslEvent(name="MESSAGE_QUERY", headers={"Message-Account": "sip:1001@callcenter"})


async def test_as_many_rows_as_messages_and_none_of_another_phone(rows: Path) -> None:
    shown, told = lamps(rows)
    await shown.show("1002", 1, 1)
    await shown.show("1001", 2, 3)
    assert counted(rows, "1001") == {0: 2, 1: 3}
    await shown.show("1001", 0, 1)
    assert counted(rows, "1001") == {1: 1}
    assert counted(rows, "1002") == {0: 1, 1: 1}
    assert told.said[-1] == "MWI-Voice-Message: 0/1 (0/0)"
    told.said.clear()
    await shown.asked(QUERY)
    assert told.said == []  # the module answers


@pytest.mark.parametrize("there", ["nothing", "no table", "no database is known"])
async def test_without_the_module_we_answer(tmp_path: Path, there: str) -> None:
    path = tmp_path / "lamps.db"
    if there == "no table":
        sqlite3.connect(path).close()
        path.touch()
    shown, told = lamps(None if "known" in there else path)
    await shown.show("1001", 2, 200)
    told.said.clear()
    await shown.asked(QUERY)
    assert told.said == [
        "MWI-Message-Account: sip:1001@callcenter",
        "MWI-Voice-Message: 2/99 (0/0)",
    ]


async def test_no_phone_no_lamp(rows: Path) -> None:
    shown, _ = lamps(rows)
    with pytest.raises(PbxProblem, match="is no extension; its lamp was not set"):
        await shown.show("1001@elsewhere", 1, 0)
