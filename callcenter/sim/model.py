"""What is simulated and what comes out. Times in seconds, rates per second. Pure."""

from dataclasses import dataclass

from callcenter.acd.model import StrategyName


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One queue, equal seats. ``patience`` is the mean of an exponential; ``None``: for ever.

    ``arrivals``: seconds of real arrivals (and their talk times, where known) instead of a rate.
    """

    seats: int
    arrival_rate: float
    handle_time: float
    calls: int
    patience: float | None = None
    strategy: StrategyName = StrategyName.LONGEST_IDLE
    wrap_up: float = 0.0
    seed: int = 1
    arrivals: tuple[float, ...] = ()
    talks: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Theory:
    """The same figures from a formula; ``None`` where it has no answer (overload without end)."""

    model: str
    mean_wait: float | None
    p_wait: float | None
    p_wait_20s: float | None
    abandon_rate: float


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What was seen.

    ``mean_wait``: from joining to the answer or to hanging up, over all calls. ``p_wait``: share
    that waited at all. ``p_wait_20s``: share of all calls answered within 20 s.
    ``stderr_*``: by batch means, so that calls which wait together do not count as independent.
    """

    calls: int
    mean_wait: float
    p_wait: float
    p_wait_20s: float
    abandon_rate: float
    stderr_mean_wait: float
    stderr_p_wait: float
    wall_seconds: float
    mean_wait_answered: float
    occupancy: float
    theory: Theory | None
