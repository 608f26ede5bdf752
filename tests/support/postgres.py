"""A real PostgreSQL for tests: from PATH, or from an installed package under /usr/lib/postgresql.

One server per process that asks for it, on a free port of loopback, in a folder of its own, with
passwords; it is gone when the run is over, also when the run is killed. Each test has a database
of its own: ``postgres.fresh()`` gives the URL of an empty one. PostgreSQL does not run as root, so
root runs it as the user postgres or nobody.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine

from callcenter.kernel import schema
from callcenter.kernel.database import open_database
from tests.support.migrated import migrated

USER, PASSWORD = "callcenter", "correct horse"
_START_SECONDS = 30.0
_CHEAP = {  # a test's database need not survive a power cut
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "64MB",
    "max_connections": "60",
    "listen_addresses": "127.0.0.1",
    "logging_collector": "off",
}


def find_programs() -> Path | None:
    """The folder of ``initdb`` and ``postgres``: that of PATH, else the newest package's."""
    folders = [Path(folder) for folder in os.get_exec_path()]
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    folders += sorted(installed, key=lambda folder: float(folder.parent.name), reverse=True)
    for folder in folders:
        if all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres")):
            return folder
    return None


class Postgres:
    """One server. ``stop`` and ``start`` keep the port and the data."""

    def __init__(self, programs: Path, **settings: str) -> None:
        self._programs = programs
        self._settings = _CHEAP | settings
        self._numbers = count(1)
        self._migrated = ""
        self._process: subprocess.Popen[bytes] | None = None
        self.folder = Path(tempfile.mkdtemp(prefix="cc-pg-"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]

    def create(self) -> None:
        """Make the folder of a new server."""
        if (user := _other_user()) is not None:
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        secret = self.folder / "secret"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        command = [str(self._programs / "initdb"), f"--pgdata={self.folder / 'data'}"]
        command += [f"--username={USER}", f"--pwfile={secret}", "--auth=scram-sha-256"]
        command += ["--encoding=UTF8", "--no-locale", "--no-sync"]
        done = subprocess.run([*_as_other(), *command], capture_output=True, check=False, text=True)
        if done.returncode:
            raise RuntimeError(f"initdb failed: {done.stderr}")

    def start(self) -> None:
        """Start it; returns when it takes connections."""
        command = [str(self._programs / "postgres"), "-D", str(self.folder / "data")]
        command += ["-p", str(self.port), "-k", str(self.folder)]
        for name, value in self._settings.items():
            command += ["-c", f"{name}={value}"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*_as_other("--pdeathsig", "INT"), *command], stdout=log, stderr=log
            )
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                psycopg.connect(self._conninfo("postgres"), connect_timeout=2).close()
                return
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    log_text = (self.folder / "log").read_text()
                    raise RuntimeError(f"PostgreSQL did not start: {error} {log_text}") from None
                time.sleep(0.05)

    def stop(self) -> None:
        """Stop it: connections are cut, what was committed is kept."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(2)  # a "fast" shutdown
            process.wait(30)

    def fresh(self) -> str:
        """URL of a new, empty database."""
        return self._new("template0")

    def migrated(self) -> str:
        """URL of a new database that holds what the migrations make; they run once."""
        if not self._migrated:
            self._migrated = f"test{next(self._numbers)}"
            self._create(self._migrated, "template0")
            schema.upgrade(self.url(self._migrated))
        return self._new(self._migrated)

    def url(self, name: str, *, user: str = USER, password: str = PASSWORD) -> str:
        """URL of a database, as a settings file has it."""
        secret = password.replace(" ", "%20")
        return f"postgresql://{user}:{secret}@127.0.0.1:{self.port}/{name}"

    def close(self) -> None:
        """Stop it and remove its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _new(self, like: str) -> str:
        name = f"test{next(self._numbers)}"
        self._create(name, like)
        return self.url(name)

    def _create(self, name: str, like: str) -> None:
        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {like}")

    def _conninfo(self, name: str) -> str:
        return f"host=127.0.0.1 port={self.port} user={USER} password='{PASSWORD}' dbname={name}"


def _other_user() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


def _as_other(*more: str) -> list[str]:
    """The beginning of a command that is not to run as root."""
    user = _other_user()
    whom = (
        [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
        if user is not None
        else []
    )
    return ["setpriv", *whom, *more, "--"] if whom or more else []


@contextmanager
def running(**settings: str) -> Iterator[Postgres]:
    """A server for as long as it lasts; tells a test's run to skip where none can be had."""
    programs = find_programs()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed (initdb and postgres)")
    server = Postgres(programs, **settings)
    try:
        server.create()
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The server of this process."""
    with running() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/callcenter.db"
    server: Postgres = request.getfixturevalue("postgres")
    return server.fresh()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database with every table, as migrations make them, once of each kind."""
    if request.param == "sqlite":
        url = migrated(tmp_path / "callcenter.db")
    else:
        server: Postgres = request.getfixturevalue("postgres")
        url = server.migrated()
    engine = open_database(url)
    yield engine
    engine.dispose()
