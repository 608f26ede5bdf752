"""What administrators set comes back from the database as it was set."""

from datetime import timedelta

from sqlalchemy import update

from callcenter.acd import (
    Action,
    Limits,
    QueuePlan,
    SeatPlan,
    Skill,
    Step,
    StrategyName,
    load_plan,
    save_queue,
    save_seat,
)
from callcenter.acd.store import RULES, queues
from callcenter.kernel.database import metadata, open_database


def test_a_plan_comes_back_whole() -> None:
    seat = SeatPlan(
        number="1",
        tenant="t",
        name="A",
        pin_hash="x",
        skills=(Skill(name="ja", level=3),),
        listens=4,
    )
    queue = QueuePlan(
        name="sales",
        tenant="t",
        ring=timedelta(seconds=7.5),
        strategy=StrategyName.ROUND_ROBIN,
        weight=2,
        seats=(("1", 2),),
        ring_most=4,
        ageing=timedelta(minutes=2),
        specialists_first=False,
        tier_after=timedelta(seconds=30),
        needs=(Skill(name="ja", level=2), Skill(name="vip", preferred=True)),
        recipe=(
            Step(after=timedelta(seconds=30), action=Action.RELAX, skill="ja", level=1),
            Step(after=timedelta(minutes=1), action=Action.OVERFLOW, to="x", ready_at_most=0),
        ),
        limits=Limits(most_waiting=9, full_to="voicemail", most_wait=timedelta(minutes=5)),
        most_rejected=1,
        most_unreachable=2,
        redial=timedelta(minutes=10),
        say_position=False,
        say_wait=False,
        comfort=("please-wait",),
        announce_in=("ja", "en"),
        whisper=("{waited}",),
        announce_every=timedelta(seconds=45),
        dispositions=("sold", "lost"),
        disposition_required=True,
        answer_within=30,
        short_abandon=10,
        survey="after-talk",
    )
    database = open_database("sqlite://")
    metadata.create_all(database)
    with database.begin() as connection:
        save_seat(connection, seat)
        save_queue(connection, queue)
        plan = load_plan(connection)
        assert plan.seats == {"1": seat}
        assert plan.queues == {"sales": queue}
        defaults = QueuePlan(name="q", tenant="t")
        assert all(getattr(queue, name) != getattr(defaults, name) for name in RULES)
        connection.execute(update(queues).values(rules="{}"))
        assert load_plan(connection).queues["sales"].ring_most == defaults.ring_most
    database.dispose()
