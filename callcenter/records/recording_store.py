"""Recordings in the database: what is kept of each part, found again by whom and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import Connection, Row, Select, select, update

from callcenter.kernel.database import fit
from callcenter.records.model import Kept, Part, Pause, Recording, RecordingState
from callcenter.records.tables import recording_places, recordings

_c, _p = recordings.c, recording_places.c
_NOTHING = {
    "path": "",
    "seconds": 0.0,
    "sha256": "",
    "stored_sha256": "",
    "stored_bytes": 0,
    "key": "",
    "hold": "",
    "held_by": "",
    "removed_why": "",
    "backup_place": "",
    "backup_error": "",
}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is searched for; what is empty is not asked. ``tenants`` ``None``: all."""

    call: str = ""
    caller: str = ""
    number: str = ""
    seat: str = ""
    queue: str = ""
    tenant: str = ""
    state: str = ""
    since: datetime | None = None
    until: datetime | None = None
    tenants: frozenset[str] | None = None
    most: int = 50


def save_part(connection: Connection, part: Part) -> None:
    """The PBX is done with a part; once more changes nothing."""
    known = select(_c.id).where(_c.id == part.id)
    if connection.execute(known).first() is not None:
        return
    row = {
        name: getattr(part, name)
        for name in (
            *("id", "call", "part", "tenant", "direction", "caller", "number"),
            *("started_at", "ended_at", "rule", "announced", "keep_days"),
        )
    }
    pauses = msgspec.json.encode(part.pauses).decode()
    values = row | _NOTHING | {"state": RecordingState.RAW.value, "pauses": pauses}
    connection.execute(recordings.insert().values(**fit(recordings, values)))
    places = [
        {"recording": part.id, "kind": kind, "name": name, "position": position}
        for kind, names in (("seat", part.seats), ("queue", part.queues))
        for position, name in enumerate(dict.fromkeys(names))
    ]
    if places:
        connection.execute(recording_places.insert(), places)


def save_kept(connection: Connection, kept: Kept) -> None:
    """It is encrypted and stored now, or there was nothing in it."""
    state = RecordingState.KEPT if kept.path else RecordingState.EMPTY
    values = {
        name: getattr(kept, name)
        for name in (
            *("path", "seconds", "caller_rms", "seat_rms"),
            *("sha256", "stored_sha256", "stored_bytes", "key"),
        )
    }
    unkept = (_c.id == kept.id) & (_c.state == RecordingState.RAW.value)
    connection.execute(update(recordings).where(unkept).values(state=state.value, **values))


def find_recordings(connection: Connection, wanted: Wanted) -> list[Recording]:
    """Newest first; the parts of one call in order."""
    query = _query(wanted).order_by(_c.started_at.desc(), _c.id.desc()).limit(wanted.most)
    return _made(connection, connection.execute(query).all())


def recordings_of(connection: Connection, call: str) -> list[Recording]:
    """The parts of a call, in order."""
    query = select(recordings).where(_c.call == call).order_by(_c.part)
    return _made(connection, connection.execute(query).all())


def get_recording(connection: Connection, name: str) -> Recording | None:
    """One part by its name."""
    rows = connection.execute(select(recordings).where(_c.id == name)).all()
    return next(iter(_made(connection, rows)), None)


def unkept_parts(connection: Connection) -> list[Part]:
    """Parts that wait to be kept, oldest first."""
    query = select(recordings).where(_c.state == RecordingState.RAW.value).order_by(_c.started_at)
    names = list(Part.__dataclass_fields__)
    return [
        Part(**{name: getattr(row, name) for name in names})
        for row in _made(connection, connection.execute(query).all())
    ]


def change_recording(connection: Connection, name: str, **values: object) -> None:
    """Set columns of one part."""
    connection.execute(update(recordings).where(_c.id == name).values(**fit(recordings, values)))


def mark_removed(connection: Connection, name: str, *, at: datetime, why: str) -> bool:
    """Its sound goes now, unless it is held or gone already; whether it does."""
    free = (_c.id == name) & (_c.hold == "") & (_c.state != RecordingState.REMOVED.value)
    gone = {"state": RecordingState.REMOVED.value, "removed_at": at, "removed_why": why}
    query = update(recordings).where(free).values(**fit(recordings, gone))
    return connection.execute(query).rowcount > 0


def mark_held(connection: Connection, name: str, *, why: str, by: str) -> bool:
    """Keep it from now on, unless it was removed; whether it is kept."""
    there = (_c.id == name) & (_c.state != RecordingState.REMOVED.value)
    held = fit(recordings, {"hold": why, "held_by": by})
    return connection.execute(update(recordings).where(there).values(**held)).rowcount > 0


def _query(wanted: Wanted) -> "Select[tuple[object, ...]]":
    query = select(recordings)
    for name in ("call", "caller", "number", "tenant", "state"):
        if value := getattr(wanted, name):
            query = query.where(_c[name] == value)
    for kind in ("seat", "queue"):
        if name := getattr(wanted, kind):
            those = select(_p.recording).where(_p.kind == kind, _p.name == name)
            query = query.where(_c.id.in_(those))
    if wanted.tenants is not None:
        query = query.where(_c.tenant.in_(sorted(wanted.tenants)))
    if wanted.since is not None:
        query = query.where(_c.started_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(_c.started_at < wanted.until)
    return query


def _made(connection: Connection, rows: "Sequence[Row[tuple[object, ...]]]") -> list[Recording]:
    found = {row._mapping["id"]: dict(row._mapping) for row in rows}
    places: dict[tuple[str, str], list[str]] = {}
    names = list(found)
    for begin in range(0, len(names), 500):
        query = select(recording_places).where(_p.recording.in_(names[begin : begin + 500]))
        for row in connection.execute(query.order_by(_p.position)):
            places.setdefault((row.recording, row.kind), []).append(row.name)
    made = []
    for name, values in found.items():
        values["state"] = RecordingState(values["state"])
        values["pauses"] = msgspec.json.decode(values["pauses"], type=tuple[Pause, ...])
        values["seats"] = tuple(places.get((name, "seat"), ()))
        values["queues"] = tuple(places.get((name, "queue"), ()))
        made.append(Recording(**values))
    return made
