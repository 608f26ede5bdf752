"""I4, R2 over real SIP: recorded by phone, uploaded, spoken; judged by what the phone hears."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from callcenter.demo import ears
from callcenter.kernel.database import open_database
from callcenter.numbers import Destination, HostedNumber, save_number
from callcenter.pbx import embedded
from callcenter.settings import PROJECT
from tests.support.phone import OutgoingCall
from tests.support.site import DIALLED, Site, until

pytestmark = pytest.mark.live

BOX_NUMBER = "4008007777"


async def dials_the_line(site: Site) -> OutgoingCall:
    """1001 has dialled the prompt line and is known by number and PIN."""
    admin = await site.phone("1001")
    call = await admin.dial("*15")
    await call.hears(site.prompt("agent-number"))
    await call.press("1001#")
    await call.hears(site.prompt("agent-pin"))
    await call.press(f"{site.secrets.pins['1001']}#")
    await call.hears(site.prompt("prompt-line-number"), within=8)
    return call


async def test_a_prompt_recorded_by_phone_is_heard_in_the_next_call(site: Site) -> None:
    spoken = site.prompt("closed", "zh")  # nothing else on this line sounds like it
    body = {"tenant": "demo", "name": "welcome"}
    assert site.client.ask("POST", "/v1/prompts/number", body) == {"number": 101}
    call = await dials_the_line(site)
    await call.press("101#")
    await call.hears(site.prompt("prompt-line-menu"), within=10)
    await call.press("1")
    await call.hears(site.prompt("welcome"), within=8)  # what callers hear now
    await call.hears(site.prompt("prompt-line-menu"), within=10)
    await call.press("2")
    await call.hears(site.prompt("prompt-record"), within=8)
    await speaks(site, call, spoken)
    await call.press("#")
    await call.hears(spoken, within=10)  # the take, played back
    await call.hears(site.prompt("prompt-line-menu"), within=10)
    await call.press("3")
    await call.hears(site.prompt("prompt-kept"), within=8)

    caller = await site.caller()
    first = await caller.dial(DIALLED)
    await first.hears(spoken, within=10)
    assert not first.heard_prompt(site.prompt("welcome"))
    await first.hang_up()
    await call.hang_up()
    (version,) = site.client.ask("GET", "/v1/prompts?tenant=demo")
    assert (version["origin"], version["by"], version["in_force"]) == ("phone", "seat 1001", True)
    await site.nothing_left()


async def test_a_wrong_pin_leads_nowhere(site: Site) -> None:
    admin = await site.phone("1001")
    call = await admin.dial("*15")
    wrong = "0000" if site.secrets.pins["1001"] != "0000" else "1111"
    for _ in range(3):
        await call.hears(site.prompt("agent-number"), within=8)
        await call.press("1001#")
        await call.hears(site.prompt("agent-pin"), within=8)
        await call.press(f"{wrong}#")
        await call.hears(site.prompt("login-failed"), within=8)
    await call.hears(site.prompt("goodbye"), within=8)
    await call.ended(within=5)
    call = await admin.dial("*15")
    await call.press(f"1001#{site.secrets.pins['1001']}#")
    await call.hears(site.prompt("pin-locked"), within=12)
    await call.ended(within=8)
    await site.nothing_left()


async def speaks(site: Site, call: OutgoingCall, file: Path) -> None:
    """After the beep, as people do; the phone sends it in real time."""
    await call.hears(site.prompt("beep"), within=5)
    await asyncio.sleep(0.3)
    call.play_wav(file)
    await asyncio.sleep(len(ears.read_wav(file)) / ears.RATE + 0.2)


async def command(site: Site, *words: str) -> str:
    """The command line, as another process beside the running engine: it goes to the engine."""
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "callcenter", *words],
        cwd=PROJECT,
        env={"CALLCENTER_HOME": str(site.home), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "No engine runs" not in done.stderr
    return done.stdout


@pytest.mark.parametrize("kind", ["mp3", "ogg"])
async def test_an_uploaded_file_is_heard_in_the_next_call(
    site: Site, tmp_path: Path, kind: str
) -> None:
    given = site.prompt("number-unknown", "zh")
    file = tmp_path / f"given.{kind}"
    sox = embedded.tool(site.settings, "sox")
    rate = ["rate", "44100", "channels", "2"]
    await asyncio.to_thread(subprocess.run, [*sox, str(given), str(file), *rate], check=True)
    assert "version 1 in force" in await command(site, "prompt", "upload", "welcome", str(file))
    caller = await site.caller()
    call = await caller.dial(DIALLED)
    await call.hears(given, within=10)
    await call.hang_up()
    assert "(1 versions)" in await command(site, "prompt", "remove", "welcome")
    call = await caller.dial(DIALLED)
    await call.hears(site.prompt("welcome"), within=10)
    await call.hang_up()
    await site.nothing_left()


async def test_a_text_is_spoken_in_the_next_call(site: Site, tmp_path: Path) -> None:
    told = await command(
        site, "prompt", "speak", "welcome", "The office has moved to a new street."
    )
    assert "version 1 in force" in told
    wav = tmp_path / "welcome.wav"
    await command(site, "prompt", "export", "welcome", str(wav))
    caller = await site.caller()
    call = await caller.dial(DIALLED)
    await call.hears(wav, within=10)
    await call.hang_up()
    await site.nothing_left()


async def has_a_box(site: Site) -> None:
    """A number that leads to voicemail."""
    database = open_database(site.settings.database_url)
    with database.begin() as connection:
        to = Destination.parse("voicemail:office")
        save_number(connection, HostedNumber(number=BOX_NUMBER, tenant="demo", destination=to))
    database.dispose()
    site.client.reload()


async def the_message(site: Site) -> dict[str, Any]:
    rows = await until(lambda: site.client.ask("GET", "/v1/voicemail?box=office"), why="a message")
    assert len(rows) == 1
    found: dict[str, Any] = rows[0]
    return found


async def test_a_message_left_is_what_was_spoken(site: Site, tmp_path: Path) -> None:
    await has_a_box(site)
    spoken = site.prompt("closed", "zh")
    caller = await site.caller("13800000009")
    call = await caller.dial(BOX_NUMBER)
    await call.hears(site.prompt("voicemail-greeting"), within=10)
    await speaks(site, call, spoken)
    await call.press("#")
    await call.hears_sound(within=5)  # may listen, speak again, keep
    await call.press("#")
    await call.hears(site.prompt("voicemail-kept"), within=8)
    await call.ended(within=10)
    message = await the_message(site)
    assert (message["caller"], message["heard_at"]) == ("13800000009", None)
    out = tmp_path / "message.wav"
    await command(site, "voicemail", "export", message["id"], str(out))
    kept = ears.read_wav(out)
    padded = np.concatenate([np.zeros(4000, np.int16), kept, np.zeros(4000, np.int16)])
    assert ears.find(padded, ears.read_wav(spoken)) is not None
    assert len(kept) == pytest.approx(len(ears.read_wav(spoken)), abs=4000)
    assert (await the_message(site))["heard_at"] is not None
    await command(site, "voicemail", "remove", message["id"])
    assert "no messages" in await command(site, "voicemail", "list")
    await site.nothing_left()


async def test_a_message_is_kept_when_the_caller_hangs_up(site: Site) -> None:
    await has_a_box(site)
    caller = await site.caller("13800000009")
    call = await caller.dial(BOX_NUMBER)
    await call.press("1")  # the greeting is known
    spoken = site.prompt("closed", "zh")
    await speaks(site, call, spoken)
    await call.hang_up()
    message = await the_message(site)
    assert message["seconds"] == pytest.approx(len(ears.read_wav(spoken)) / ears.RATE, abs=0.6)
    await site.nothing_left()
