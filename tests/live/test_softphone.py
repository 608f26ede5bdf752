"""The demo's softphone for real: our own test phone at the other end checks what leaves it."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from callcenter.demo import ears as audio
from callcenter.demo.softphone import Softphone, SoftphoneProblem
from callcenter.pbx import embedded
from callcenter.settings import PROJECT, Settings
from tests.support.phone import Phone, reject

pytestmark = pytest.mark.live

Make = Callable[..., Awaitable[Softphone]]


@pytest.fixture
async def make(pbx_settings: Settings, tmp_path: Path) -> AsyncIterator[Make]:
    """Softphones started; they end with the test."""
    made: list[Softphone] = []
    audio.write_wav(tmp_path / "voice.wav", audio.tone(600, 1, dbfs=-20))

    async def softphone(
        name: str, *, server: str, user: str = "1001", password: str | None = None
    ) -> Softphone:
        made.append(
            Softphone(
                name,
                argv=embedded.tool(pbx_settings, "baresip"),
                module_path=embedded.data_dir(pbx_settings, "baresip"),
                folder=tmp_path / f"folder of {name}",
                server=server,
                user=user,
                password=password,
                microphone=tmp_path / "voice.wav",
            )
        )
        await made[-1].start()
        return made[-1]

    yield softphone
    await asyncio.gather(*(phone.stop() for phone in made))


@pytest.fixture
async def bob() -> AsyncIterator[Phone]:
    async with await Phone.open(ip="127.0.0.3", user="bob") as phone:
        yield phone


async def test_registers_with_its_password_only(
    make: Make, pbx_settings: Settings, pbx: embedded.EmbeddedState
) -> None:
    server = f"127.0.0.1:{pbx.sip_port}"
    alice = await make("alice", server=server, password="secret-of-1001")
    await alice.registered()
    wrong = await make("wrong", server=server, user="1002", password="secret-of-1001")
    refusal = {"asterisk": 401, "freeswitch": 403}[pbx_settings.pbx]
    with pytest.raises(SoftphoneProblem, match=rf"wrong could not register: {refusal}"):
        await wrong.registered()


async def test_keys_leave_by_rfc_4733_and_audio_flows_both_ways(make: Make, bob: Phone) -> None:
    alice = await make("alice", server="{}:{}".format(*bob.address))
    await alice.dial("4008001234")
    call = await bob.rings()
    assert call.dialled == "4008001234"
    assert call.caller == "1001"
    await alice.ringing()
    await call.answer()
    await alice.established()

    call.play_tone(440, dbfs=-15)
    await call.hears_tone(600)
    assert call.heard.level(600) == pytest.approx(-20, abs=0.5)
    await alice.press("10*#")
    keys = call.heard.keys
    await call.changes.until(lambda: len(keys) == 4 and keys[-1].duration > 0.17, 1, "the keys")
    assert call.heard.digits == "10*#"
    assert [key.duration for key in keys] == pytest.approx([0.18] * 4, abs=0.021)
    heard = alice.heard(last=0.5)
    assert heard.seconds == 0.5
    assert heard.rms_dbfs == pytest.approx(-15, abs=0.5)

    await call.hang_up()
    await alice.closed()
    with pytest.raises(SoftphoneProblem, match="in no call"):
        await alice.press("1")


async def test_answers_hangs_up_and_declines(make: Make, bob: Phone) -> None:
    alice = await make("alice", server="{}:{}".format(*bob.address))
    bob.on_ring = reject(486)
    await alice.dial("bob")
    with pytest.raises(SoftphoneProblem, match="486"):
        await alice.established()
    address = bob.incoming[0].dialog.target  # where alice can be called back

    call = bob.invite(address, caller="+8613800000001")
    rung = await alice.ringing()
    assert "13800000001" in rung.peer
    await alice.answer()
    await asyncio.gather(alice.established(), call.answered())
    await alice.hang_up()
    assert (await call.ended()).by == "them"
    await alice.closed()

    declined = bob.invite(address)
    await alice.ringing()
    await alice.hang_up()
    assert await declined.decided() == 486


async def test_a_wait_in_vain_says_what_was_seen(make: Make, bob: Phone) -> None:
    alice = await make("alice", server="{}:{}".format(*bob.address))
    with pytest.raises(SoftphoneProblem, match=r"alice saw no ringing within 0.1 s"):
        await alice.ringing(within=0.1)
    await alice.stop()
    with pytest.raises(SoftphoneProblem, match="is not running"):
        await alice.dial("1")


async def test_without_the_program_it_says_so(tmp_path: Path) -> None:
    audio.write_wav(tmp_path / "voice.wav", audio.tone(600, 1))
    for program, says in (("/no/such/baresip", "no program"), ("/bin/false", "did not start")):
        phone = Softphone(
            "alice",
            argv=[program],
            module_path=tmp_path,
            folder=tmp_path / "alice",
            user="1001",
            password=None,
            microphone=tmp_path / "voice.wav",
        )
        with pytest.raises(SoftphoneProblem, match=says):
            await phone.start()
        await phone.stop()


_KILLED = """
import asyncio, sys
from pathlib import Path
from callcenter.demo.softphone import Softphone
from callcenter.pbx import embedded
from callcenter.settings import load

async def main():
    settings, folder = load(), Path(sys.argv[1])
    phone = Softphone(
        "orphan", argv=embedded.tool(settings, "baresip"), folder=folder, user="1001",
        module_path=embedded.data_dir(settings, "baresip"), password=None,
        microphone=folder / "voice.wav",
    )
    await phone.start()
    print(phone.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def test_it_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    audio.write_wav(tmp_path / "voice.wav", audio.tone(600, 1))
    starter = subprocess.Popen(
        [sys.executable, "-c", _KILLED, str(tmp_path)], cwd=PROJECT, stdout=subprocess.PIPE
    )
    with starter:
        assert starter.stdout is not None
        phone = int(starter.stdout.readline())
        descriptor = os.pidfd_open(phone)
        try:
            starter.send_signal(signal.SIGKILL)
            # readable once the process has ended, whoever reaps it
            asyncio.run(_readable(descriptor, within=5))
        finally:
            os.close(descriptor)


async def _readable(descriptor: int, within: float) -> None:
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(descriptor, ended.set)
    async with asyncio.timeout(within):
        await ended.wait()
    asyncio.get_running_loop().remove_reader(descriptor)
