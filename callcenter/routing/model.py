"""The words of routing. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from callcenter.pbx.causes import Cause


class Kind(StrEnum):
    """What kind of place a call goes to."""

    FLOW = "flow"
    FEATURE = "feature"
    REFUSE = "refuse"


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of a call before anything is answered."""

    source: str
    caller: str
    dialled: str


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Where to: ``name`` is a flow or a feature; ``cause`` is set when refused."""

    kind: Kind
    name: str = ""
    cause: Cause = Cause.NORMAL

    def __str__(self) -> str:
        return f"{self.kind}:{self.name or int(self.cause)}"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The destination, for whom, and the rule that decided."""

    destination: Destination
    rule: str
    tenant: str = ""
    language: str = "en"
