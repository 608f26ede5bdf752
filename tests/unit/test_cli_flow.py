"""``callcenter flow`` and its REST paths, with an engine and without."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from callcenter.cli.flow import Desk
from callcenter.ivr.validate import validate
from callcenter.kernel.database import open_database
from callcenter.services.flows import EngineFlows, FlowDesk, schema
from callcenter.settings import PROJECT
from tests.support.command import Command
from tests.support.migrated import migrated
from tests.support.services import RowsInMemory, served

DOCUMENT = """\
# kept
name: main
start: ask
nodes:
  ask: {kind: menu, prompts: [menu-main], choices: {1: bye}, otherwise: bye}
  bye: {kind: hangup, prompts: [goodbye]}
"""


class _Flows(EngineFlows):
    """An engine's flows, whose engine only counts reloads."""

    def __init__(self, desk: FlowDesk, engine: Any) -> None:
        self._desk, self._engine = desk, engine


@pytest.fixture
def callcenter(tmp_path: Path) -> Command:
    made = Command(home=tmp_path / "home", extra={})
    migrated(made.home / "callcenter.db")
    return made


@pytest.fixture
def file(tmp_path: Path) -> str:
    made = tmp_path / "main.yaml"
    made.write_text(DOCUMENT)
    return str(made)


@pytest.fixture
def engine(callcenter: Command) -> Iterator[RowsInMemory]:
    database = open_database(f"sqlite:///{callcenter.home / 'callcenter.db'}")
    rows = RowsInMemory()
    rows.flows = _Flows(FlowDesk(database), rows)  # type: ignore[attr-defined]
    with served(rows, callcenter.home / "engine.sock"):
        yield rows
    database.dispose()


def test_without_an_engine_it_goes_to_the_database(callcenter: Command, file: str) -> None:
    done = callcenter("flow", "import", file, "--publish")
    assert done.out == "Flow main has version 1, a draft.\nFlow main: version 1 is in force.\n"
    assert done.sentence.startswith("No engine runs: this went to the database")
    assert callcenter("flow", "export", "main").out == DOCUMENT


def test_with_an_engine_the_next_call_sees_it(
    callcenter: Command, file: str, engine: RowsInMemory
) -> None:
    assert callcenter("flow", "import", file).err == ""
    assert engine.reloads == 0
    assert callcenter("flow", "publish", "main").out == "Flow main: version 1 is in force.\n"
    assert engine.reloads == 1
    callcenter("flow", "import", file, "--publish")
    assert callcenter("flow", "rollback", "main").out == "Flow main: version 1 is in force.\n"
    assert engine.reloads == 3
    rows = json.loads(callcenter("flow", "list", "--json").out)
    assert [(row["name"], row["in_force"], row["newest"]) for row in rows] == [("main", 1, 2)]
    rows = json.loads(callcenter("flow", "versions", "main", "--json").out)
    assert [(row["version"], row["in_force"]) for row in rows] == [(2, False), (1, True)]
    assert callcenter("flow", "export", "main", "--version", "2").out == DOCUMENT
    assert "yes" in callcenter("flow", "versions", "main").out


def test_findings_carry_file_line_and_column(callcenter: Command, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(DOCUMENT.replace("1: bye", "1: nowhere"))
    done = callcenter("flow", "validate", str(bad))
    assert done.status == 1
    assert f"{bad}:5:56: error: Node 'ask': '1' leads to 'nowhere', no node." in done.out
    assert "cannot be published" in done.sentence
    done = callcenter("flow", "validate", "--json", str(bad))
    assert done.status == 1
    assert json.loads(done.out)["findings"][0]["line"] == 5
    done = callcenter("flow", "import", str(bad))
    assert done.status == 1
    assert "nothing was stored" in done.sentence


def test_an_engine_refuses_with_the_same_sentence(
    callcenter: Command, tmp_path: Path, engine: RowsInMemory
) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(DOCUMENT.replace("[goodbye]", "[goodby]"))
    done = callcenter("flow", "import", str(bad), "--publish")
    assert done.status == 1
    assert "no prompt 'goodby'" in done.sentence
    assert engine.reloads == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("publish", "nothing"), "There is no flow 'nothing'."),
        (("versions", "nothing"), "There is no flow 'nothing'."),
        (("export", "nothing"), "There is no flow 'nothing'."),
        (("rollback", "no/../thing"), "There is no flow 'no/../thing'."),
        (("draw", "nothing"), "There is no flow 'nothing'."),
        (("try", "nothing", "--keys", "1"), "There is no flow 'nothing'."),
    ],
)
def test_problems_are_one_sentence(
    callcenter: Command, words: tuple[str, ...], sentence: str
) -> None:
    done = callcenter("flow", *words)
    assert (done.status, done.sentence) == (1, sentence)


def test_a_file_that_is_no_text(callcenter: Command, tmp_path: Path) -> None:
    file = tmp_path / "song.yaml"
    file.write_bytes(b"\xff\xfe\x00")
    assert "is not UTF-8 text" in callcenter("flow", "validate", str(file)).sentence


def test_drawing(callcenter: Command, file: str, tmp_path: Path) -> None:
    assert "1, otherwise → bye" in callcenter("flow", "draw", file).out
    for name, begin in (("x.svg", b"<svg"), ("x.png", b"\x89PNG")):
        assert callcenter("flow", "draw", file, "-o", str(tmp_path / name)).status == 0
        assert (tmp_path / name).read_bytes().startswith(begin)
    assert "ends in .svg or .png" in callcenter("flow", "draw", file, "-o", "x.gif").sentence
    assert "cannot be written" in callcenter("flow", "draw", file, "-o", "/nowhere/x.svg").sentence


def test_trying_with_typed_keys(callcenter: Command, file: str) -> None:
    done = callcenter("flow", "try", file, "--keys", "7,1", "--language", "ja")
    assert done.status == 0
    assert "  7: invalid" in done.out
    assert done.out.endswith("The call ends.\n")


def test_switchboard_is_a_flow(callcenter: Command, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("key,name,line1\n1,销售,1001\n")
    done = callcenter("flow", "switchboard", "--table", str(table), "--name", "board")
    assert validate(done.out).findings == []
    assert yaml.safe_load(done.out)["nodes"]["x1"]["note"] == "销售"


def test_the_schema_takes_what_validation_takes(callcenter: Command) -> None:
    printed = json.loads(callcenter("flow", "schema").out)
    assert printed == schema()
    [node] = printed["properties"]["nodes"]["patternProperties"].values()
    kinds = node["discriminator"]["mapping"]
    page = (PROJECT / "docs" / "how-to" / "menus.md").read_text()
    for kind in kinds:
        assert f"`{kind}`" in page


def test_the_example_of_the_page_is_sound() -> None:
    page = (PROJECT / "docs" / "how-to" / "menus.md").read_text()
    example = page.split("```yaml\n")[1].split("```")[0]
    assert validate(example).findings == []


def test_both_desks_have_the_same_words() -> None:
    words = {name for name in vars(Desk) if name.startswith("flow")}
    assert words == {
        *("flows", "flow_versions", "flow_document", "flow_check", "flow_add"),
        *("flow_publish", "flow_rollback"),
    }
