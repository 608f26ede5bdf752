"""Whether calls may be sent somewhere: not into what belongs to another tenant."""

from collections.abc import Iterable

from sqlalchemy import Connection

from callcenter.acd import load_plan
from callcenter.ivr.store import list_versions
from callcenter.kernel.actor import acting, require_own
from callcenter.lines import load_lines
from callcenter.numbers import Destination, Kind, load_numbers


def require_places(connection: Connection, places: Iterable[str]) -> None:
    """Make sure that whoever asks sees all of ``places`` ("queue:sales"); new ones may come.

    Raises:
        NotFound: one is another tenant's.
    """
    if acting.get().tenants is None:
        return
    for place in filter(None, places):
        to = Destination.parse(place)
        owner = _owner(connection, to)
        if owner is not None:
            require_own(owner, f"There is no {to.kind} {to.name}.")


def _owner(connection: Connection, to: Destination) -> str | None:
    match to.kind:
        case Kind.QUEUE:
            queue = load_plan(connection).queues.get(to.name)
            return queue.tenant if queue else None
        case Kind.SEAT:
            seat = load_plan(connection).seats.get(to.name)
            return seat.tenant if seat else None
        case Kind.EXTENSION:
            extension = load_numbers(connection).extensions.get(to.name)
            return extension.tenant if extension else None
        case Kind.LINES:
            group = load_lines(connection).groups.get(to.name)
            return group.tenant if group else None
        case Kind.FLOW:
            versions = list_versions(connection, to.name)
            return versions[0].tenant if versions else None
        case _:
            return None
