"""What callers and agents of queues hear: announcements (Q3), whispers (Q10), ring-all (Q1)."""

from datetime import timedelta
from typing import Any

from callcenter.acd import (
    Limits,
    QueuePlan,
    SeatState,
    SeatStatus,
    StrategyName,
    save_queue,
)
from callcenter.calls import OfferMade, OfferOutcome, QueueLeft
from callcenter.calls.cdr import Result
from callcenter.pbx.fake import FakeCaller
from tests.support.world import World


async def queue(world: World, name: str = "sales", **rules: Any) -> None:
    """Set the queue up anew; seats 1001 and 1002, 15 s ring."""
    given: dict[str, Any] = {
        "seats": (("1001", 1), ("1002", 1)),
        "ring": timedelta(seconds=15),
        "wrap_up": timedelta(seconds=8),
        "rest_after_miss": timedelta(0),
    }
    with world.database.begin() as connection:
        save_queue(connection, QueuePlan(name=name, tenant="acme", **given | rules))
    assert world.engine is not None
    await world.engine.reload()


async def waits(world: World, caller: str = "+8613800000001") -> FakeCaller:
    """A caller who stands in the queue when this returns."""
    alice = world.calls(caller)
    alice.presses("1")
    await world.passes(seconds=5)
    assert alice.heard[:3] == ["welcome", "menu-main", "please-wait"]
    return alice


# -- ring-all ---------------------------------------------------------------------------------


async def test_all_phones_ring_and_the_first_to_answer_has_the_call(world: World) -> None:
    await queue(world, strategy=StrategyName.RING_ALL)
    await world.logs_in("1001")
    await world.logs_in("1002")
    world.phone("1001").answers_after = None
    world.phone("1002").answers_after = 4.5
    alice = await waits(world)
    await world.passes(seconds=3)
    assert (world.state("1001"), world.state("1002")) == (SeatState.RINGING, SeatState.RINGING)
    await world.passes(seconds=3)
    assert (world.state("1001"), world.state("1002")) == (SeatState.IDLE, SeatState.TALKING)
    assert world.phone("1001").ringing is None
    alice.hangs_up()
    [cdr] = await world.cdrs()
    assert sorted((leg.seat, leg.outcome) for leg in cdr.legs[1:]) == [
        ("1001", "withdrawn"),
        ("1002", "answered"),
    ]
    assert cdr.seat == "1002"
    rings = len(world.phone("1001").rings) + len(world.phone("1002").rings)
    assert rings == len(cdr.legs) - 1


async def test_a_lost_race_is_no_miss_but_nobody_answering_is(world: World) -> None:
    await queue(world, strategy=StrategyName.RING_ALL, most_misses=2)
    await world.logs_in("1001")
    await world.logs_in("1002")
    world.phone("1001").answers_after = None
    for number in range(3):
        alice = await waits(world, f"+861380000000{number}")
        await world.passes(seconds=8)
        assert world.state("1002") is SeatState.TALKING
        alice.hangs_up()
        await world.passes(seconds=20)
    assert world.seat("1001").status is SeatStatus.READY
    world.phone("1002").answers_after = None
    alice = await waits(world)
    await world.passes(minutes=2)
    assert world.seat("1001").reason == world.seat("1002").reason == "no_answer"
    assert alice.is_up
    assert alice.music == "default"


async def test_the_caller_of_a_ring_all_may_hang_up(world: World) -> None:
    await queue(world, strategy=StrategyName.RING_ALL)
    await world.logs_in("1001")
    await world.logs_in("1002")
    world.phone("1001").answers_after = world.phone("1002").answers_after = None
    alice = await waits(world)
    await world.passes(seconds=3)
    alice.hangs_up()
    await world.passes(seconds=1)
    assert (world.state("1001"), world.state("1002")) == (SeatState.IDLE, SeatState.IDLE)
    [cdr] = await world.cdrs()
    assert [leg.outcome for leg in cdr.legs[1:]] == ["caller_gone"] * 2
    assert cdr.result is Result.ABANDONED


# -- whisper ----------------------------------------------------------------------------------


async def test_the_agent_is_told_whose_call_it_is_before_being_joined(world: World) -> None:
    await queue(world, whisper=("please-wait", "{waited}", "{region}"))
    await world.logs_in("1001")
    world.phone("1001").heard.clear()
    alice = await waits(world)
    await world.passes(seconds=4)
    assert world.phone("1001").picked_up
    assert world.state("1001") is SeatState.RINGING
    assert alice.music == "default"
    await world.passes(seconds=15)
    assert world.state("1001") is SeatState.TALKING
    assert world.phone("1001").heard[0] == "please-wait"
    assert len(world.phone("1001").heard) > 1  # how long; no region was recorded by the tenant
    assert alice.heard[3:] == []
    alice.hangs_up()
    [cdr] = await world.cdrs()
    assert cdr.result is Result.ANSWERED


async def test_a_long_whisper_is_not_taken_for_a_stuck_seat(world: World) -> None:
    await queue(world, whisper=("please-wait",) * 20)
    await world.logs_in("1001")
    world.phone("1001").answers_after = 14.0
    alice = await waits(world)
    await world.passes(seconds=70)
    assert world.state("1001") is SeatState.TALKING
    assert alice.is_up
    assert world.engine is not None
    assert world.engine.dispatcher.metrics.expired_leases == 0


# -- announcements ----------------------------------------------------------------------------


async def test_place_and_comfort_are_told_on_joining_and_again(world: World) -> None:
    await queue(world, announce_every=timedelta(seconds=30), comfort=("all-seats-busy", "apology"))
    first, second = await waits(world, "+861"), await waits(world, "+862")
    await world.passes(seconds=20)
    assert first.heard[3:].count("queue/position-before") == 1
    assert first.heard[-1] == "all-seats-busy"
    assert first.heard[4:-2] != second.heard[4:-2]  # number one, number two
    assert first.music == second.music == "default"
    await world.passes(seconds=22)
    assert first.heard[-1] == "apology"
    assert first.heard.count("queue/position-before") == 2
    assert first.music == "default"


async def test_an_offer_does_not_wait_for_an_announcement(world: World) -> None:
    await queue(world, announce_every=timedelta(seconds=60), comfort=("apology",) * 9)
    await world.logs_in("1001")
    assert world.engine is not None
    world.engine.dispatcher.busy("1001", "lunch", by="test")
    alice = world.calls()
    alice.presses("1")
    await world.passes(seconds=7)
    assert alice.heard[-1].startswith(("queue/", "numbers/", "digits/"))
    before = len(alice.heard)
    world.engine.dispatcher.ready("1001", by="test")
    await world.passes(seconds=0.5)
    assert world.state("1001") is SeatState.RINGING
    assert len(alice.heard) == before
    await world.passes(seconds=3)
    assert world.state("1001") is SeatState.TALKING
    alice.hangs_up()
    [cdr] = await world.cdrs()
    assert cdr.result is Result.ANSWERED


async def test_announced_in_three_languages(world: World) -> None:
    await queue(world, announce_every=timedelta(minutes=5), announce_in=("zh", "en", "ja"))
    alice = await waits(world)
    await world.passes(seconds=60)
    assert alice.heard.count("queue/position-before") == 3


async def test_a_caller_may_hang_up_during_an_announcement(world: World) -> None:
    await queue(world, announce_every=timedelta(seconds=30))
    alice = world.calls()
    alice.presses("1")
    await world.passes(seconds=7.5)
    alice.hangs_up()
    [cdr] = await world.cdrs()
    assert cdr.result is Result.ABANDONED
    assert world.engine is not None
    assert world.engine.dispatcher.queues()[0].waiting == 0


# -- the key ----------------------------------------------------------------------------------


async def test_a_key_leaves_the_queue_while_music_plays(world: World) -> None:
    await queue(world, limits=Limits(key="5", key_to="announcement:closed"))
    alice = await waits(world)
    await world.passes(seconds=10)
    assert alice.music == "default"
    alice.presses("2")
    await world.passes(seconds=1)
    assert alice.heard[3:] == []
    alice.presses("5")
    await world.passes(seconds=5)
    assert alice.heard[3:] == ["closed"]
    [cdr] = await world.cdrs()
    assert cdr.result is Result.FLOWED_OUT


async def test_a_key_leaves_the_queue_during_an_announcement(world: World) -> None:
    every = timedelta(seconds=60)
    await queue(world, announce_every=every, limits=Limits(key="5", key_to="voicemail:sales"))
    alice = world.calls()
    alice.presses("1")
    await world.passes(seconds=7)
    alice.presses("5")
    await world.passes(seconds=4)
    assert alice.heard.count("queue/position-after") == 0
    assert "voicemail" in " ".join(alice.heard) or "beep" in alice.heard


async def test_what_became_of_each_offer_is_in_the_journal(world: World) -> None:
    await queue(world, strategy=StrategyName.RING_ALL)
    await world.logs_in("1001")
    await world.logs_in("1002")
    alice = await waits(world)
    await world.passes(seconds=5)
    assert world.engine is not None
    [call] = [c for c in world.engine.ledger.open.values() if c.queue or c.talk]
    made = [event for event in call.events if isinstance(event, OfferMade)]
    assert {offer.seat for offer in made} == {"1001", "1002"}
    assert len({offer.offer for offer in made}) == 2
    assert sum(isinstance(event, QueueLeft) for event in call.events) == 1
    ended = [getattr(e, "outcome", None) for e in call.events]
    assert ended.count(OfferOutcome.WITHDRAWN) == ended.count(OfferOutcome.ANSWERED) == 1
    alice.hangs_up()
