"""The ladders as a picture: one small log-log panel each, the slope in its title."""

import math
from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.growth.ladder import Climb
from benchmarks.measuring.rows import Result

COLUMNS = 4
PANEL_INCHES = (3.2, 2.3)
HELD, MISSED = "#1f6f8b", "#c0392b"


def draw(climbs: Sequence[Climb], path: Path) -> None:
    """Write a PNG of all panels; a slope beyond its limit is red."""
    rows = math.ceil(len(climbs) / COLUMNS)
    width, height = PANEL_INCHES
    figure = Figure(figsize=(COLUMNS * width, rows * height), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, COLUMNS, squeeze=False)
    for panel, climb in zip(panels.flat, climbs, strict=False):
        _panel(panel, climb)
    for empty in list(panels.flat)[len(climbs) :]:
        empty.set_axis_off()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)


def _panel(axes: Axes, climb: Climb) -> None:
    ladder, law = climb.ladder, climb.law
    colour = MISSED if climb.row().result is Result.FAIL else HELD
    limit = "" if ladder.limit is None else f" (at most {ladder.limit:g})"
    axes.loglog(ladder.sizes, climb.costs, "o", color=colour, markersize=4)
    axes.loglog(ladder.sizes, [law.at(size) for size in ladder.sizes], "-", color=colour, linewidth=1)
    axes.set_title(f"{ladder.what}\nslope {law.exponent:.2f}{limit}", fontsize=8)
    axes.set_xlabel(ladder.axis, fontsize=7)
    axes.set_ylabel(ladder.unit, fontsize=7)
    axes.set_ylim(*_span(climb.costs))
    axes.set_xticks([ladder.sizes[0], ladder.sizes[-1]], [f"{ladder.sizes[0]:,}", f"{ladder.sizes[-1]:,}"])
    marks = _marks(climb.costs)
    axes.set_yticks(marks, [f"{mark:,.3g}" for mark in marks])
    axes.minorticks_off()
    axes.tick_params(labelsize=6)
    axes.grid(visible=True, linewidth=0.3)


def _marks(costs: Sequence[float]) -> list[float]:
    """The least and the largest, or one of them where their labels would lie on each other."""
    low, high = min(costs), max(costs)
    return [low, high] if high > 1.3 * low else [high]


def _span(costs: Sequence[float]) -> tuple[float, float]:
    """At least a power of ten about the costs, so that a flat line looks flat."""
    low, high = min(costs), max(costs)
    spare = max(0.0, 1.0 - math.log10(high / low)) / 2 + 0.1
    return low / 10**spare, high * 10**spare
