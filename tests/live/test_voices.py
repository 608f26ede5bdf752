"""R2, R3 over real SIP and SMTP: a message with its mail and lamp, a survey with its comment."""

import asyncio
import io
import wave
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from callcenter.acd import load_plan, save_queue
from callcenter.demo import ears
from callcenter.ivr import Flow, publish
from callcenter.kernel.database import open_database
from callcenter.numbers import Destination, HostedNumber, save_number
from tests.support.mail import MailServer
from tests.support.phone import OutgoingCall, Phone
from tests.support.site import DIALLED, Site, until

pytestmark = pytest.mark.live
BOX_NUMBER = "4008005678"
SURVEY = {
    "name": "after-call",
    "start": "ask",
    "nodes": {
        "ask": {
            "kind": "survey",
            "questions": [
                {"name": "friendly", "prompts": ["beep"]},
                {"name": "why", "prompts": ["survey-thanks"], "comment": True},
            ],
            "thanks": ["goodbye"],
            "next": "end",
        },
        "end": {"kind": "hangup"},
    },
}


@pytest.fixture
async def mail() -> AsyncIterator[MailServer]:
    server = MailServer()
    await server.open()
    yield server
    await server.close()


@pytest.fixture
async def site(mail: MailServer) -> AsyncIterator[Site]:
    made = Site()
    made.variables = {
        "CALLCENTER_SMTP_HOST": "127.0.0.1",
        "CALLCENTER_SMTP_PORT": str(mail.port),
        "CALLCENTER_SMTP_FROM": "客服 <cc@example.com>",
    }
    try:
        await made.open()
        yield made
    finally:
        print(made.engine_says())  # shown when the test failed
        await made.close()


def set_up(site: Site) -> None:
    """The queue asks its callers; a number leads to the box of seat 1002."""
    database = open_database(site.settings.database_url)
    with database.begin() as connection:
        publish(connection, Flow.model_validate(SURVEY))
        queue = load_plan(connection).queues["sales"]
        save_queue(connection, replace(queue, survey="after-call", seats=(("1001", 1),)))
        to = Destination.parse("voicemail:seat-1002")
        save_number(connection, HostedNumber(number=BOX_NUMBER, tenant="demo", destination=to))
    database.dispose()
    plan = {"mail": ["王小明 <ming@example.com>"]}
    site.client.ask("PUT", "/v1/voicemail-boxes/demo/seat-1002", plan)


async def speaks(call: OutgoingCall, freq: float, seconds: float) -> None:
    """After the beep, as people do."""
    await asyncio.sleep(0.3)
    call.play_tone(freq)
    await asyncio.sleep(seconds)
    call.silence()


def tone_in(wav: bytes) -> tuple[int, float]:
    """The loudest frequency in a file, to 20 Hz, and its seconds."""
    with wave.open(io.BytesIO(wav)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    assert ears.rms(samples) > -40
    whole = samples[: len(samples) // 400 * 400].reshape(-1, 400).astype(np.float64)
    power = np.sum(np.abs(np.fft.rfft(whole, axis=1)) ** 2, axis=0)
    return int(np.argmax(power)) * 20, len(samples) / ears.RATE


def is_encrypted(file: Path) -> None:
    """No reader of WAV files makes anything of what lies there."""
    with pytest.raises(wave.Error):
        ears.read_wav(file)
    assert b"RIFF" not in file.read_bytes()


async def leaves_a_message(site: Site, mail: MailServer, grace: Phone) -> None:
    """What the caller speaks is what the mail brings; the lamp goes on."""
    caller = await site.caller("13800000009")
    call = await caller.dial(BOX_NUMBER)
    await call.hears(site.prompt("beep"), within=12)
    await speaks(call, 660, 2.0)
    await call.hang_up()
    letter = await mail.letter(within=15)
    assert letter["To"] == "王小明 <ming@example.com>"
    assert letter["Subject"] == "Voicemail from 13800000009 for seat-1002"
    (attached,) = letter.iter_attachments()
    assert tone_in(attached.get_content()) == (660, pytest.approx(2.1, abs=0.4))
    [message] = site.client.ask("GET", "/v1/voicemail")
    is_encrypted(site.home / "voicemail" / message["path"])
    path = f"/v1/voicemail/{message['id']}"
    sound = bytes(site.client.ask("GET", f"{path}/audio?heard=false"))
    assert tone_in(sound) == (660, pytest.approx(2.1, abs=0.4))
    found = site.client.ask("GET", f"{path}/verify")
    assert (found["ok"], found["state"]) == (True, "sealed")
    await until(lambda: grace.lamp == (1, 0), 8, "the lamp to be on")


async def answers_the_survey(site: Site) -> None:
    """By keys and by voice, when the seat has hung up."""
    ada = await site.agent("1001")
    caller = await site.caller("13800000001")
    call = await caller.dial(DIALLED)
    await call.hears(site.prompt("welcome"), within=10)
    await call.press("1")
    ringing = await ada.rings(within=10)
    await ringing.answer()
    await site.seat_is("1001", state="talking")
    await ringing.hang_up()
    await call.hears(site.prompt("beep"), within=5)
    await call.press("4")
    await call.hears(site.prompt("survey-thanks"), within=8)
    await call.hears(site.prompt("beep"), within=3)
    await speaks(call, 880, 1.5)
    await call.press("#")
    await call.ended(within=12)
    cdr = await site.cdr_of("13800000001")
    rows = site.client.ask("GET", "/v1/survey/answers?queue=sales&seat=1001")
    assert [(row["question"], row["answer"], row["call"]) for row in rows[::-1]] == [
        ("friendly", "4", cdr["id"]),
        ("why", "", cdr["id"]),
    ]
    is_encrypted(site.home / "comments" / rows[0]["comment"])
    path = f"/v1/survey/answers/{cdr['id']}/{rows[0]['position']}"
    assert site.client.ask("GET", f"{path}/verify")["ok"]
    assert tone_in(bytes(site.client.ask("GET", f"{path}/comment"))) == (
        880,
        pytest.approx(1.6, abs=0.4),
    )
    (result, _) = site.client.ask("GET", "/v1/survey/results?by=queue")
    assert (result["of"], result["question"], result["mean"]) == ("sales", "friendly", 4.0)


async def hears_it_by_telephone(site: Site, grace: Phone) -> None:
    """The agent dials *98; then the lamp is off."""
    call = await grace.dial("*98")
    await call.hears_sound(within=5)
    await call.press("1002#")
    await call.press(f"{site.secrets.pins['1002']}#")
    await call.hears_tone(660, within=12)
    await call.hang_up()
    await until(lambda: grace.lamp == (0, 1), 8, "the lamp to be off")


async def test_what_callers_say_reaches_who_should_hear_it(site: Site, mail: MailServer) -> None:
    await asyncio.to_thread(set_up, site)
    grace, spare = await site.phone("1002"), await site.phone("1003")
    await asyncio.gather(leaves_a_message(site, mail, grace), answers_the_survey(site))
    assert spare.lamp in (None, (0, 0))
    await site.kill_engine()
    await site.start_engine()
    late = await site.phone("1002")  # the same telephone, new: told when it registers
    await late.subscribe_lamp()
    await until(lambda: late.lamp == (1, 0), 5, "the lamp to be right after a restart")
    await hears_it_by_telephone(site, late)
    await site.nothing_left()
