"""Starts the recording of a call: one rule for queues, lines and extensions."""

import structlog

from callcenter.calls import OpenCall, RecordingStarted
from callcenter.conductor.context import Context
from callcenter.pbx.port import Channel

_log = structlog.get_logger(__name__)


async def record(context: Context, call: OpenCall, channel: Channel) -> None:
    """Record what is said from the next talk on, unless that is done already."""
    if call.recording is not None:
        return
    name = context.recordings.name(call.id, context.clock.now())
    try:
        path = context.recordings.prepare(name)
    except OSError as error:  # a full or missing disk stops recording, never a call
        _log.error("cannot record", call=call.id, why=str(error))
        return
    context.ledger.note(call.id, RecordingStarted(at=context.clock.now(), path=name))
    await channel.record(path)
