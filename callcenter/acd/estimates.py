"""Expected wait as an interval (Q3), from the seats a caller may get, the calls ahead and how
fast calls were taken lately. Constant cost; pure but for what it remembers.

With n callers ahead and c seats, the wait is n + 1 departures of a queue that is never empty:
about gamma distributed with shape n + 1 and mean (n + 1)·w/c, where w is the time one seat spends
on one call. w is measured where it matters: the time between two answers while somebody waited,
times the seats on duty; so seats that also serve other queues, wrap-up and missed rings are in it.
Callers ahead who hang up shorten it: with θ hang-ups per second and caller waiting, the wait is
the sum over j = 0..n of steps of mean 1/(c/w + jθ). What is not known exactly of w widens the
interval like further variance.
"""

from math import log, sqrt

from callcenter.acd.model import Estimate

_SHARE = 0.04  # of a new sample in the running mean: about the last 50 count
_SHARE_LEFT = 0.01
_KNOWN = 5  # samples before the pace is believed
_Z = 1.4  # of the normal distribution: low and high lie so far out on either side


class Pace:
    """What a queue's answers tell: seconds a seat is held by one call."""

    __slots__ = (
        "_backlog",
        "_hung_up",
        "_last",
        "_waited",
        "_work",
        "_work_samples",
        "handled",
        "handling",
    )

    def __init__(self) -> None:
        self._work = 0.0
        self._work_samples = 0
        self._last = 0.0
        self._backlog = False
        self._hung_up = 0.0
        self._waited = 0.0
        self.handling = 0.0
        self.handled = 0

    def answered(self, now: float, still_waiting: int, on_duty: int) -> None:
        """A caller was answered; so many go on waiting, so many seats are on duty."""
        if self._backlog and on_duty:
            self._work_samples += 1
            share = max(_SHARE, 1 / self._work_samples)
            self._work += share * ((now - self._last) * on_duty - self._work)
        self._last = now
        self._backlog = still_waiting > 0

    def left(self, waited: float, *, hung_up: bool) -> None:
        """A caller's wait is over, by an answer or by hanging up."""
        self._hung_up += (1.0 if hung_up else 0.0) - _SHARE_LEFT * self._hung_up
        self._waited += waited - _SHARE_LEFT * self._waited

    def emptied(self) -> None:
        """Nobody waits any more: the time until the next answer tells nothing."""
        self._backlog = False

    def freed(self, seconds: float) -> None:
        """A seat is free again, so long after it was taken."""
        self.handled += 1
        self.handling += max(_SHARE, 1 / self.handled) * (seconds - self.handling)

    def _impatience(self) -> float:
        """Hang-ups per second of one waiting caller."""
        return self._hung_up / self._waited if self._waited > 0 else 0.0

    def estimate(self, ahead: int, on_duty: int) -> Estimate | None:
        """Expected wait; ``None`` while nothing is known or nobody is there to answer."""
        if on_duty <= 0:
            return None
        if self._work_samples >= _KNOWN:
            work, samples = self._work, self._work_samples
        elif self.handled:
            work, samples = self.handling, min(self.handled, _KNOWN)
        else:
            return None
        mean, variance = _steps(ahead, on_duty / work, self._impatience()) if work > 0 else (0, 0)
        if mean <= 0:
            return Estimate(low=0.0, mean=0.0, high=0.0)
        shape = 1 / (variance / mean**2 + 1 / min(samples, 1 / _SHARE))
        low, high = _quantile(shape, -_Z), _quantile(shape, _Z)
        return Estimate(low=mean * low, mean=mean, high=mean * high)


def _steps(ahead: int, pace: float, leave: float) -> tuple[float, float]:
    """Mean and variance of the sum over j = 0..ahead of exponential steps of rate pace + j·leave;
    as integrals, so that it costs the same for any number."""
    first, last = pace - leave / 2, pace + (ahead + 0.5) * leave
    if first <= 0 or leave * (ahead + 1) < pace * 1e-3:
        return (ahead + 1) / pace, (ahead + 1) / pace**2
    return log(last / first) / leave, (1 / first - 1 / last) / leave


def _quantile(shape: float, z: float) -> float:
    """Of the gamma distribution with mean 1 (Wilson and Hilferty, 1931)."""
    return float(max(0.0, 1 - 1 / (9 * shape) + z / (3 * sqrt(shape))) ** 3)
