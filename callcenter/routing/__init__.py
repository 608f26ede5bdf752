"""Where a call goes: facts and the time in, destination or refusal and the deciding rule out."""

from callcenter.routing.decide import again, decide
from callcenter.routing.load import load_lists, load_tables
from callcenter.routing.model import Decision, Destination, Facts, Kind, Looked, Region
from callcenter.routing.tables import Tables

__all__ = [
    "Decision",
    "Destination",
    "Facts",
    "Kind",
    "Looked",
    "Region",
    "Tables",
    "again",
    "decide",
    "load_lists",
    "load_tables",
]
