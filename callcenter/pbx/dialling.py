"""Whom to ring and what came of it: the words of the port that speak of dials. Pure.

Everybody imports them from :mod:`callcenter.pbx.port`; they stand apart so that
:mod:`callcenter.pbx.control` can use them too.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

LegId = NewType("LegId", str)
"""A channel on one node: ``node/unique-id-on-that-node``."""

Prompt = NewType("Prompt", str)
"""Name of a prompt in the catalogue, ``lang/name`` as in ``en/welcome``."""


class DialStatus(StrEnum):
    """How a dial ended. Names are those of Asterisk's DIALSTATUS."""

    ANSWER = "answer"
    BUSY = "busy"  # 486, 600: on the phone, or pressed reject
    NO_ANSWER = "noanswer"
    UNREACHABLE = "chanunavail"  # not registered, no route
    CONGESTION = "congestion"
    CANCELLED = "cancel"  # the caller went first, or we called it off


@dataclass(frozen=True, kw_only=True)
class DialResult:
    """How a dial ended. ``answered_at`` and ``talk`` are set exactly when it was answered.

    ``party`` is the number of whoever answered, as it was dialled; the extension that did so for
    the one that rang (:meth:`callcenter.pbx.port.Channel.pick_up`); empty when it is not known.
    """

    status: DialStatus
    leg: LegId | None = None
    answered_at: datetime | None = None
    talk: timedelta | None = None
    party: str = ""


@dataclass(frozen=True, kw_only=True)
class LegRinging:
    """The dialled phone rings; of several each one. ``party`` as in :class:`DialResult`."""

    leg: LegId
    at: datetime
    party: str = ""


@dataclass(frozen=True, kw_only=True)
class LegRefused:
    """One of several rings no more, or never did, while others still may answer.

    Told as far as it is seen: what nobody saw is told by the result of the dial. ``leg`` is
    ``None`` for a phone that could not even be rung.
    """

    leg: LegId | None
    at: datetime
    party: str
    status: DialStatus


@dataclass(frozen=True, kw_only=True)
class LegAnswered:
    """The dialled phone was picked up and is joined to the caller, who is answered with it.

    ``party`` as in :class:`DialResult`.
    """

    leg: LegId
    at: datetime
    party: str = ""


DialProgress = LegRinging | LegRefused | LegAnswered


@dataclass(frozen=True, kw_only=True)
class Outside:
    """A number in the world, reached through a trunk: digits, perhaps a + before, at most 20."""

    number: str
    trunk: str


@dataclass(frozen=True, kw_only=True)
class Dial:
    """One ring at an extension, or at several parties at once: the first to answer has the call.

    ``ring`` is how long they may ring; ``music`` is the class the caller hears meanwhile (an
    unanswered caller as early media), ``""``: ringing, see :func:`colour_ring`. ``presents`` is
    the caller's number as the called ones see it; ``""``: as it came.

    ``whisper`` is what whoever picks up hears before being joined (row Q10); ``confirm`` is a
    prompt that asks for ``key`` (row S3: a voicemail box or a pocket must not swallow a caller).
    It is asked three times, five seconds each, before ``whisper``; without the key the party
    counts as one that did not answer. Meanwhile the caller hears what was heard before, other
    parties go on ringing, and nobody has answered: :class:`LegAnswered` and the talk begin with
    the joining. ``ring`` is the time to pick up; what follows has at most a minute more. This is a
    remote seat per call; one that stays on the line between calls (nailed-up) is not built: it
    would be a seat from :meth:`Pbx.originate` whose own channel waits and is bridged by the PBX.
    """

    extension: str = ""
    parties: tuple["str | Outside", ...] = ()
    ring: timedelta
    music: str = "default"
    presents: str = ""
    whisper: tuple[Prompt, ...] = ()
    confirm: Prompt | None = None
    key: str = "1"

    @property
    def everyone(self) -> tuple["str | Outside", ...]:
        """Whoever is rung: extensions and outside numbers."""
        return (self.extension, *self.parties) if self.extension else self.parties

    @property
    def numbers(self) -> tuple[str, ...]:
        """The same by number, in order."""
        return tuple(one.number if isinstance(one, Outside) else one for one in self.everyone)

    @property
    def is_apart(self) -> bool:
        """Whether somebody hears something, or must press a key, before being joined."""
        return bool(self.whisper or self.confirm)

    @property
    def ring_seconds(self) -> int:
        """How long they ring in whole seconds, as PBXs count it."""
        return max(1, math.ceil(self.ring.total_seconds()))


def colour_ring(prompt: Prompt) -> str:
    """The music class that plays one prompt over and over: what callers hear before an answer."""
    return "ring-" + prompt.replace("/", "-")
