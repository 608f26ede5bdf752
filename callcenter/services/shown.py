"""Rows of the live feed, made from what the rooms know. Pure: asks nobody, changes nothing."""

from datetime import datetime

import callcenter
from callcenter.acd import QueueView, SeatView
from callcenter.calls import OpenCall
from callcenter.calls.open_call import CallState
from callcenter.numbers import Trunk
from callcenter.pbx.port import LinkDown, LinkUp, Source, TrunkSeen
from callcenter.services.machine import Sample
from callcenter.web.rows import (
    EVERYBODYS,
    CallRow,
    EngineRow,
    Level,
    MachineRow,
    QueueRow,
    SeatRow,
    TrunkRow,
)


def call_row(call: OpenCall, state: CallState, since: datetime) -> CallRow:
    """A call in a state that it came into at ``since``."""
    offered, offer = call.offered, call.offer
    trunk = offered.endpoint if offered and offered.source == Source.TRUNK else ""
    return CallRow(
        tenant=call.tenant,
        call=call.id,
        state=state,
        caller=offered.caller if offered else "",
        name=offered.caller_name if offered else "",
        dialled=offered.dialled if offered else "",
        trunk=trunk,
        queue=call.queue.queue if call.queue else (offer.queue if offer else ""),
        seat=offer.seat if offer else "",
        to=offer.extension if offer else "",
        started_at=offered.at if offered else since,
        since=since,
        waiting_since=call.queue.at if call.queue else None,
        talking_since=call.talk.at if call.talk else None,
        recording=call.recording is not None,
    )


def seat_row(view: SeatView, call: OpenCall | None) -> SeatRow:
    """A seat and whom it talks with."""
    offer = call.offer if call else None
    queue = call.queue.queue if call and call.queue else (offer.queue if offer else "")
    return SeatRow(
        tenant=view.tenant,
        seat=view.seat,
        name=view.name,
        status=view.status,
        reason=view.reason,
        state=view.state,
        extension=view.extension,
        call=view.call,
        caller=call.offered.caller if call and call.offered else "",
        queue=queue,
        talking_since=call.talk.at if call and call.talk else None,
        since=view.since,
        until=view.until,
    )


def queue_row(
    view: QueueView, levels: tuple[Level, Level], *, target: float, window: float
) -> QueueRow:
    """A queue and its service level of the last ``window`` seconds and of today."""
    return QueueRow(
        tenant=view.tenant,
        queue=view.queue,
        waiting=view.waiting,
        oldest=view.oldest,
        ready=view.seats_ready,
        logged_in=view.seats_logged_in,
        target=target,
        window=window,
        now=levels[0],
        today=levels[1],
    )


def trunk_row(trunk: Trunk, seen: TrunkSeen, calls: int) -> TrunkRow:
    """A trunk."""
    return TrunkRow(
        trunk=trunk.name,
        state=seen.state,
        contact=trunk.contact,
        round_trip=seen.round_trip.total_seconds() if seen.round_trip else None,
        calls=calls,
    )


def machine_row(
    sample: Sample,
    *,
    lag: float,
    channels: int | None,
    calls: int,
    phones: int,
    phones_registered: int,
    readers: int,
) -> MachineRow:
    """The machine."""
    return MachineRow(
        cpu=sample.cpu,
        cores=sample.cores,
        load=sample.load,
        memory=sample.memory,
        memory_total=sample.memory_total,
        disk=sample.disk,
        disk_free=sample.disk_free,
        engine_cpu=sample.engine_cpu,
        engine_memory=sample.engine_memory,
        lag=round(lag, 3),
        channels=channels,
        calls=calls,
        phones=phones,
        phones_registered=phones_registered,
        readers=readers,
    )


def engine_row(
    link: LinkUp | LinkDown, *, pid: int, started_at: datetime, database_ok: bool, backlog: int
) -> EngineRow:
    """The engine; everybody may know."""
    return EngineRow(
        tenant=EVERYBODYS,
        version=callcenter.__version__,
        pid=pid,
        started_at=started_at,
        node=link.node,
        pbx_connected=isinstance(link, LinkUp),
        pbx_why=link.why if isinstance(link, LinkDown) else "",
        database_ok=database_ok,
        backlog=backlog,
    )
