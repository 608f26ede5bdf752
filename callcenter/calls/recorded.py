"""What happens to the recording of a call; events like those of :mod:`model`. Pure."""

from callcenter.calls.event import CallEvent


class RecordingDecided(CallEvent, frozen=True, kw_only=True):
    """Whether the talk that comes is recorded, by which ``rule`` (``""``: none fitted) and why."""

    wanted: bool
    why: str
    rule: str = ""


class RecordingStarted(CallEvent, frozen=True, kw_only=True):
    """The PBX records ``leg``, the caller's channel, from the next talk on.

    ``path`` is relative to the recordings folder; the sides stand beside it while it runs.
    ``number`` is the number of ours that it is about; ``by`` whom, when no rule did it.
    """

    path: str
    part: int = 1
    leg: str = ""
    rule: str = ""
    direction: str = ""
    number: str = ""
    keep_days: int | None = None
    pause_on_hold: bool = False
    by: str = ""


class RecordingAnnounced(CallEvent, frozen=True, kw_only=True):
    """Whoever is outside is told that the talk will be recorded; once in a call."""


class RecordingPaused(CallEvent, frozen=True, kw_only=True):
    """From now on silence is recorded; ``by`` whom (row R1, digits of cards)."""

    by: str


class RecordingResumed(CallEvent, frozen=True, kw_only=True):
    """What is said is recorded again."""

    by: str


class RecordingStopped(CallEvent, frozen=True, kw_only=True):
    """The PBX records no more; what follows, if anything, is another part."""

    part: int
    by: str = ""


class RecordingSkipped(CallEvent, frozen=True, kw_only=True):
    """A rule wanted a recording and none could be made, and why (disk full)."""

    why: str


class RecordingEnded(CallEvent, frozen=True, kw_only=True):
    """A part is kept as one stereo file; levels are RMS, dBFS; ``sha256`` of the plain sound."""

    path: str
    part: int = 1
    seconds: float
    caller_rms: float
    seat_rms: float
    sha256: str
