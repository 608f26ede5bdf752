"""How the commands of routing ask: the same paths, in the engine or, where none runs, without."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, urlencode

from callcenter.cli.either import reached, who

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from callcenter.settings import Settings
    from callcenter.web.client import Client


class Desk(Protocol):
    """The API, in the engine or without one."""

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """One request; a refusal comes back as the error it was."""

    def stream(self, path: str) -> Iterator[bytes]:
        """A long answer, piece by piece."""

    def piece(self, path: str, begin: int) -> tuple[bytes, int]:
        """Some bytes of a sound from ``begin`` on, and the size of all of it."""


def desk(*, telling: bool = False) -> AbstractContextManager[Desk]:
    """``telling``: say so when a change went to the database only."""
    return reached(_remote, _local, telling=telling)


def path(*parts: str, **query: object) -> str:
    """A path of the API; whatever is in the parts stays one part."""
    made = "/v1/" + "/".join(quote(part, safe="") for part in parts)
    asked = {name: value for name, value in query.items() if value not in ("", None)}
    return f"{made}?{urlencode(asked)}" if asked else made


def given(**values: object) -> dict[str, Any]:
    """A body of what was given; ``none`` takes a value away."""
    said = {name: value for name, value in values.items() if value is not None}
    return {name: "" if value == "none" else value for name, value in said.items()}


def _remote(client: "Client") -> Desk:
    return client


def _local(database: "Engine", settings: "Settings") -> Desk:
    from datetime import UTC, datetime

    from callcenter.records.keys import KeyRing
    from callcenter.records.sounds import SpokenSounds
    from callcenter.records.storage import Storage
    from callcenter.reports.desk import ReportDesk
    from callcenter.services.keys import DatabaseKeys
    from callcenter.services.members import DatabaseMembers
    from callcenter.services.recordings import DeskRecordings, recording_desk
    from callcenter.services.reports import EngineReports
    from callcenter.services.routing import DatabaseRouting
    from callcenter.services.survey import EngineSurveys
    from callcenter.web.alone import Alone

    ring = KeyRing(database, Storage.of(settings).master_key)
    keys = DatabaseKeys(database, settings.journal, who())
    counted = ReportDesk(database, lambda: datetime.now(UTC), settings.recordings)
    routing, members = DatabaseRouting(database), DatabaseMembers(database)
    return Alone(
        routing,
        members,
        DeskRecordings(recording_desk(database, settings)),
        keys=keys,
        reports=EngineReports(counted),
        surveys=EngineSurveys(database, SpokenSounds(settings.home / "comments", ring)),
    )
