"""What goes wrong is one sentence on stderr and an exit status that is not 0; never a traceback."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from callcenter.cli.told import FAULT, Sentences
from callcenter.kernel import schema
from callcenter.kernel.database import open_database
from callcenter.settings import PROJECT
from tests.support.command import Command
from tests.support.migrated import migrated
from tests.support.services import RowsInMemory, served


@pytest.fixture
def run(tmp_path: Path) -> Command:
    return Command(home=tmp_path, extra={})


def _with(run: Command, **extra: str) -> Command:
    return Command(home=run.home, extra=extra)


AWAY = "No engine is running; start it with `callcenter up`."


@pytest.mark.parametrize(
    "command",
    [
        ("status",),
        ("stop",),
        ("reload",),
        ("seat", "list", "--json"),
        ("seat", "login", "21", "1001"),
        ("queue", "list"),
        ("call", "list"),
        ("call", "hangup", "c-1"),
        ("cdr", "list"),
        ("cdr", "show", "c-1"),
    ],
)
def test_without_an_engine(run: Command, command: tuple[str, ...]) -> None:
    ended = run(*command)
    assert (ended.status, ended.sentence, ended.out) == (3, AWAY, "")


def test_without_an_engine_as_a_person_sees_it(run: Command) -> None:
    ended = run.apart("status")
    assert (ended.status, ended.sentence) == (3, AWAY)


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (("nonsense",), "No such command 'nonsense'; see `callcenter --help`."),
        (("--nonsense",), "No such option '--nonsense'; see `callcenter --help`."),
        (("seat", "nonsense"), "No such command 'nonsense'; see `callcenter seat --help`."),
        (("seat", "login", "1"), "Missing argument 'EXTENSION'; see `callcenter seat login"),
        (
            ("cdr", "list", "--most", "x"),
            "Invalid value for '--limit' / '--most': 'x' is not a valid int",
        ),
        (("completion", "tcsh"), "Invalid value for"),
    ],
)
def test_typed_wrongly(run: Command, command: tuple[str, ...], sentence: str) -> None:
    ended = run(*command)
    assert ended.status == 2
    assert sentence in ended.sentence


def test_no_command_at_all_shows_the_help(run: Command) -> None:
    for command in ((), ("seat",)):
        ended = run(*command)
        assert ended.status != 0
        assert "Commands:" in ended.err + ended.out


def test_refused_by_the_engine(run: Command) -> None:
    with served(RowsInMemory(), run.home / "engine.sock"):
        missing, refused = run("cdr", "show", "c-9"), run("seat", "ready", "21")
    assert (missing.status, missing.sentence) == (1, "There is no ended call c-9.")
    assert (refused.status, refused.sentence) == (1, "Seat 21 is not logged in.")


def test_a_second_engine(run: Command) -> None:
    migrated(run.home / "callcenter.db")
    with served(RowsInMemory(), run.home / "engine.sock"):
        ended = run.apart("up", "--no-pbx")
    assert ended.status == 6
    assert "already running here" in ended.sentence
    assert f"process {os.getpid()}" in ended.sentence


def test_settings_file_that_is_missing(run: Command) -> None:
    ended = _with(run, CALLCENTER_SETTINGS="/nowhere/callcenter.toml").apart("status")
    assert ended.status == 2
    assert ended.sentence == (
        "The settings file /nowhere/callcenter.toml does not exist; check CALLCENTER_SETTINGS."
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("home = ", "is not valid TOML"),
        ("hoem = '/tmp'", "'hoem'"),
        ("log_level = 'loud'", "'log_level'"),
        ("[asterisk]\nami_port = 0", "'asterisk"),
    ],
)
def test_settings_file_that_is_broken(run: Command, text: str, sentence: str) -> None:
    file = run.home / "broken.toml"
    file.write_text(text)
    for command in (("status",), ("up",), ("db", "upgrade"), ("pbx", "doctor"), ("demo", "seed")):
        ended = _with(run, CALLCENTER_SETTINGS=str(file))(*command)
        assert ended.status == 2
        assert sentence in ended.sentence
        assert str(file) in ended.sentence


def test_a_database_that_cannot_be_written(run: Command) -> None:
    there = _with(run, CALLCENTER_DATABASE="sqlite:////proc/callcenter.db")
    for command in (("db", "upgrade"), ("pbx", "config"), ("pbx", "start"), ("demo", "seed")):
        ended = there(*command)
        assert ended.status == 5
        assert ended.sentence.startswith("The database file /proc/callcenter.db cannot be opened: ")
    assert there.apart("up", "--no-pbx").status == 5


def test_a_database_without_schema(run: Command) -> None:
    for ended in (run("pbx", "config"), run.apart("up", "--no-pbx")):
        assert ended.status == 5
        assert ended.sentence == ("The database has no schema yet; run `callcenter db upgrade`.")


def test_a_database_from_another_version(run: Command) -> None:
    url = migrated(run.home / "callcenter.db")
    engine = open_database(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    for ended in (run("db", "upgrade"), run("pbx", "start"), run.apart("up", "--no-pbx")):
        assert ended.status == 5
        assert f"has schema 9999, this version needs {schema.needed()}" in ended.sentence


def test_a_home_that_cannot_be_written(run: Command) -> None:
    (run.home / "file").touch()
    ended = _with(run, CALLCENTER_HOME=str(run.home / "file" / "var")).apart("up", "--no-pbx")
    assert ended.status == 2
    assert "Not a directory" in ended.sentence


def test_a_home_too_deep_for_a_socket(run: Command) -> None:
    ended = _with(run, CALLCENTER_HOME=str(run.home / ("h" * 120)))("status")
    assert ended.status == 2
    assert "set CALLCENTER_HOME to a shorter folder" in ended.sentence


def test_the_embedded_pbx_is_left_alone_beside_an_external_one(run: Command) -> None:
    settings = run.home / "external.toml"
    settings.write_text("[asterisk]\nami_secret = 'a'\nfastagi_key = 'b'\n")
    external = _with(run, CALLCENTER_SETTINGS=str(settings))
    for action in ("config", "start", "stop", "doctor"):
        ended = external("pbx", action)
        assert ended.status == 1
        assert "an Asterisk of your own" in ended.sentence
    settings.write_text(
        "pbx = 'freeswitch'\n[own_freeswitch]\nevent_password = 'a'\ncall_key = 'b'\n"
    )
    assert "a FreeSWITCH of your own ([own_freeswitch])" in external("pbx", "start").sentence


@click.group(cls=Sentences)
@click.option("--debug", is_flag=True)
def faulty(debug: bool) -> None:
    """A command line with a fault in it."""


@faulty.command()
def divide() -> None:
    """Fail in a way nobody foresaw."""
    raise ZeroDivisionError("one\ntwo")


@faulty.command()
def interrupted() -> None:
    """As if somebody pressed Ctrl-C."""
    raise KeyboardInterrupt


def test_a_fault_of_ours_is_a_sentence_that_says_where_to_look(run: Command) -> None:
    (run.home / "log").mkdir()
    (run.home / "log" / "engine.log").touch()
    result = CliRunner(env=run.variables).invoke(faulty, ["divide"])
    assert result.exit_code == FAULT
    assert result.stderr == (
        "An unexpected fault ended this command (ZeroDivisionError: one); `callcenter --debug "
        f"...` shows where, and the engine's log is {run.home}/log/engine.log.\n"
    )


def test_debug_shows_where() -> None:
    result = CliRunner().invoke(faulty, ["--debug", "divide"])
    assert result.exit_code == FAULT
    assert "in divide" in result.stderr


def test_debug_shows_where_a_refusal_came_from(run: Command) -> None:
    ended = run("--debug", "status")
    assert ended.status == 3
    assert "Traceback" in ended.err
    assert ended.err.splitlines()[-1] == AWAY


def test_ctrl_c_is_one_word() -> None:
    result = CliRunner().invoke(faulty, ["interrupted"])
    assert (result.exit_code, result.stderr) == (130, "Interrupted.\n")


def test_a_reader_that_goes_away_is_no_fault(run: Command) -> None:
    services = RowsInMemory()
    services.ended *= 500
    with served(services, run.home / "engine.sock"):
        writer = subprocess.Popen(
            [sys.executable, "-m", "callcenter", "cdr", "list", "--json"],
            env=os.environ | run.variables,
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert writer.stdout is not None
        assert writer.stderr is not None
        writer.stdout.read(1)
        writer.stdout.close()
        assert writer.stderr.read() == b""
        writer.stderr.close()
        assert writer.wait(30) in (0, 1, -signal.SIGPIPE)
