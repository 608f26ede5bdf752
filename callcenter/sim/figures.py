"""From waits to figures, with errors that know that neighbours wait together."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_BATCHES = 40


def mean_and_error(values: Floats) -> tuple[float, float]:
    """Mean, and its standard error by the means of 40 batches in a row.

    Waits of neighbouring calls are alike, so the usual error is far too small; means of long
    batches are nearly independent.
    """
    if not len(values):
        return 0.0, 0.0
    batches = min(_BATCHES, len(values))
    size = len(values) // batches
    means = values[: size * batches].reshape(batches, size).mean(axis=1)
    error = float(means.std(ddof=1) / np.sqrt(batches)) if batches > 1 else 0.0
    return float(values.mean()), error
