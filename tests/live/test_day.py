"""A call center's day in miniature: 200 real SIP calls of a known mix, and reports that are right.

What the phones saw is the truth: how many calls each number got, who rang and answered, how long
they talked and waited, who hung up and when. Every figure must say the same, and be proved.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe
from typing import Any

import pytest

from callcenter.acd import QueuePlan, SeatPlan, save_queue, save_seat
from callcenter.acd.model import Limits
from callcenter.demo.seed import TENANT, TRUNK_ADDRESS
from callcenter.ivr import Flow, publish
from callcenter.kernel.database import open_database
from callcenter.numbers import (
    Destination,
    Extension,
    HostedNumber,
    Trunk,
    save_extension,
    save_number,
    save_trunk,
)
from tests.support.command import Command
from tests.support.exchange import Exchange, free_port
from tests.support.phone import IncomingCall, OutgoingCall, Phone, PhoneFailure, answer_after
from tests.support.seeded import seeded
from tests.support.site import DIALLED, Site, until

pytestmark = pytest.mark.live

SALES = [f"20{n:02}" for n in range(1, 13)]
SECOND = ["2101", "2102", "2103"]
SENDERS = ["2201", "2202", "2203", "2204", "2205"]
COLLEAGUES = ["2301", "2302", "2303", "2304", "2305"]
ASKING, LATER = ["2401", "2402"], ["2501"]
SEATS = [*SALES, *SECOND, *SENDERS, *COLLEAGUES, *ASKING, *LATER]
MIX = {
    "served": 110,
    "short": 20,
    "long": 12,
    "overflow": 14,
    "transfer": 10,
    "voicemail": 12,
    "refused": 10,
    "menu": 6,
    "survey": 4,
    "callback": 2,
}
NUMBERS = {
    "served": ("400700001", "queue:sales-day"),
    "short": ("400700002", "queue:nobody"),
    "long": ("400700002", "queue:nobody"),
    "overflow": ("400700003", "queue:full"),
    "transfer": ("400700004", "queue:senders"),
    "voicemail": ("400700005", "queue:evening"),
    "refused": ("400700006", "refuse:busy"),
    "survey": ("400700007", "queue:asking"),
    "callback": ("400700008", "queue:later"),
    "menu": (DIALLED, ""),
}
SHORT, TALK = 5.0, 0.5
SURVEY = {
    "name": "day-survey",
    "start": "ask",
    "nodes": {
        "ask": {
            "kind": "survey",
            "questions": [{"name": "friendly", "prompts": ["beep"]}],
            "next": "end",
        },
        "end": {"kind": "hangup"},
    },
}


def queues() -> list[QueuePlan]:
    """Of the day; no recording, so that the machine bears 200 calls in half a minute."""
    second = timedelta(seconds=1)

    def plan(name: str, seats: list[str], **given: Any) -> QueuePlan:
        members = tuple((seat, 1) for seat in seats)
        usual = {"ring": 20 * second, "wrap_up": 0.3 * second, "record": False}
        return QueuePlan(name=name, tenant=TENANT, seats=members, **{**usual, **given})

    away = Limits(most_wait=second, waited_to="voicemail:evening")
    return [
        plan("sales-day", SALES),
        plan("nobody", []),
        plan("full", [], limits=Limits(most_wait=second, waited_to="queue:second")),
        plan("second", SECOND),
        plan("senders", SENDERS),
        plan("evening", [], limits=away),
        plan("asking", ASKING, survey="day-survey"),
        plan("later", LATER, limits=Limits(key="5", key_to="callback")),
    ]


class Town(Site):
    """Numbers, queues and seats of the day, and a world outside that can be called back."""

    exchange: Exchange

    def _open_pbx(self) -> None:
        self.secrets = seeded(self.settings)
        sip = {seat: token_urlsafe(12) for seat in SEATS}
        self.secrets = replace(self.secrets, sip={**self.secrets.sip, **sip})
        self.world_port = free_port()
        database = open_database(self.settings.database_url)
        with database.begin() as connection:
            for seat, secret in sip.items():
                save_extension(connection, Extension(number=seat, tenant=TENANT, secret=secret))
                plan = SeatPlan(number=seat, tenant=TENANT, name=f"S{seat}", pin_hash="")
                save_seat(connection, plan)
            publish(connection, Flow.model_validate(SURVEY))
            for queue in queues():
                save_queue(connection, queue)
            for number, to in {pair for pair in NUMBERS.values() if pair[1]}:
                where = Destination.parse(to)
                hosted = HostedNumber(number=number, tenant=TENANT, destination=where)
                save_number(connection, hosted)
            contact = f"{TRUNK_ADDRESS}:{self.world_port}"
            save_trunk(connection, Trunk(name="world", match=TRUNK_ADDRESS, contact=contact))
        database.dispose()
        self.start_pbx()

    def free(self, seats: list[str]) -> bool:
        """Whether all of these take calls."""
        rows = {row["seat"]: row for row in self.client.seats()}
        return all(
            rows[seat]["state"] == "idle" and rows[seat]["status"] == "ready" for seat in seats
        )


@dataclass
class Day:
    """What the phones saw."""

    town: Town
    world: Phone
    phones: dict[str, Phone] = field(default_factory=dict)
    callers: dict[str, list[OutgoingCall]] = field(default_factory=dict)
    logged_in: dict[str, float] = field(default_factory=dict)
    logged_out: dict[str, float] = field(default_factory=dict)

    def rung(self, seats: list[str]) -> list[IncomingCall]:
        """Every ring at these seats."""
        return [call for seat in seats for call in self.phones[seat].incoming]

    def answered(self, seats: list[str]) -> list[IncomingCall]:
        """Every talk at these seats."""
        return [call for call in self.rung(seats) if call.answered_200]

    def waits(self, kind: str, seats: list[str]) -> list[float]:
        """From our answer to the seat's, by who called."""
        at = {call.caller: call.when("200") for call in self.answered(seats)}
        return [
            at[_number(call)] - call.when("200")
            for call in self.callers[kind]
            if _number(call) in at
        ]


def _number(call: OutgoingCall) -> str:
    return call.dialog.local.partition("sip:")[2].partition("@")[0]


def is_talk_of(seconds: float, calls: list[IncomingCall]) -> bool:
    """Whether the PBX may have seen so much talk: from each answer to the goodbye, or to when it
    had understood the goodbye, which on a busy machine takes its time."""
    least, most = 0.0, 0.0
    for call in calls:
        names = [name for _, name in call.states]
        least += call.when("sent on" if "sent on" in names else "ended") - call.when("200")
        most += max(t for t, _ in call.states) - call.when("200")
    return least - 0.2 * len(calls) <= seconds <= most + 0.4 * len(calls)


@pytest.fixture
async def day() -> AsyncIterator[Day]:
    """Thirty phones, logged in; the seat of the callbacks comes later."""
    town = Town()
    try:
        await town.open()
        exchange = await Exchange.open(town.world_port, ("127.0.0.1", town.pbx.sip_port))
        town.exchange = exchange
        town._phones.append(exchange.phone)
        day = Day(town=town, world=await town.caller("world"))
        found = await asyncio.gather(*(town.phone(seat) for seat in SEATS))
        day.phones = dict(zip(SEATS, found, strict=True))
        early = [seat for seat in SEATS if seat not in LATER]
        await until(lambda: log_in(day, early), why="seats to be logged in")
        await until(lambda: town.free(early), why="seats to be free")
        yield day
    finally:
        print(town.engine_says())
        await town.close()


def log_in(day: Day, seats: list[str]) -> bool:
    for seat in seats:
        day.town.client.log_in(seat, seat)
        day.logged_in[seat] = time.monotonic()
    return True


# -- people ---------------------------------------------------------------------------------------


async def serves(call: IncomingCall) -> None:
    """Pick up soon, talk for a moment, hang up."""
    call.ring()
    await asyncio.sleep(0.1)
    if call.alive and call.status is None:
        await call.answer()
        await asyncio.sleep(TALK)
        call.drop()


def sends(colleague: str) -> Callable[[IncomingCall], Coroutine[Any, Any, None]]:
    """Pick up, then send the caller to a colleague."""

    async def behave(call: IncomingCall) -> None:
        call.ring()
        await call.answer()
        await asyncio.sleep(TALK)
        call.mark("sent on")
        await call.refer(colleague)

    return behave


async def hangs_up_after(call: OutgoingCall, seconds: float) -> None:
    """Wait so long once the queue has answered, then give up."""
    await call.answered(within=20)
    await asyncio.sleep(seconds)
    call.drop()


async def press(call: OutgoingCall, key: str) -> None:
    """A key, unless the call is over."""
    with suppress(PhoneFailure):
        if call.alive:
            await call.press(key)


async def presses(call: OutgoingCall, *keys: str) -> None:
    """Answer a question by keys, again until the call is over."""
    await call.answered(within=20)
    while call.alive:
        for key in keys:
            await asyncio.sleep(1.2)
            await press(call, key)


async def leaves_a_message(call: OutgoingCall) -> None:
    """Speak for a moment after the beep, whenever it comes."""
    await call.answered(within=20)
    call.play_tone(660)
    await asyncio.sleep(8)
    call.drop()


async def answers_the_survey(day: Day, call: OutgoingCall) -> None:
    """Press 4 once the agent has hung up."""
    await call.answered(within=20)

    def talked() -> bool:
        of_us = [c for c in day.answered(ASKING) if c.caller == _number(call)]
        return bool(of_us) and not of_us[0].alive

    await until(talked, within=30, why="the agent to hang up")
    while call.alive:
        await asyncio.sleep(0.6)
        await press(call, "4")


async def goes_through(day: Day) -> None:
    """All of it, spread over some seconds."""
    tasks = []
    day.callers = {kind: [] for kind in MIX}
    order = sorted((place / many, kind) for kind, many in MIX.items() for place in range(many))
    for number, (_, kind) in enumerate(order, 1):
        call = day.world.invite(NUMBERS[kind][0], caller=f"139{number:08}")
        day.callers[kind].append(call)
        if script := script_of(day, kind, call, number):
            tasks.append(asyncio.create_task(script))
        await asyncio.sleep(0.09)
    await until(lambda: len(day.town.client.calls()) <= MIX["callback"] + 4, within=30)
    await asyncio.to_thread(log_in, day, LATER)
    await asyncio.gather(*tasks)
    every = [call for calls in day.callers.values() for call in calls]
    await asyncio.gather(*(call.ended(within=30) for call in every))
    await day.town.nothing_left()


def script_of(
    day: Day, kind: str, call: OutgoingCall, number: int
) -> Coroutine[Any, Any, None] | None:
    """What a caller of this kind does besides listening."""
    match kind:
        case "short":
            return hangs_up_after(call, 1 + number % 3)
        case "long":
            return hangs_up_after(call, 6.5)
        case "menu":
            return hangs_up_after(call, 1.5)
        case "voicemail":
            return leaves_a_message(call)
        case "survey":
            return answers_the_survey(day, call)
        case "callback":
            day.town.exchange.behaviours[_number(call)] = answer_after(0.2)
            return presses(call, "5", "1")
        case _:
            return None


# -- the day --------------------------------------------------------------------------------------


class Told:
    """Reports of the last hour, as the engine gives them."""

    def __init__(self, town: Town) -> None:
        now = datetime.now(UTC)
        begin = (now - timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
        self.span = f"begin={begin:%Y-%m-%dT%H:%M}&end={begin + timedelta(hours=3):%Y-%m-%dT%H:%M}"
        self.begin, self.end = begin, begin + timedelta(hours=3)
        self._town = town

    def report(self, kind: str, more: str = "") -> dict[str, Any]:
        found: dict[str, Any] = self._town.client.ask(
            "GET", f"/v1/reports/{kind}?{self.span}&zone=UTC{more}"
        )
        return found

    def by_name(self, kind: str, name: str, more: str = "") -> dict[str, dict[str, Any]]:
        lines = self.report(kind, more)["lines"]
        return {line["names"][name]: line["figures"] for line in lines}

    def calls(self, kind: str, figure: str, name: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._town.client.ask(
            "GET", f"/v1/reports/{kind}/calls/{figure}?{self.span}&zone=UTC&name={name}"
        )
        return rows


async def test_every_figure_is_what_the_phones_saw(day: Day) -> None:
    phones = day.phones
    for seat in [*SALES, *SECOND, *COLLEAGUES, *ASKING, *LATER]:
        phones[seat].on_ring = serves
    for sender, colleague in zip(SENDERS, COLLEAGUES, strict=True):
        phones[sender].on_ring = sends(colleague)
    assert sum(MIX.values()) == 200
    await goes_through(day)
    await until(lambda: day.town.free(SEATS), why="every wrap-up to be over")
    for seat in SEATS:
        await asyncio.to_thread(day.town.client.log_out, seat)
        day.logged_out[seat] = time.monotonic()
    told = Told(day.town)
    await until(
        lambda: told.report("traffic")["total"]["figures"]["calls"] == 200,
        why="200 calls to be counted",
    )
    the_calls_are_right(day, told)
    the_queues_are_right(day, told)
    the_seats_are_right(day, told)
    the_rest_is_right(day, told)
    command = Command(home=day.town.settings.home, extra={})
    span = ("--from", f"{told.begin:%Y-%m-%dT%H:%M}", "--to", f"{told.end:%Y-%m-%dT%H:%M}")
    proved = await asyncio.to_thread(command.apart, "report", "prove", *span, "--zone", "UTC")
    assert (proved.status, proved.err) == (0, "")
    assert proved.out.count("proved: ") == 10
    asked = ("report", "queues", *span, "--zone", "UTC", "--format", "json")
    typed = await asyncio.to_thread(command.apart, *asked)
    assert json.loads(typed.out) == told.report("queues")


def the_calls_are_right(day: Day, told: Told) -> None:
    """Traffic and numbers: what was dialled, and how it ended."""
    figures = told.report("traffic")["total"]["figures"]
    refused = [call for call in day.callers["refused"] if not call.answered_200]
    talks = day.answered([seat for seat in SEATS if seat not in COLLEAGUES])
    assert figures["refused"] == len(refused) == MIX["refused"]
    assert figures["answered"] == len(talks)
    assert figures["abandoned"] == MIX["short"] + MIX["long"]
    assert figures["flowed_out"] == MIX["voicemail"]
    assert figures["gave_up"] == MIX["menu"]
    assert figures["lost"] == figures["other"] == figures["unreached"] == 0
    dialled = Counter(NUMBERS[kind][0] for kind, calls in day.callers.items() for _ in calls)
    numbers = told.by_name("numbers", "name")
    assert {number: row["calls"] for number, row in numbers.items()} == dialled
    assert is_talk_of(figures["talk"], day.answered(SEATS))


def the_queues_are_right(day: Day, told: Told) -> None:
    """Queues: who came, who was served and when, who left and how soon."""
    rows = told.by_name("queues", "queue")
    offered = {queue: row["offered"] for queue, row in rows.items()}
    mix = MIX
    assert offered == {
        "sales-day": mix["served"],
        "nobody": mix["short"] + mix["long"],
        "full": mix["overflow"],
        "second": mix["overflow"],
        "senders": mix["transfer"],
        "evening": mix["voicemail"],
        "asking": mix["survey"],
        "later": 2 * mix["callback"],  # before and after they were called
    }
    served = {"sales-day": SALES, "second": SECOND, "senders": SENDERS, "asking": ASKING}
    for queue, seats in {**served, "later": LATER}.items():
        assert rows[queue]["answered"] == len(day.answered(seats)), queue
    nobody = rows["nobody"]
    short = [call for call in day.callers["short"] if waited(call) < SHORT]
    assert (nobody["abandoned"], nobody["short_abandoned"]) == (32, len(short)) == (32, 20)
    assert nobody["abandon_rate"] == 1.0
    assert (rows["full"]["out_queue"], rows["evening"]["out_voicemail"]) == (14, 12)
    assert rows["later"]["out_callback"] == mix["callback"]
    waits = day.waits("served", SALES)
    assert rows["sales-day"]["asa"] == pytest.approx(sum(waits) / len(waits), abs=0.35)
    the_service_level_is_right(told, waits)
    calls = told.calls("queues", "short_abandoned", "nobody")
    assert len(calls) == len({row["call"] for row in calls}) == 20


def waited(call: OutgoingCall) -> float:
    return call.when("ended") - call.when("200")


def the_service_level_is_right(told: Told, waits: list[float]) -> None:
    """T is where no caller's wait was too close to it to say."""
    for edge in (5, 10, 15, 20):
        if any(abs(wait - edge) < 0.3 for wait in waits):
            continue
        row = told.by_name("queues", "queue", f"&within={edge}")["sales-day"]
        share = sum(wait <= edge for wait in waits) / len(waits)
        assert row["service_level"] == row["service_level_answered"] == pytest.approx(share)
        assert row["service_level_2"] == pytest.approx(share)


def the_seats_are_right(day: Day, told: Told) -> None:
    """Seats: each ring, each talk, each second from login to logout."""
    rows = told.by_name("seats", "seat")
    rows = {seat: row for seat, row in rows.items() if seat in SEATS}
    rings = {seat: len(day.phones[seat].incoming) for seat in SEATS}
    assert {seat: row["offers"] for seat, row in rows.items()} == rings
    answered = {seat: len(day.answered([seat])) for seat in SEATS}
    assert {seat: row["answered"] for seat, row in rows.items()} == answered
    assert {seat: row["sent_on"] for seat, row in rows.items() if row["sent_on"]} == {
        seat: answered[seat] for seat in SENDERS if answered[seat]
    }
    for seat, row in rows.items():
        saw = day.logged_out[seat] - day.logged_in[seat]
        assert row["logged_in"] == pytest.approx(saw, abs=1.0), seat
        parts = ("ready", "ringing", "talk", "hold", "wrap_up", "engaged", "unreachable_time")
        whole = sum(row[part] for part in (*parts, "paused"))
        assert whole == pytest.approx(row["logged_in"], abs=0.0005), seat
        assert is_talk_of(row["talk"], day.answered([seat])), seat


def the_rest_is_right(day: Day, told: Told) -> None:
    """Menus, surveys, regions, and that a page of it all can be made."""
    steps = told.report("flows")["lines"]
    in_menus = [line for line in steps if line["names"]["flow"] != "day-survey"]
    assert sum(line["figures"]["steps"] for line in in_menus) >= MIX["menu"]
    survey = told.report("survey")
    assert {line["names"]["queue"] for line in survey["lines"]} == {"asking"}
    asked = {line["names"]["seat"]: line["figures"]["asked"] for line in survey["lines"]}
    assert asked == {seat: len(day.answered([seat])) for seat in ASKING if day.answered([seat])}
    assert survey["total"]["figures"]["answers"] == MIX["survey"]
    assert survey["total"]["figures"]["mean"] == 4.0
    regions = told.report("regions")
    assert regions["total"]["figures"]["calls"] == 200
    assert json.dumps(regions)
    assert day.town.client.status()["offers"]["double_offers"] == 0
