"""A report as a picture (PNG): curves over time, or bars by name."""

import io
import warnings
from collections.abc import Mapping
from typing import Any

from callcenter.reports.formats.cells import clean, curves, title_of

_INCHES = (11, 5)
_BAR = 0.8


def picture_of(report: Mapping[str, Any]) -> bytes:
    """Drawn without a screen."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    labels, values = curves(report)
    figure = Figure(figsize=_INCHES, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_title(clean(title_of(report)), fontsize=11)
    places = list(range(len(labels)))
    if report["by"]:
        for title, points in values.items():
            axes.plot(places, points, label=title, marker="." if len(places) < 80 else "")
    else:
        bar = _BAR / max(1, len(values))
        for number, (title, points) in enumerate(values.items()):
            axes.bar([place + number * bar for place in places], points, bar, label=title)
    step = max(1, len(labels) // 16)
    # no text of a stranger is taken for a formula: $ begins one here
    ticks = [clean(label).replace("$", r"\$") for label in labels[::step]]
    axes.set_xticks(places[::step], ticks, rotation=45, ha="right", fontsize=8)
    axes.set_ylim(bottom=0)
    axes.grid(visible=True, alpha=0.3)
    if values:
        axes.legend()
    out = io.BytesIO()
    with warnings.catch_warnings():  # a machine without Chinese signs draws boxes, and says no more
        warnings.simplefilter("ignore", UserWarning)
        figure.savefig(out, format="png", dpi=110)
    return out.getvalue()
