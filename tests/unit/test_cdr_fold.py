"""From events to a CDR: each kind of call by hand, and any sequence of events at all."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.calls import (
    Announced,
    Answered,
    CallbackAsked,
    CallbackDialled,
    CallbackFailed,
    CallEnded,
    EndedBy,
    MenuChoice,
    NodeEntered,
    Offered,
    OfferEnded,
    OfferMade,
    OfferOutcome,
    OfferRang,
    QueueJoined,
    QueueLeft,
    QueueLeftBy,
    RecordingSkipped,
    Resumed,
    Routed,
    Sent,
    TalkEnded,
    TalkHeld,
    TalkStarted,
    TalkTaken,
    TurnedAway,
    cdr_of,
)
from callcenter.calls.cdr import Cdr, CdrStep, CdrTransfer, Result
from callcenter.calls.model import AnyCallEvent
from callcenter.pbx.port import LegId
from tests.support.adding_up import adds_up

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
_LEG = LegId("leg")
_Event = Callable[[datetime], AnyCallEvent]


def offered() -> _Event:
    return lambda at: Offered(
        at=at,
        leg=_LEG,
        source="trunk",
        caller="13800000001",
        caller_name="",
        dialled="4008001234",
        endpoint="trunk-world",
    )


def joined(queue: str = "sales") -> _Event:
    return lambda at: QueueJoined(at=at, queue=queue)


def left(by: QueueLeftBy, queue: str = "sales", **why: str) -> _Event:
    return lambda at: QueueLeft(at=at, queue=queue, by=by, **why)


def made(offer: str, seat: str, queue: str = "sales") -> _Event:
    return lambda at: OfferMade(at=at, offer=offer, queue=queue, seat=seat, extension=seat)


def ended(offer: str, seat: str, outcome: OfferOutcome) -> _Event:
    return lambda at: OfferEnded(at=at, offer=offer, seat=seat, outcome=outcome)


def talks(offer: str, seat: str) -> _Event:
    return lambda at: TalkStarted(at=at, offer=offer, seat=seat, leg=_LEG)


def parts(offer: str, seat: str, by: EndedBy = EndedBy.CALLER) -> _Event:
    return lambda at: TalkEnded(at=at, offer=offer, seat=seat, by=by)


def over(by: EndedBy = EndedBy.CALLER) -> _Event:
    return lambda at: CallEnded(at=at, by=by, cause=16, region="CN/Guangdong/Foshan")


def told(*story: tuple[float, _Event]) -> list[AnyCallEvent]:
    """Events, each at so many seconds from noon."""
    return [event(NOON + timedelta(seconds=at)) for at, event in story]


def answer(at: float, offer: str, seat: str) -> list[tuple[float, _Event]]:
    """A seat that is rung answers."""
    return [
        (at, ended(offer, seat, OfferOutcome.ANSWERED)),
        (at, left(QueueLeftBy.ANSWERED)),
        (at, talks(offer, seat)),
    ]


def answered_call() -> list[AnyCallEvent]:
    """Menu, queue, a seat misses, another talks 60 s, holds for 10 of them, sends on to 1003."""
    return told(
        (0, offered()),
        (0, lambda at: Routed(at=at, destination="flow:main", rule="number", tenant="acme")),
        (0, lambda at: Answered(at=at)),
        (0, lambda at: NodeEntered(at=at, flow="main", version=3, node="menu")),
        (4, lambda at: MenuChoice(at=at, node="menu", keys="7", outcome="invalid")),
        (8, lambda at: MenuChoice(at=at, node="menu", keys="1", outcome="chosen")),
        (8, lambda at: NodeEntered(at=at, flow="main", version=3, node="sales")),
        (10, joined()),
        (12, lambda at: Announced(at=at, queue="sales", position=1, wait=30.0)),
        (15, made("o-1", "1002")),
        (16, lambda at: OfferRang(at=at, offer="o-1", leg=_LEG)),
        (30, ended("o-1", "1002", OfferOutcome.NO_ANSWER)),
        (30, made("o-2", "1001")),
        *answer(35, "o-2", "1001"),
        (50, lambda at: TalkHeld(at=at, offer="o-2")),
        (60, lambda at: TalkTaken(at=at, offer="o-2")),
        (95, parts("o-2", "1001", EndedBy.TRANSFER)),
        (95, lambda at: Sent(at=at, leg=_LEG, to="1003", by="1001")),
        (95, lambda at: Routed(at=at, destination="seat:1003", rule="sent", tenant="acme")),
        (96, made("o-3", "1003", queue="")),
        (100, ended("o-3", "1003", OfferOutcome.ANSWERED)),
        (100, talks("o-3", "1003")),
        (120, parts("o-3", "1003")),
        (121, over()),
    )


def test_a_call_with_everything() -> None:
    cdr = cdr_of("c-1", answered_call())
    adds_up(cdr)
    assert (cdr.result, cdr.rule, cdr.tenant, cdr.queue, cdr.seat) == (
        Result.ANSWERED,
        "number",
        "acme",
        "sales",
        "1003",
    )
    assert (cdr.duration_seconds, cdr.wait_seconds) == (121.0, 25.0)
    assert (cdr.talk_seconds, cdr.hold_seconds) == (80.0, 10.0)
    assert cdr.region == "CN/Guangdong/Foshan"
    assert [
        (leg.seat, leg.queue, leg.outcome, leg.ended_by, leg.talk_seconds, leg.hold_seconds)
        for leg in cdr.legs[1:]
    ] == [
        ("1002", "sales", "no_answer", "", 0.0, 0.0),
        ("1001", "sales", "answered", "transfer", 60.0, 10.0),
        ("1003", "", "answered", "caller", 20.0, 0.0),
    ]
    [visit] = cdr.visits
    assert (visit.by, visit.seat, visit.wait_seconds) == ("answered", "1001", 25.0)
    assert visit.announced_seconds == 32.0  # two seconds after joining: thirty more
    steps = [(step.node, step.keys, step.outcome) for step in cdr.steps]
    assert steps == [("menu", "7", "invalid"), ("menu", "1", "chosen"), ("sales", "", "")]
    assert cdr.steps[1] == CdrStep(
        at=NOON + timedelta(seconds=8),
        flow="main",
        version=3,
        node="menu",
        keys="1",
        outcome="chosen",
    )
    at = NOON + timedelta(seconds=95)
    assert cdr.transfers == [CdrTransfer(at=at, to="1003", by="1001")]


def test_an_attended_transfer_is_told_by_who_talks_next() -> None:
    cdr = cdr_of(
        "c-1",
        told(
            (0, offered()),
            (0, made("o-1", "1001")),
            (5, ended("o-1", "1001", OfferOutcome.ANSWERED)),
            (5, talks("o-1", "1001")),
            (25, parts("o-1", "1001", EndedBy.TRANSFER)),
            (25, made("o-2", "1002")),
            (25, ended("o-2", "1002", OfferOutcome.ANSWERED)),
            (25, talks("o-2", "1002")),
            (55, parts("o-2", "1002")),
            (55, over()),
        ),
    )
    adds_up(cdr)
    assert [leg.talk_seconds for leg in cdr.legs] == [0.0, 20.0, 30.0]
    assert [(t.to, t.by) for t in cdr.transfers] == [("1002", "1001")]


def test_a_blind_transfer_told_before_its_talk_is_over_is_one_transfer() -> None:
    cdr = cdr_of(
        "c-1",
        told(
            (0, offered()),
            (0, made("o-1", "1001")),
            *answer(5, "o-1", "1001"),
            (25, lambda at: Sent(at=at, leg=_LEG, to="1002", by="")),
            (25, parts("o-1", "1001", EndedBy.TRANSFER)),
            (25, made("o-2", "1002")),
            (30, over()),
        ),
    )
    assert [(t.to, t.by) for t in cdr.transfers] == [("1002", "")]
    assert cdr.legs[-1].outcome == "caller_gone"


def _callback(*rest: tuple[float, _Event]) -> Cdr:
    cdr = cdr_of(
        "c-1",
        told(
            (0, offered()),
            (10, joined()),
            (40, lambda at: CallbackAsked(at=at, number="138")),
            (600, lambda at: CallbackDialled(at=at, number="138")),
            *rest,
        ),
    )
    adds_up(cdr)
    return cdr


def test_who_is_called_back_has_left_and_comes_again() -> None:
    cdr = _callback(
        (610, lambda at: Resumed(at=at, leg=_LEG)),
        (612, made("o-1", "1001")),
        *answer(620, "o-1", "1001"),
        (650, parts("o-1", "1001")),
        (650, over()),
    )
    assert [(v.by, v.reason, v.to, v.wait_seconds, v.seat) for v in cdr.visits] == [
        ("overflow", "callback", "138", 30.0, ""),
        ("answered", "", "", 10.0, "1001"),
    ]
    assert cdr.result is Result.ANSWERED


def test_who_cannot_be_called_back_has_flowed_out() -> None:
    cdr = _callback(
        (630, lambda at: CallbackFailed(at=at, why="busy")),
        (630, left(QueueLeftBy.ABANDONED)),
        (630, over(EndedBy.ENGINE)),
    )
    assert [v.by for v in cdr.visits] == ["overflow"]
    assert cdr.result is Result.FLOWED_OUT


@pytest.mark.parametrize(
    ("story", "result"),
    [
        ([(0, lambda at: TurnedAway(at=at, rule="closed", cause=21))], Result.REFUSED),
        ([(1, joined())], Result.ABANDONED),
        ([(1, joined()), (9, left(QueueLeftBy.ABANDONED))], Result.ABANDONED),
        ([(1, joined()), (9, left(QueueLeftBy.OVERFLOW, to="voicemail:x"))], Result.FLOWED_OUT),
        ([], Result.GAVE_UP),
    ],
)
def test_results(story: list[tuple[float, _Event]], result: Result) -> None:
    cdr = cdr_of("c-1", told((0, offered()), *story, (10, over())))
    adds_up(cdr)
    assert cdr.result is result


def test_recording_is_due_when_it_could_not_be_made() -> None:
    story = [(0, offered()), (0, made("o-1", "1001")), *answer(5, "o-1", "1001")]
    skipped = (1, lambda at: RecordingSkipped(at=at, why="the disk is full"))
    end = [(9, parts("o-1", "1001")), (9, over())]
    assert not cdr_of("c-1", told(*story, *end)).recording_due
    assert cdr_of("c-1", told(story[0], skipped, *story[1:], *end)).recording_due


def test_half_a_call_is_none() -> None:
    events = answered_call()
    for some in ([], events[1:], events[:-1]):
        with pytest.raises(ValueError, match="c-1"):
            cdr_of("c-1", some)


# -- any sequence ---------------------------------------------------------------------------------

_OFFERS = st.sampled_from([("o-1", "1001"), ("o-2", "1002"), ("o-3", "")])
_QUEUES = st.sampled_from(["sales", "support"])
_ENDS = st.sampled_from(list(EndedBy))
_ANY: st.SearchStrategy[_Event] = st.one_of(
    _QUEUES.map(joined),
    st.builds(left, st.sampled_from(list(QueueLeftBy)), _QUEUES),
    _OFFERS.map(lambda offer: ended(*offer, OfferOutcome.ANSWERED)),
    st.builds(lambda o, out: ended(*o, out), _OFFERS, st.sampled_from(list(OfferOutcome))),
    _OFFERS.map(lambda offer: talks(*offer)),
    st.builds(lambda o, by: parts(*o, by), _OFFERS, _ENDS),
    _OFFERS.map(lambda o: lambda at: TalkHeld(at=at, offer=o[0])),
    _OFFERS.map(lambda o: lambda at: TalkTaken(at=at, offer=o[0])),
    _OFFERS.map(lambda o: lambda at: OfferRang(at=at, offer=o[0], leg=_LEG)),
    st.sampled_from(
        [
            lambda at: Answered(at=at),
            lambda at: Resumed(at=at, leg=_LEG),
            lambda at: Sent(at=at, leg=_LEG, to="1002", by=""),
            lambda at: CallbackAsked(at=at, number="138"),
            lambda at: CallbackDialled(at=at, number="138"),
            lambda at: CallbackFailed(at=at, why="busy"),
            lambda at: Announced(at=at, queue="sales", position=1, wait=5.0),
            lambda at: Routed(at=at, destination="flow:main", rule="", tenant=""),
            lambda at: NodeEntered(at=at, flow="main", version=1, node="menu"),
            lambda at: MenuChoice(at=at, node="menu", keys="1", outcome="chosen"),
        ]
    ),
)
_GAPS = st.floats(0, 100, allow_nan=False)


@given(st.lists(st.tuples(_GAPS, _ANY), max_size=40), st.lists(_OFFERS, unique=True), _ENDS)
def test_the_parts_add_up_whatever_is_told(
    story: Sequence[tuple[float, _Event]], rung: list[tuple[str, str]], by: EndedBy
) -> None:
    whole: list[tuple[float, _Event]] = [(0.0, offered()), *((0.0, made(*o)) for o in rung)]
    at = 0.0
    for gap, event in story:
        at += gap
        whole.append((at, event))
    cdr = cdr_of("c-1", told(*whole, (at + 1, over(by))))
    adds_up(cdr)
    assert len(cdr.legs) == len(rung) + 1


@given(st.lists(st.tuples(st.floats(-100, 100), _ANY), max_size=25))
def test_clocks_that_disagree_make_no_negative_time(story: list[tuple[float, _Event]]) -> None:
    rung = [(0.0, made(offer, seat)) for offer, seat in (("o-1", "1001"), ("o-2", "1002"))]
    cdr: Any = cdr_of("c-1", told((0, offered()), *rung, *story, (10, over())))
    for leg in cdr.legs:
        assert leg.ended_at >= leg.started_at
        assert 0 <= leg.hold_seconds <= leg.talk_seconds
    assert all(visit.wait_seconds >= 0 for visit in cdr.visits)
    assert cdr.duration_seconds >= 0
