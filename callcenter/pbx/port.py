"""What the engine asks of a PBX, and nothing more.

Two halves. A :class:`Channel` is the caller's own channel under our script: straight-line
commands, each of which raises :class:`Hangup` once the caller is gone. A :class:`Pbx` is one
node: it hands us the channels, tells events about all others and acts on any of them.
``fake``, ``asterisk`` and ``freeswitch`` satisfy this module; ``tests/contract`` holds them to it.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.causes import Cause
from callcenter.pbx.control import (
    TEXT_BYTES,
    Control,
    EavesdropMode,
    LegHeld,
    LegResumed,
    MessageReceived,
    PauseKey,
    TalkEvent,
    Transferred,
)
from callcenter.pbx.dialling import (
    Dial,
    DialProgress,
    DialResult,
    DialStatus,
    LegAnswered,
    LegId,
    LegRefused,
    LegRinging,
    Outside,
    Prompt,
    colour_ring,
)
from callcenter.pbx.health import Health, TrunkSeen, TrunkState

__all__ = [
    "TEXT_BYTES",
    "Arrival",
    "Channel",
    "Control",
    "DeviceChanged",
    "DeviceState",
    "Dial",
    "DialProgress",
    "DialResult",
    "DialStatus",
    "Digits",
    "EavesdropMode",
    "Ended",
    "Hangup",
    "LegAnswered",
    "LegEnded",
    "LegHeld",
    "LegId",
    "LegRefused",
    "LegResumed",
    "LegRinging",
    "LinkDown",
    "LinkUp",
    "LiveLeg",
    "MessageReceived",
    "NodeLost",
    "Outside",
    "PauseKey",
    "Pbx",
    "PbxEvent",
    "Prompt",
    "Recorded",
    "SentElsewhere",
    "Source",
    "TalkEvent",
    "Transferred",
    "TrunkSeen",
    "TrunkState",
    "colour_ring",
    "record_files",
    "record_sides",
]


class Hangup(Exception):
    """The caller's channel is gone; raised by whatever command runs or comes next."""

    def __init__(self, ended: "Ended") -> None:
        super().__init__(ended.cause)
        self.ended = ended


class NodeLost(PbxProblem):
    """The connection to the node broke while a command ran; the call itself may well live on."""

    code = "node_lost"


class SentElsewhere(NodeLost):
    """The channel was sent elsewhere (:meth:`Pbx.transfer`, a phone's transfer): not ours now.

    It comes back as an :class:`Arrival` with ``transferred_to``.
    """

    code = "sent_elsewhere"


class Source(StrEnum):
    """Where a call comes from."""

    TRUNK = "trunk"
    EXTENSION = "extension"
    ORIGINATED = "originated"  # a seat that we rang, see Pbx.originate


class DeviceState(StrEnum):
    """What is seen of an extension's phone."""

    UNREACHABLE = "unreachable"
    IDLE = "idle"
    RINGING = "ringing"
    IN_USE = "in_use"


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What the PBX knows about an ended caller's channel, as far as it could be learnt.

    ``at`` is set when it was noted while no engine listened; else it has just happened.
    """

    cause: Cause
    dial: "DialResult | None" = None
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A channel that the PBX hands to us.

    ``call`` is empty for a new call, else the identity we gave it earlier: the engine was away or
    the channel was sent back to us. ``last_dial`` then tells how the dial that ran meanwhile ended.
    ``transferred_to`` is where somebody sent it, ``transferred_by`` the extension whose phone did
    (``""``: we did); both are told with each arrival until :meth:`Channel.adopt`. A party that we
    dialled may be transferred too: then ``leg`` is new to us, and it has the call from now on.
    """

    leg: LegId
    source: Source
    caller: str  # as the PBX presents it; "" when withheld
    caller_name: str
    dialled: str
    endpoint: str = ""  # the extension or trunk it came through
    call: str = ""
    last_dial: DialResult | None = None
    transferred_to: str = ""
    transferred_by: str = ""
    gone: bool = False  # the caller had left before we were asked: only to be written down


@dataclass(frozen=True, kw_only=True)
class Digits:
    """Keys pressed by the caller. ``timed_out`` means that the wait ended before enough came."""

    keys: str
    timed_out: bool = False


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What a caller spoke: its length in seconds with any silence, and the key that ended it."""

    seconds: float
    key: str = ""


class Channel(Protocol):
    """The caller's own channel. One task only may use it."""

    @property
    def arrival(self) -> Arrival:
        """Who calls, whom, and what was before."""

    async def adopt(self, call: str) -> None:
        """Give the channel the identity of our call; it survives our death."""

    async def ring(self) -> None:
        """Let the caller hear ringing (180)."""

    async def answer(self) -> None:
        """Answer; harmless when it was."""

    async def reject(self, cause: Cause) -> None:
        """End it unanswered with a cause; the caller pays nothing."""

    def use_prompts(self, find: Callable[[Prompt], Prompt]) -> None:
        """Ask ``find`` for the prompt to play in place of each from now on: a tenant's own."""

    async def play(self, prompts: Sequence[Prompt], *, stop_on: str = "") -> str:
        """Play in order; a key out of ``stop_on`` ends it and is returned, else ``""``."""

    async def read_digits(
        self,
        prompts: Sequence[Prompt],
        *,
        most: int,
        first: timedelta,
        between: timedelta,
        end: str = "#",
    ) -> Digits:
        """Play (any key stops it) and collect up to ``most`` keys; ``end`` is not among them.

        ``first`` is the longest wait for the first key after the prompts, ``between`` for each
        further one. Music that is on goes on when there are no prompts.
        """

    async def record_message(
        self,
        path: Path,
        *,
        most: timedelta,
        silence: timedelta,
        stop_on: str = "#",
        beep: Prompt | None = None,
    ) -> Recorded:
        """Write what the caller says to ``path`` (ends in .wav; 8 kHz mono), into a made folder.

        Ends by a key out of ``stop_on``, after ``silence`` (whole seconds) without a voice, or
        after ``most``. A caller who hangs up is :class:`Hangup`; the file has what was said.

        ``beep`` is played first; what is said once it is over is in the file, and what is said
        meanwhile may be.
        """

    async def music(self, music_class: str) -> None:
        """Start music; the caller goes on hearing it while the script awaits something else.

        A caller who was not answered hears it as early media, and is not answered by it.
        """

    async def stop_music(self) -> None:
        """Stop what :meth:`music` started."""

    async def dial(self, dial: Dial, on_progress: Callable[[DialProgress], None]) -> DialResult:
        """Ring, join and talk: returns when it is over and the caller is still there.

        ``on_progress`` gets every ringing and answer before this returns or raises. The talk
        survives the engine. To call it off, :meth:`Pbx.hangup` the ringing leg or cancel the task.
        """

    async def pick_up(self, leg: LegId) -> bool:
        """Take what rings at ``leg`` (row S2): this channel's phone talks with the caller there.

        The dial that rang tells :class:`LegAnswered` with this phone as ``party``, and this channel
        is its leg from now on; the phone that rang is silent and ``leg`` ends. For this script it
        is over: every command raises :class:`Hangup`. ``False``: nothing rings there any more, and
        the script goes on.
        """

    async def record(self, path: Path) -> None:
        """Write what is said while joined to files beside ``path``; see :func:`record_files`."""

    async def stop_recording(self) -> None:
        """Close the files of :meth:`record`; harmless when nothing is recorded."""

    async def gone(self) -> "Ended":
        """Wait until the caller has hung up. Raises :class:`NodeLost`, never :class:`Hangup`."""

    async def release(self, cause: Cause) -> None:
        """We are done with this call: hang up. Harmless when the caller went first."""


def record_sides(path: Path) -> tuple[Path, Path]:
    """Two files of one recording: what the caller said, and what it heard. 8 kHz mono WAV."""
    return path.with_suffix(".caller.wav"), path.with_suffix(".seat.wav")


def record_files(path: Path) -> tuple[Path, ...]:
    """What a PBX has written of a recording: :func:`record_sides`, or ``path`` itself with both,
    left what the caller said and right what it heard. Looks at the disk."""
    return (path,) if path.exists() else record_sides(path)


@dataclass(frozen=True, kw_only=True)
class LegEnded:
    """A channel of any kind has gone."""

    leg: LegId
    call: str
    cause: Cause


@dataclass(frozen=True, kw_only=True)
class DeviceChanged:
    """An extension's phone was seen in a new state (registered, ringing, gone, ...)."""

    extension: str
    state: DeviceState


@dataclass(frozen=True, kw_only=True)
class LinkUp:
    """The event connection stands (again); what was missed must be asked for."""

    node: str


@dataclass(frozen=True, kw_only=True)
class LinkDown:
    """The event connection broke."""

    node: str
    why: str


PbxEvent = LegEnded | DeviceChanged | LinkUp | LinkDown | TalkEvent


@dataclass(frozen=True, kw_only=True)
class LiveLeg:
    """One row of the node's channel list."""

    leg: LegId
    call: str  # identity given by :meth:`Channel.adopt`, also on the legs dialled from it
    endpoint: str
    inbound: bool  # the caller's own channel, not one that we dialled
    up: bool


class Pbx(Control, Health, Protocol):
    """One PBX node."""

    @property
    def node(self) -> str:
        """Its name; the first part of every :data:`LegId` of it."""

    async def start(self) -> None:
        """Connect and begin; the first :class:`LinkUp` may come later, it retries for ever."""

    async def stop(self) -> None:
        """Take no more calls and let go; running calls are left to the PBX."""

    def calls(self) -> AsyncIterator[Channel]:
        """Channels handed to us, for ever."""

    def events(self) -> AsyncIterator[PbxEvent]:
        """Events in the order in which the node sent them."""

    async def hangup(self, leg: LegId, cause: Cause) -> bool:
        """Hang up any channel; ``False`` when it was gone already."""

    async def legs(self) -> list[LiveLeg]:
        """All channels that carry a call of ours."""

    async def devices(self) -> dict[str, DeviceState]:
        """State of every known extension's phone."""

    async def orphans(self) -> dict[str, Ended]:
        """Calls that ended while no engine listened, by call identity."""

    async def forget_orphan(self, call: str) -> None:
        """The end of this call is on record; drop the PBX's note of it."""
