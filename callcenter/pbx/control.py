"""What may be done to a talk that runs, and what phones do to it: a part of the port.

A talk is two channels joined by the PBX: that of the caller, which carries the script, and the
leg that was dialled. Nothing here needs the script; :class:`callcenter.pbx.port.Pbx` has it all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from callcenter.pbx.dialling import Dial, DialResult, LegId, Prompt

TEXT_BYTES = 700
"""The longest message in UTF-8: Asterisk's control connection takes 1,024 signs a line, and in
base64 it is a third longer."""


class EavesdropMode(StrEnum):
    """Who hears the listener (row V1); the listener always hears both sides."""

    MONITOR = "monitor"  # nobody
    WHISPER = "whisper"  # the leg that is listened to
    BARGE = "barge"  # both


@dataclass(frozen=True, kw_only=True)
class LegHeld:
    """The phone at ``leg`` put the other side on hold; that one hears music."""

    leg: LegId
    call: str


@dataclass(frozen=True, kw_only=True)
class LegResumed:
    """The phone at ``leg`` took the other side off hold."""

    leg: LegId
    call: str


@dataclass(frozen=True, kw_only=True)
class PauseKey:
    """A telephone of ours pressed the key that pauses the recording of its talk, or resumes it."""

    leg: LegId
    call: str
    pause: bool


@dataclass(frozen=True, kw_only=True)
class Transferred:
    """A phone joined the others of its two talks and left both (attended transfer by REFER).

    ``leg`` of ``call`` talks with ``to_leg`` of ``consultation`` from now on. ``from_leg`` and
    ``consult_leg`` are the two channels of the phone that left; they end now. A caller among
    ``leg`` and ``to_leg`` stays in the ``dial`` of the script, which returns when *this* talk is
    over; its result still names the leg that was dialled first and counts all the time since.
    From now on ``to_leg`` belongs to ``call`` (:class:`LiveLeg`, :class:`LegEnded`). The script
    of ``consult_leg`` ends by a hang-up whose dial was answered: that talk was not its own last.

    A phone that does the same while its second call rings, or is with a script of ours, is either
    refused, or has transferred its caller to what it had dialled (:meth:`TalkActs.transfer`): then
    this event is not told, and the script of the second call ends by a hang-up.
    """

    call: str
    leg: LegId
    from_leg: LegId
    consultation: str
    consult_leg: LegId
    to_leg: LegId


@dataclass(frozen=True, kw_only=True)
class MessageReceived:
    """An extension's phone sent a text to another number. The PBX delivers it to nobody."""

    sender: str
    to: str
    text: str


TalkEvent = LegHeld | LegResumed | PauseKey | Transferred | MessageReceived


class TalkActs(Protocol):
    """Acts that ring somebody, move somebody or let somebody listen."""

    async def transfer(self, leg: LegId, to: str) -> bool:
        """Send a caller's channel back to us; whoever it talked with is hung up.

        The script that has it gets :class:`SentElsewhere`; the channel comes as a new
        :class:`Arrival` with its call, ``transferred_to`` and, after a talk, ``last_dial``.
        ``to`` is any word of letters, digits and ``+ * # _ -``. ``False`` when it was gone.
        A phone's blind transfer (REFER) comes the same way, with ``transferred_by``.
        """

    async def eavesdrop(self, leg: LegId, listener: Dial, mode: EavesdropMode) -> DialResult:
        """Ring the listener's phone and let it hear what ``leg`` hears and says.

        ``leg`` is the seat's, so that a whisper reaches the agent and never the caller. Who hears
        whom, measured at three phones (``tests/live/test_talks_heard.py``):

        =======  ======================  ===================  ======================
        mode     the listener hears      the agent hears      the caller hears
        =======  ======================  ===================  ======================
        monitor  caller and agent        the caller           the agent
        whisper  caller and agent        caller and listener  the agent only
        barge    caller and agent        caller and listener  agent and listener
        =======  ======================  ===================  ======================

        Returns when it listens (``ANSWER``; ``leg`` of the result is the listener's) or did not
        answer; ``CANCELLED`` when ``leg`` was gone. One party only; ``music`` does not matter.
        The talk goes on whatever the listener does. When ``leg`` ends the listener is freed.
        Cancelling hangs up the listener's phone. Keys 4, 5, 6 on it are monitor, whisper, barge.

        A third party joins a talk by ``BARGE`` on the *caller's* leg (row S2, three-way): all hear
        all, the call, its script and its dial stay as they are, and the third may leave at any
        time. It is freed when the caller leaves; when only the seat leaves, hang it up yourself.
        """

    async def set_eavesdrop_mode(self, listener: LegId, mode: EavesdropMode) -> bool:
        """Switch while listening; ``False`` when the listener was gone."""

    async def join_room(self, leg: LegId, room: str) -> LegId | None:
        """Bring a running talk into a room: all talks and guests there hear each other.

        ``leg`` is the dialled one. The talk itself stays as it is, with its script, dial and
        recording. Returns the link, to be hung up to take the talk out; ``None`` when ``leg`` was
        gone. The link ends with the talk. ``room`` is a word of letters, digits, ``_`` and ``-``.
        """

    async def invite(self, room: str, guest: Dial) -> DialResult:
        """Ring a phone and bring it into a room that has a talk; as :meth:`eavesdrop` otherwise.

        Guests are freed when the last talk has left the room.
        """

    async def message(self, sender: str, extension: str, text: str) -> bool:
        """Send a text (:data:`TEXT_BYTES`) to an extension's phone, as coming from ``sender``.

        ``True`` when the PBX took it and a phone is registered: not proof that it was read.
        """

    async def originate(self, first: Dial, *, call: str, dialled: str) -> DialResult:
        """Ring a seat; when it answers its channel arrives like a caller's (click-to-dial).

        The arrival has ``call``, ``dialled`` and :attr:`Source.ORIGINATED`; its script then dials
        the other side. Returns when that is decided. One party only. Never sent twice: when the
        connection breaks (:class:`NodeLost`) nothing more is known but what arrives. Cancelling
        hangs up the phone.
        """


class Control(TalkActs, Protocol):
    """Acts on running talks."""

    async def say(self, leg: LegId, prompts: Sequence[Prompt], *, both: bool) -> bool:
        """Play prompts into a running talk: to ``leg``, or to ``both`` who talk.

        Whole, whatever the other's telephone sends meanwhile. Who hears them may not hear the other
        until they are over, nor is a key of theirs taken; words to the same leg follow each other.
        Returns when it was heard to the end; ``False`` when the talk was over before that, or
        ``leg`` gone.
        """

    async def record(self, leg: LegId, path: Path) -> bool:
        """Begin to record a caller's channel while its script waits for the end of a talk.

        As :meth:`callcenter.pbx.port.Channel.record`; ``False`` when the leg was gone.
        """

    async def stop_recording(self, leg: LegId) -> bool:
        """Close the files, whoever began to record; ``False`` when there was nothing to stop."""

    async def pause_recording(self, leg: LegId) -> bool:
        """Write silence on both sides from now on; the talk goes on unheard by the recording.

        In its place, so that both sides and all times of the recording stay true. ``False`` when
        nothing is recorded there. It lasts through transfers and through our death, until
        :meth:`resume_recording`; a recording that begins anew is not paused.
        """

    async def resume_recording(self, leg: LegId) -> bool:
        """Write what is said again; ``False`` when nothing is recorded there."""

    async def lamp(self, extension: str, new: int, old: int) -> None:
        """Have an extension's phone show that messages wait: ``new`` and ``old`` ones.

        Phones that subscribe and phones that register later are told too. The PBX keeps it until
        it is restarted.
        """
