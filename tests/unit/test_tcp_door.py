"""The TCP door: closed unless it is asked for, tokens only, TLS where others can reach it."""

import asyncio
import datetime
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from callcenter.access.model import TokenExpired, TokenRefused
from callcenter.kernel.actor import Actor, Role
from callcenter.kernel.errors import BadSettings, EngineAway, Forbidden, Unauthenticated
from callcenter.web import peer
from callcenter.web.address import Address
from callcenter.web.client import Client
from callcenter.web.server import ApiServer
from callcenter.web.tcp import TcpDoor
from tests.support.command import Command
from tests.support.services import RowsInMemory


def certificate(folder: Path, name: str = "engine") -> tuple[Path, Path]:
    """One for 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    today = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    files = folder / f"{name}.pem", folder / f"{name}.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


@contextmanager
def served(home: Path, *tls: Path) -> Iterator[tuple[RowsInMemory, str]]:
    """An engine's API on the socket and on a port of its own, in a thread."""
    rows, loop, ready, leave = RowsInMemory(), asyncio.new_event_loop(), threading.Event(), []
    rows.access.tokens["good"] = Actor(name="board", role=Role.SUPERVISOR)
    door = TcpDoor.of("127.0.0.1:0", *(tls or (None, None)))
    server = ApiServer()

    async def serve() -> None:
        leave.append(asyncio.Event())
        await server.start(rows, home / "engine.sock", door)
        ready.set()
        await leave[0].wait()
        await server.stop()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert ready.wait(20)
        assert server.http is not None
        yield rows, f"{'https' if tls else 'http'}://127.0.0.1:{server.http[1]}"
    finally:
        loop.call_soon_threadsafe(leave[0].set)
        thread.join(10)
        loop.close()


def at(url: str, token: str, authority: Path | None = None) -> Address:
    return Address(socket=Path("/nowhere"), url=url, token=token, authority=authority)


def test_a_token_opens_it_and_nothing_else_does(tmp_path: Path) -> None:
    with served(tmp_path) as (rows, url):
        with Client(at(url, "good")) as client:
            assert client.seats()[0]["seat"] == "21"
            with pytest.raises(Forbidden):
                client.stop()
        with Client(at(url, "wrong")) as client, pytest.raises(TokenRefused):
            client.seats()
        with Client(tmp_path / "engine.sock") as client:
            client.seats()  # file rights still open the other door
        assert not rows.stopping.is_set()
        denied = [(one.peer.name, one.peer.user, one.status) for one in rows.access.asked]
        assert denied == [("127.0.0.1", "", 403), ("127.0.0.1", "", 401)]


def test_over_tls_with_a_certificate_that_is_trusted(tmp_path: Path) -> None:
    mine, other = certificate(tmp_path), certificate(tmp_path, "other")
    with served(tmp_path, *mine) as (_, url):
        with Client(at(url, "good", mine[0])) as client:
            assert client.status()["pid"] == 4711
        for authority in (None, other[0]):
            with (
                Client(at(url, "good", authority)) as client,
                pytest.raises(EngineAway, match="is not trusted; set CALLCENTER_ENGINE_AUTHORITY"),
            ):
                client.status()


def test_who_says_nothing_is_hung_up_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer, "PATIENCE_SECONDS", 0.2)
    with served(tmp_path) as (_, url):
        port = int(url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=5) as silent:
            silent.sendall(b"GET /v1/status HTTP/1.1\r\nHost: e\r\n")
            assert silent.recv(10) == b""


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    async def twice() -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            door = TcpDoor.of(f"127.0.0.1:{taken.getsockname()[1]}", None, None)
            server = ApiServer()
            try:
                with pytest.raises(BadSettings, match=r"cannot listen on 127\.0\.0\.1 port"):
                    await server.start(RowsInMemory(), tmp_path / "engine.sock", door)
            finally:
                await server.stop()

    asyncio.run(twice())


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("8080", "write an address and a port"),
        ("127.0.0.1:", "write an address and a port"),
        ("127.0.0.1:99999", "write an address and a port"),
        ("0.0.0.0:8080", "which others can reach"),
        ("192.0.2.1:8080", "which others can reach"),
        ("[::]:8080", "which others can reach"),
        ("example.org:8080", "which others can reach"),
    ],
)
def test_addresses_that_are_refused(address: str, sentence: str) -> None:
    with pytest.raises(BadSettings, match=sentence):
        TcpDoor.of(address, None, None)


def test_addresses_and_certificates_that_are_taken(tmp_path: Path) -> None:
    assert TcpDoor.of("", None, None) is None
    assert TcpDoor.of("[::1]:8080", None, None) == TcpDoor(host="::1", port=8080)
    files = certificate(tmp_path)
    door = TcpDoor.of("0.0.0.0:8443", *files)
    assert door is not None
    assert door.tls()
    with pytest.raises(BadSettings, match="Set both"):
        TcpDoor.of("0.0.0.0:8443", files[0], None)
    for certificate_, key in ((files[1], files[0]), (tmp_path / "no", files[1])):
        broken = TcpDoor.of("127.0.0.1:8443", certificate_, key)
        assert broken is not None
        with pytest.raises(BadSettings, match="cannot be used"):
            broken.tls()


@pytest.mark.parametrize(
    ("url", "token", "sentence"),
    [
        ("engine", "good", "is no address of an engine"),
        ("ftp://127.0.0.1", "good", "is no address of an engine"),
        ("http://127.0.0.1:1/v1", "good", "is no address of an engine"),
        ("http://127.0.0.1:1", "", "with a token"),
        ("http://192.0.2.1:8080", "good", "not sent to 192.0.2.1 in the clear"),
    ],
)
def test_clients_that_are_not_begun(url: str, token: str, sentence: str) -> None:
    with pytest.raises(BadSettings, match=sentence):
        Client(at(url, token))
    assert "good" not in repr(at(url, token))


@pytest.fixture
def nobody() -> str:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    return f"http://127.0.0.1:{port}"


async def test_commands_from_another_machine(tmp_path: Path, nobody: str) -> None:
    def commands() -> None:
        run = Command(home=tmp_path / "far", extra={"CALLCENTER_TOKEN": "good"})
        with served(tmp_path) as (rows, url):
            listed = run("--engine", url, "seat", "list")
            assert "Anna" in listed.out
            refused = run("--engine", url, "stop")
            assert (refused.status, refused.sentence) == (
                9,
                "board is supervisor; this needs the role platform.",
            )
            rows.access.tokens.clear()
            unknown = run("--engine", url, "seat", "list")
            assert (unknown.status, unknown.sentence) == (8, "This token is not known here.")
        away = run("--engine", nobody, "list", "show", "black")
        assert (away.status, away.out) == (3, "")
        assert away.sentence == (
            f"No engine answers at {nobody}; see that it runs and listens there."
        )
        without = Command(home=tmp_path / "far", extra={})("--engine", nobody, "status")
        assert without.sentence.startswith("An engine is asked over TCP with a token")
        assert not (tmp_path / "far" / "callcenter.db").exists()

    await asyncio.to_thread(commands)


def test_refusals_come_back_as_what_they_were() -> None:
    assert issubclass(TokenExpired, Unauthenticated)
    assert {TokenExpired.code, TokenRefused.code, Forbidden.code} == {
        "expired_token",
        "unknown_token",
        "forbidden",
    }
