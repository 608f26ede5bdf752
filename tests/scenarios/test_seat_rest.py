"""What agents do by command and REST: more wrap-up, what came of a call, how a day was spent."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from click.testing import CliRunner, Result

from callcenter.acd import SeatState, SeatStatus
from callcenter.cli import main
from tests.scenarios.test_seat_codes import sales, served
from tests.support.api import Api
from tests.support.world import World


@pytest.fixture
async def api(world: World) -> Api:
    await world.logs_in("1001")
    return Api(world)


async def test_wrap_up_is_made_longer(world: World, api: Api) -> None:
    await served(world)
    assert world.state("1001") is SeatState.WRAP_UP
    answer = await api.ask("POST", "/v1/seats/1001/wrapup", {"seconds": 60})
    assert (answer.status, answer.json["state"]) == (200, "wrap_up")
    await world.passes(seconds=30)
    assert world.state("1001") is SeatState.WRAP_UP
    await world.passes(seconds=60)
    assert world.state("1001") is SeatState.IDLE
    # an idle seat takes a while for itself
    again = await api.ask("POST", "/v1/seats/1001/wrapup", {"seconds": 10})
    assert again.json["state"] == "wrap_up"
    await world.passes(seconds=11)
    assert world.state("1001") is SeatState.IDLE


async def test_wrap_up_that_is_refused(world: World, api: Api) -> None:
    for path, body, status, code in (
        ("1002", {"seconds": 60}, 409, "refused"),
        ("1999", {"seconds": 60}, 404, "not_found"),
        ("1001", {"seconds": 0}, 422, "bad_request"),
        ("1001", {"seconds": 4000}, 422, "bad_request"),
        ("1001", {"seconds": "long"}, 422, "bad_request"),
        ("1001", {}, 422, "bad_request"),
    ):
        answer = await api.ask("POST", f"/v1/seats/{path}/wrapup", body)
        assert (answer.status, answer.json["code"]) == (status, code), (path, body)
    world.calls().presses("1")
    await world.passes(seconds=20)
    assert world.state("1001") is SeatState.TALKING
    talking = await api.ask("POST", "/v1/seats/1001/wrapup", {"seconds": 60})
    assert (talking.status, talking.json["code"]) == (409, "refused")


async def test_what_came_of_a_call(world: World, api: Api) -> None:
    await sales(world, dispositions=("sold", "later"), disposition_required=True)
    await served(world)
    [cdr] = await world.cdrs()
    await world.passes(seconds=10)
    assert world.seat("1001").status is SeatStatus.BUSY  # it owes the word
    wrong = await api.ask("POST", "/v1/seats/1001/dispose", {"code": "maybe"})
    assert wrong.json == {"code": "refused", "message": "'maybe' is none of: sold, later."}
    said = await api.ask("POST", "/v1/seats/1001/dispose", {"code": "sold"})
    assert (said.status, said.json["status"]) == (200, "ready")
    assert world.engine is not None
    await world.engine.projector.settled()
    [row] = (await api.ask("GET", f"/v1/calls/{cdr.id}/dispositions")).json
    assert (row["seat"], row["queue"], row["code"]) == ("1001", "sales", "sold")
    nobody = await api.ask("POST", "/v1/seats/1002/dispose", {"code": "sold"})
    assert nobody.status == 409
    assert (await api.ask("POST", "/v1/seats/1999/dispose", {"code": "sold"})).status == 404
    assert (await api.ask("POST", "/v1/seats/1001/dispose", {"code": ""})).status == 422


async def test_how_a_day_was_spent(world: World, api: Api) -> None:
    await world.passes(minutes=10)
    await api.ask("POST", "/v1/seats/1001/busy", {"reason": "meal"})
    await world.passes(minutes=30)
    await api.ask("POST", "/v1/seats/1001/logout")
    await world.passes(minutes=5)
    assert world.engine is not None
    await world.engine.projector.settled()
    times = (await api.ask("GET", "/v1/seats/1001/times")).json
    assert times["logged_in"] == pytest.approx(40 * 60, abs=30)
    assert sum(times["parts"].values()) == pytest.approx(times["logged_in"], abs=1)
    assert any(seconds == pytest.approx(1800, abs=1) for seconds in times["parts"].values())
    part = "/v1/seats/1001/times?since=2026-03-02T01:20:00Z&until=2026-03-02T01:30:00Z"
    assert (await api.ask("GET", part)).json["logged_in"] == pytest.approx(600, abs=1)
    never = (await api.ask("GET", "/v1/seats/1002/times")).json
    assert never["logged_in"] == 0
    assert (await api.ask("GET", "/v1/seats/1999/times")).status == 404
    assert (await api.ask("GET", "/v1/seats/1001/times?since=yesterday")).status == 422
    naive = "/v1/seats/1001/times?since=2026-03-02T01:20:00"
    assert (await api.ask("GET", naive)).status == 422


class _Answers:
    """An engine that gives these answers and remembers what it was asked."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[tuple[object, ...]] = []

    def ask(self, *request: object) -> Any:
        self.asked.append(request)
        return self.answer


def _run(monkeypatch: pytest.MonkeyPatch, engine: _Answers, *words: str) -> Result:
    @contextmanager
    def reached(_timeout: float = 10.0) -> Iterator[_Answers]:
        yield engine

    monkeypatch.setattr(sys.modules["callcenter.cli.seat"], "engine", reached)
    return CliRunner().invoke(main, words, prog_name="callcenter")


SEAT = {"seat": "1001", "status": "ready", "reason": "", "extension": "1001"}


def test_the_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = _Answers(SEAT)
    longer = _run(monkeypatch, engine, "seat", "wrapup", "1001", "60")
    assert longer.output == "Seat 1001 is ready at phone 1001.\n"
    assert _run(monkeypatch, engine, "seat", "dispose", "1001", "sold").exit_code == 0
    engine.answer = {"parts": {"busy_meal": 1800.0, "ready": 60.0}, "logged_in": 1860.0}
    times = _run(monkeypatch, engine, "seat", "times", "1001")
    assert [line.split() for line in times.output.splitlines()] == [
        ["busy", "meal", "30:00"],
        ["ready", "1:00"],
        ["Logged", "in", "31:00"],
    ]
    assert '"logged_in": 1860.0' in _run(monkeypatch, engine, "seat", "times", "1", "--json").output
    assert engine.asked == [
        ("POST", "/v1/seats/1001/wrapup", {"seconds": 60.0}),
        ("POST", "/v1/seats/1001/dispose", {"code": "sold"}),
        ("GET", "/v1/seats/1001/times"),
        ("GET", "/v1/seats/1/times"),
    ]
    assert _run(monkeypatch, engine, "seat", "wrapup", "1001", "long").exit_code == 2
