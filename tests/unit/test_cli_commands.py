"""The command line itself: quick, documented, completed; and what it does without an engine."""

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete

from callcenter.cli import main
from callcenter.cli.reference import PAGE, page
from callcenter.kernel import schema
from callcenter.kernel.database import open_database
from callcenter.numbers import Extension, Tenant, Trunk, save_extension, save_tenant, save_trunk
from callcenter.settings import PROJECT
from tests.support.command import Command
from tests.support.migrated import migrated
from tests.support.services import RowsInMemory, served

SECRET = "SgvVf8mTNGdK3xyz"


@pytest.fixture
def run(tmp_path: Path) -> Command:
    return Command(home=tmp_path, extra={})


def test_the_reference_page_is_what_the_commands_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m callcenter.cli.reference"


def _commands(group: click.Group, path: str = "callcenter") -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = [(path, group)]
    for name, command in group.commands.items():
        below = f"{path} {name}"
        found += _commands(command, below) if isinstance(command, click.Group) else []
        found += [] if isinstance(command, click.Group) else [(below, command)]
    return found


def test_every_command_explains_itself_in_one_line() -> None:
    for path, command in _commands(main):
        short = command.get_short_help_str(limit=62)
        assert short, path
        assert not short.endswith("..."), path
        for option in command.params:
            assert not isinstance(option, click.Option) or option.help, (path, option.name)


def test_whatever_lists_can_print_json() -> None:
    for path, command in _commands(main):
        if isinstance(command, click.Group):
            continue
        if path.endswith((" list", " show", " status", " doctor")):
            assert any(option.name == "as_json" for option in command.params), path


def test_help_and_completion_load_nothing_heavy() -> None:
    heavy = {
        "fastapi",
        "uvicorn",
        "httpx",
        "sqlalchemy",
        "alembic",
        "pydantic",
        "rich",
        "structlog",
    }
    code = "import sys, callcenter.cli; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert not heavy & set(loaded)


def test_version_as_a_module(run: Command) -> None:
    ended = run.apart("--version")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith("callcenter 0.")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(run: Command, shell: str) -> None:
    ended = run("completion", shell)
    assert ended.status == 0
    assert f"_CALLCENTER_COMPLETE={shell}_complete" in ended.out


def test_the_bash_script_is_bash(run: Command) -> None:
    script = run("completion", "bash").out
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def _completed(run: Command, monkeypatch: pytest.MonkeyPatch, *words: str) -> list[str]:
    for name, value in run.variables.items():
        monkeypatch.setenv(name, value)
    shell = ShellComplete(main, {}, "callcenter", "_CALLCENTER_COMPLETE")
    return [item.value for item in shell.get_completions(list(words[:-1]), words[-1])]


def test_words_complete(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _completed(run, monkeypatch, "se") == ["seat"]
    assert _completed(run, monkeypatch, "pbx", "st") == ["start", "stop"]
    assert _completed(run, monkeypatch, "seat", "list", "--j") == ["--json"]


def test_seats_and_calls_complete_from_the_engine(
    run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _completed(run, monkeypatch, "seat", "ready", "") == []
    with served(RowsInMemory(), run.home / "engine.sock"):
        assert _completed(run, monkeypatch, "seat", "ready", "") == ["21", "22"]
        assert _completed(run, monkeypatch, "seat", "login", "22") == ["22"]
        assert _completed(run, monkeypatch, "call", "hangup", "c") == ["c-2"]
        assert _completed(run, monkeypatch, "cdr", "show", "c-") == ["c-1"]
        assert _completed(run, monkeypatch, "cdr", "show", "x") == []


def test_db_upgrade(run: Command) -> None:
    needed = schema.needed()
    assert run("db", "upgrade").out == f"The database was made, with schema {needed}.\n"
    assert run("db", "upgrade").out == f"The database has schema {needed} already.\n"
    assert schema.is_current(f"sqlite:///{run.home / 'callcenter.db'}")
    assert (run.home / "callcenter.db").stat().st_mode & 0o077 == 0


def test_db_draft_has_nothing_to_write(run: Command) -> None:
    ended = run("db", "draft", "nothing")
    assert ended.out == "Tables and migrations agree; there is nothing to write.\n"


def test_demo_seed_may_be_repeated_and_shows_no_secret(run: Command) -> None:
    first, kept = run("demo", "seed"), (run.home / "demo.json").read_text()
    assert first.status == 0
    assert run("demo", "seed").out == first.out
    assert (run.home / "demo.json").read_text() == kept
    for group in json.loads(kept).values():
        assert not any(secret in first.out for secret in group.values())


def test_pbx_stop_when_it_does_not_run(run: Command) -> None:
    ended = run("pbx", "stop")
    assert (ended.status, ended.out) == (0, "The PBX does not run.\n")


def test_pbx_doctor_exits_with_4_when_something_is_wrong(run: Command) -> None:
    shown, as_json = run("pbx", "doctor"), run("pbx", "doctor", "--json")
    assert shown.status == as_json.status == 4
    assert shown.err == as_json.err == ""
    rows = json.loads(as_json.out)
    assert {tuple(row) for row in rows} == {("name", "ok", "sentence")}
    assert not all(row["ok"] for row in rows)
    assert [line.split()[0] for line in shown.out.splitlines()] == [
        "ok" if row["ok"] else "WRONG" for row in rows
    ]
    assert all(f" {row['name']}: " in shown.out for row in rows)


def _a_company(run: Command) -> None:
    url = migrated(run.home / "callcenter.db")
    engine = open_database(url)
    with engine.begin() as connection:
        save_tenant(connection, Tenant(id="t", name="T"))
        save_extension(connection, Extension(number="1001", tenant="t", secret=SECRET))
        save_trunk(connection, Trunk(name="world", match="127.0.0.3"))
    engine.dispose()


def test_pbx_config_writes_phones_and_trunks_and_shows_no_secret(run: Command) -> None:
    _a_company(run)
    ended = run("pbx", "config")
    if ended.status == 4:
        pytest.skip("no Asterisk on this machine: " + ended.sentence)
    assert ended.status == 0, ended.err
    assert ended.out.startswith("1 phones and 1 trunks are configured in ")
    assert SECRET not in ended.out
    accounts = (run.home / "pbx" / "etc" / "accounts.conf").read_text()
    assert SECRET in accounts
    assert "trunk-world" in accounts
