"""Erlang's formulas, ours, written so that they hold for a thousand seats. Pure.

With arrivals at rate λ, handling at rate μ and c seats, offered load a = λ/μ:

- Erlang B (blocking, nobody waits), by the recursion 1/B(0) = 1, 1/B(k) = 1 + (k/a)·1/B(k−1):
  only additions of positive terms, so nothing is lost and nothing overflows early.
- Erlang C, P(wait) = B / (1 − ρ(1 − B)) with ρ = a/c < 1; mean wait = P(wait)/(cμ − λ);
  P(wait ≤ t) = 1 − P(wait)·e^(−(cμ−λ)t).
- Erlang A (each waiting caller leaves at rate θ): birth and death with death rate kμ up to c and
  cμ + jθ beyond. State probabilities are summed relative to that of c, outwards on both sides,
  until a term no longer matters. Mean wait of all callers = E[queue]/λ (Little), abandoning rate
  = θ·E[queue]/λ.

Sources: A. K. Erlang (1917); C. Palm (1946/1957); Garnett, Mandelbaum and Reiman (2002);
Gans, Koole and Mandelbaum (2003).
"""

from math import exp

from callcenter.sim.model import Theory

_ENOUGH = 1e-16


def erlang_b(seats: int, load: float) -> float:
    """Share of calls that find all seats taken, when nobody waits."""
    if load <= 0:
        return 0.0 if seats else 1.0
    inverse = 1.0
    for k in range(1, seats + 1):
        inverse = 1.0 + inverse * k / load
        if inverse > 1e300:
            return 0.0
    return 1.0 / inverse


def erlang_c(seats: int, load: float) -> float:
    """Share of calls that wait; 1 when there is more work than seats."""
    if load >= seats:
        return 1.0
    blocked = erlang_b(seats, load)
    return blocked / (1.0 - load / seats * (1.0 - blocked))


def theory_c(seats: int, arrival_rate: float, handle_time: float, within: float = 20.0) -> Theory:
    """Waiting without end of patience; without an answer when the queue would grow for ever."""
    spare = seats / handle_time - arrival_rate
    if spare <= 0:
        return Theory(
            model="Erlang C", mean_wait=None, p_wait=None, p_wait_20s=None, abandon_rate=0.0
        )
    waits = erlang_c(seats, arrival_rate * handle_time)
    return Theory(
        model="Erlang C",
        mean_wait=waits / spare,
        p_wait=waits,
        p_wait_20s=1.0 - waits * exp(-spare * within),
        abandon_rate=0.0,
    )


def theory_a(seats: int, arrival_rate: float, handle_time: float, patience: float) -> Theory:
    """Waiting with exponential patience. P(wait ≤ 20 s) is left out: it has no closed form."""
    served, leave = 1.0 / handle_time, 1.0 / patience
    below = _below(seats, arrival_rate, served)
    queueing, queue, term, j = 0.0, 0.0, 1.0, 0
    while term > _ENOUGH * (1.0 + queueing) or arrival_rate > seats * served + j * leave:
        queueing += term
        queue += j * term
        j += 1
        term *= arrival_rate / (seats * served + j * leave)
        if queueing > 1e280:
            below, queueing, queue, term = (x * 1e-280 for x in (below, queueing, queue, term))
    total = below + queueing
    mean_queue = queue / total
    return Theory(
        model="Erlang A",
        mean_wait=mean_queue / arrival_rate,
        p_wait=queueing / total,
        p_wait_20s=None,
        abandon_rate=leave * mean_queue / arrival_rate,
    )


def _below(seats: int, arrival_rate: float, served: float) -> float:
    """Weight of the states with a free seat, that of all seats taken being 1."""
    total, term = 0.0, 1.0
    for k in range(seats, 0, -1):
        term *= k * served / arrival_rate
        total += term
        if term < _ENOUGH * total:
            break
    return total
