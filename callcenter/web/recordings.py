"""Recordings over REST: search, download with ranges (RFC 9110, 14), check, hold, remove, keys."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Header, Query
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from callcenter.records.backup import BackupStatus
from callcenter.records.model import Recording
from callcenter.records.recording_store import Wanted

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_PIECE = 1 << 20
_Word = Annotated[str, Field(max_length=64)]


@dataclass(frozen=True, kw_only=True)
class Check:
    """What a check has found."""

    id: str
    state: str
    ok: bool
    why: str


class Sound(Protocol):
    """A recording's WAV, decrypted while it is read."""

    about: Recording

    @property
    def size(self) -> int:
        """Bytes of the WAV."""

    def read(self, start: int, length: int) -> Iterator[bytes]:
        """A stretch of it."""


class Recordings(Protocol):
    """What this file asks for."""

    async def find(self, wanted: Wanted) -> list[Recording]:
        """Newest first."""

    async def one(self, recording: str) -> Recording:
        """One part."""

    async def open(self, recording: str) -> Sound:
        """Its sound."""

    async def check(self, recording: str) -> Check:
        """Whether file and sound are what was kept."""

    async def hold(self, recording: str, why: str) -> Recording:
        """Keep it whatever its time is."""

    async def release(self, recording: str) -> Recording:
        """Its time counts again."""

    async def remove(self, recording: str, why: str) -> Recording:
        """Delete the sound; the row stays."""

    async def rotate(self, tenant: str) -> int:
        """New keys for what comes; how many tenants have one."""

    async def backup(self, *, run: bool) -> BackupStatus:
        """How far the copies are; ``run``: catch up first."""


class Desk(Protocol):
    """Where it is found."""

    @property
    def recordings(self) -> Recordings:
        """Recordings."""


class CallRecorder(Protocol):
    """What may be done to the recording of a running call."""

    async def pause(self, call: str) -> None:
        """Leave out what is said from now on."""

    async def resume(self, call: str) -> None:
        """Record again."""

    async def start(self, call: str) -> None:
        """Record it, unless a rule says never."""

    async def stop(self, call: str) -> None:
        """Record no more of it."""


class Running(Protocol):
    """Where that is found."""

    @property
    def recorder(self) -> CallRecorder:
        """Recordings of running calls."""


class Asked(BaseModel):
    """What is searched for; what is empty is not asked."""

    model_config = ConfigDict(extra="forbid")
    call: _Word = ""
    caller: _Word = ""
    number: _Word = ""
    seat: _Word = ""
    queue: _Word = ""
    tenant: _Word = ""
    state: _Word = ""
    since: datetime | None = None
    until: datetime | None = None
    most: int = Field(50, ge=1, le=1000)


class Why(BaseModel):
    """A reason that goes on record."""

    model_config = ConfigDict(extra="forbid")
    why: str = Field(min_length=1, max_length=150)


class Rotate(BaseModel):
    """Whose key; "": everybody's and the master key."""

    model_config = ConfigDict(extra="forbid")
    tenant: str = Field("", max_length=64)


class Rotated(BaseModel):
    """How many tenants have a new key."""

    tenants: int


def add_recordings(router: APIRouter, desk: Desk) -> None:
    """Put the paths of this file on the router."""
    _reading(router, desk)
    _changing(router, desk)


def add_call_recording(router: APIRouter, running: Running) -> None:
    """Put the paths of running calls on the router."""

    @router.post("/calls/{call}/recording/pause", status_code=204)
    async def pause(call: str) -> None:
        """Leave out what is said from now on: silence stands in its place."""
        await running.recorder.pause(call)

    @router.post("/calls/{call}/recording/resume", status_code=204)
    async def resume(call: str) -> None:
        """Record again."""
        await running.recorder.resume(call)

    @router.post("/calls/{call}/recording/start", status_code=204)
    async def start(call: str) -> None:
        """Record the call from now on, unless a rule says never."""
        await running.recorder.start(call)

    @router.post("/calls/{call}/recording/stop", status_code=204)
    async def stop(call: str) -> None:
        """Record no more of the call."""
        await running.recorder.stop(call)


def _reading(router: APIRouter, desk: Desk) -> None:
    @router.get("/recordings")
    async def find(asked: Annotated[Asked, Query()]) -> list[Recording]:
        """Recordings, newest first; times without a zone are UTC."""
        wanted = asked.model_dump()
        wanted |= {"since": _aware(asked.since), "until": _aware(asked.until)}
        return await desk.recordings.find(Wanted(**wanted))

    @router.get("/recordings/{recording}")
    async def one(recording: str) -> Recording:
        """One part."""
        return await desk.recordings.one(recording)

    @router.get(
        "/recordings/{recording}/audio",
        response_class=Response,
        responses={206: {"description": "A stretch of it."}, 416: {"description": "Beyond it."}},
    )
    async def audio(
        recording: str,
        asked: Annotated[str | None, Header(alias="range", max_length=200)] = None,
    ) -> Response:
        """The sound as WAV: left the caller, right the seat. Ranges of bytes are served."""
        return _served(await desk.recordings.open(recording), asked)

    @router.get("/recordings/{recording}/verify")
    async def check(recording: str) -> Check:
        """Whether the file and the sound in it are what was kept (SHA-256 of both)."""
        return await desk.recordings.check(recording)


def _changing(router: APIRouter, desk: Desk) -> None:
    @router.put("/recordings/{recording}/hold")
    async def hold(recording: str, body: Why) -> Recording:
        """Keep it whatever its time is."""
        return await desk.recordings.hold(recording, body.why)

    @router.delete("/recordings/{recording}/hold")
    async def release(recording: str) -> Recording:
        """Its time counts again."""
        return await desk.recordings.release(recording)

    @router.post("/recordings/{recording}/remove")
    async def remove(recording: str, body: Why) -> Recording:
        """Delete the sound; the row stays and says when and why."""
        return await desk.recordings.remove(recording, body.why)

    @router.get("/recording-backup")
    async def backup() -> BackupStatus:
        """How far the copies of recordings are."""
        return await desk.recordings.backup(run=False)

    @router.post("/recording-backup/run")
    async def back_up() -> BackupStatus:
        """Copy what is missing and delete what is to go, now."""
        return await desk.recordings.backup(run=True)

    @router.post("/recording-keys/rotate")
    async def rotate(body: Rotate) -> Rotated:
        """New keys for what comes; what was kept stays readable."""
        return Rotated(tenants=await desk.recordings.rotate(body.tenant))


def _served(sound: Sound, asked: str | None) -> Response:
    size = sound.size
    headers = {
        "accept-ranges": "bytes",
        "etag": f'"{sound.about.sha256}"',
        "content-disposition": f'attachment; filename="{sound.about.id}.wav"',
        "cache-control": "private, no-store",
    }
    wanted = _range(asked, size)
    if wanted is None:
        return _streamed(sound, 0, size, 200, headers)
    first, last = wanted
    if first > last:
        return Response(status_code=416, headers=headers | {"content-range": f"bytes */{size}"})
    headers["content-range"] = f"bytes {first}-{last}/{size}"
    return _streamed(sound, first, last - first + 1, 206, headers)


def _streamed(
    sound: Sound, start: int, length: int, status: int, headers: dict[str, Any]
) -> StreamingResponse:
    pieces = sound.read(start, length)  # what is damaged is told before the first byte goes out
    headers = headers | {"content-length": str(length)}
    return StreamingResponse(pieces, status, media_type="audio/wav", headers=headers)


def _range(asked: str | None, size: int) -> tuple[int, int] | None:
    """First and last byte; the first beyond the last when there are none. ``None``: all of it.

    Several ranges, or other units, are served whole, as the RFC allows.
    """
    found = _RANGE.fullmatch((asked or "").strip())
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:  # so many bytes before the end
        count = int(last)
        return (max(0, size - count), size - 1) if count else (1, 0)
    end = min(int(last), size - 1) if last else size - 1
    if last and int(last) < int(first):
        return None  # no range at all, by the RFC
    return (int(first), end) if int(first) < size else (1, 0)


def _aware(moment: datetime | None) -> datetime | None:
    from datetime import UTC

    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=UTC)
