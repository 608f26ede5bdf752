"""Where a call goes: facts and the time in, destination or refusal and the deciding rule out."""

from callcenter.routing.decide import decide
from callcenter.routing.model import Decision, Destination, Facts, Kind

__all__ = ["Decision", "Destination", "Facts", "Kind", "decide"]
