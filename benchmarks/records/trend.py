"""The rows with bars over the recorded runs, as pictures: how many times better than its bar each was."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.measuring.order import in_order
from benchmarks.measuring.rows import Bar
from benchmarks.records.record import Record

COLUMNS = 3
PANEL_INCHES = 5.2, 3.6
DPI = 100
LONGEST_LABEL = 84
MOST_DATES = 6


@dataclass(frozen=True)
class Line:
    """One row over the runs: its label, the numbers of the runs that have it, and its margins there."""

    label: str
    runs: tuple[int, ...]
    margins: tuple[float, ...]


def margin(value: float, bar: Bar) -> float:
    """How many times better than its bar a value is: 1 on the bar, below 1 where it is missed."""
    return value / bar.limit if bar.at_least else bar.limit / value


def lines(records: Sequence[Record]) -> dict[str, list[Line]]:
    """The lines of each subject, in the order of the table; values that no log axis can show are left out."""
    found: dict[str, dict[str, list[tuple[int, float]]]] = {}
    for number, record in enumerate(records):
        for row in record.rows:
            bar = row.limit
            if bar is not None and bar.limit > 0 and row.value is not None and row.value > 0:
                label = f"{row.what} / {row.against}" if row.against else row.what
                found.setdefault(row.subject, {}).setdefault(label, []).append((number, margin(row.value, bar)))
    return {
        subject: [Line(label, *zip(*points, strict=True)) for label, points in found[subject].items()]
        for subject in in_order(found)
    }


def draw(records: Sequence[Record], path: Path) -> Path:
    """Write the PNG; the same records give the same bytes with the same matplotlib. ValueError without any bar."""
    panels = lines(records)
    if not panels:
        raise ValueError("no row with a bar is recorded")
    rows = -(-len(panels) // COLUMNS)
    figure = Figure(figsize=(COLUMNS * PANEL_INCHES[0], rows * PANEL_INCHES[1] + 0.6), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = list(figure.subplots(rows, COLUMNS, squeeze=False).flat)
    for axis, (subject, drawn) in zip(axes, panels.items(), strict=False):
        _panel(axis, subject, drawn, records)
    for axis in axes[len(panels) :]:
        axis.set_axis_off()
    figure.suptitle("How many times better than its bar each figure is (1, the black line, is the bar)")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Software": None})
    return path


def _panel(axis: Axes, subject: str, drawn: Sequence[Line], records: Sequence[Record]) -> None:
    for line in drawn:
        axis.plot(line.runs, line.margins, marker="o", markersize=4, linewidth=1.2, label=_short(line.label))
    axis.axhline(1.0, color="black", linewidth=1.0)
    _margins(axis, [margin for line in drawn for margin in line.margins])
    _dates(axis, records)
    axis.set_title(subject, fontsize=11, loc="left")
    axis.grid(visible=True, color="#dddddd", linewidth=0.6)
    axis.legend(fontsize=6.5, loc="upper center", bbox_to_anchor=(0.5, -0.16), frameon=False)


def _margins(axis: Axes, margins: Sequence[float]) -> None:
    """A log axis that holds all of them and the bar."""
    low, high = min(*margins, 1.0) / 1.5, max(*margins, 1.0) * 1.5
    axis.set_yscale("log")
    axis.set_ylim(low, high)
    ticks = [factor * 10.0**power for power in range(-3, 6) for factor in (1, 2, 5)]
    shown = [tick for tick in ticks if low <= tick <= high]
    axis.set_yticks(shown, [f"{tick:g}" for tick in shown])
    axis.minorticks_off()


def _dates(axis: Axes, records: Sequence[Record]) -> None:
    """An axis of all runs, of which at most six are named."""
    axis.set_xlim(-0.5, len(records) - 0.5)
    shown = range(0, len(records), -(-len(records) // MOST_DATES))
    axis.set_xticks(list(shown), [_when(records[number]) for number in shown], fontsize=7)


def _when(record: Record) -> str:
    return f"{record.started[:10]}\n{record.commit[:7] or '?'}"


def _short(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"
