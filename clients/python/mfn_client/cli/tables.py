"""Tables of what several commands show: features, dimensions, early warnings, checks."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.markup import escape

from mfn_client.cli.output import number, table

if TYPE_CHECKING:
    from rich.table import Table

    from mfn_client import (
        Check,
        DimensionEstimate,
        EarlyWarning,
        Features,
        FractalAnalysis,
        NullComparison,
        TrainingMetrics,
        UndefinedValue,
    )


WHY_NOT = "why there is none"


def features_table(title: str, features: "Features", undefined: "Sequence[UndefinedValue]") -> "Table":
    """The 18 features; the third column, where there is anything to say in it, tells why one is undefined."""
    reasons = {each.name: escape(each.reason) for each in undefined}
    values = [(name, getattr(features, name)) for name in features.__dataclass_fields__]
    if not reasons:
        return table(title, ("feature", ">value"), [(name, number(value)) for name, value in values])
    rows = [(name, number(value), reasons.get(name, "")) for name, value in values]
    return table(title, ("feature", ">value", WHY_NOT), rows)


def dimension_tables(analysis: "FractalAnalysis") -> Iterator[RenderableType]:
    """Each dimension with what it rests on."""
    yield f"{analysis.set_cells:,} of {analysis.total_cells:,} cells belong to the set."
    for each in analysis.dimensions:
        if each.counts:
            yield _scales(each)
        interval = f"{number(each.dimension_low)} to {number(each.dimension_high)}"
        yield f"Dimension {number(each.dimension)} (interval {interval}), R² {number(each.r_squared)}."
        if each.null_comparison is not None:
            yield _chance(each.null_comparison)
        yield escape(f"{each.verdict}: {each.verdict_reason}")


def _chance(null: "NullComparison") -> str:
    spread = f"{number(null.dimension_mean)} ± {number(null.dimension_std, 3)}"
    return f"Chance gives {spread} ({null.samples:,} patterns, {null.null_model}); p {number(null.p_value)}."


def _scales(estimate: "DimensionEstimate") -> "Table":
    rows = [
        (str(scale.box_edge_cells), f"{scale.boxes:,}", number(scale.local_dimension), "yes" if scale.used else "no")
        for scale in estimate.counts
    ]
    return table(estimate.estimator, (">box edge", ">boxes", ">local dimension", "in the fit"), rows)


def warnings_table(warnings: "Sequence[EarlyWarning]") -> "Table":
    """One row an indicator; tau is its trend, p the share of chance series with as large a one."""
    rows = [
        (each.feature, each.indicator, *map(number, (each.value, each.kendall_tau, each.p_value))) for each in warnings
    ]
    columns = ("feature", "indicator", ">value", ">Kendall tau", ">p")
    if not any(each.undefined_reason for each in warnings):
        return table("Early warnings", columns, rows)
    with_reasons = [(*row, escape(each.undefined_reason)) for row, each in zip(rows, warnings, strict=True)]
    return table("Early warnings", (*columns, WHY_NOT), with_reasons)


_SIGNS = {"within": "=", "at_least": "≥", "at_most": "≤"}


def checks_table(title: str, checks: "Sequence[Check]") -> "Table":
    """Measured beside expected, a row a check."""
    rows = [
        (
            each.name,
            number(each.measured, 9),
            f"{_SIGNS.get(each.relation, each.relation)} {number(each.expected, 9)}",
            f"± {number(each.tolerance, 2)}",
            "" if each.unit == "1" else each.unit,
            "[green]pass[/green]" if each.passed else "[bold red]FAIL[/bold red]",
            f"{each.seconds:.2f}",
        )
        for each in checks
    ]
    return table(title, ("check", ">measured", ">expected", ">tolerance", "unit", "verdict", ">seconds"), rows)


def training_table(training: "TrainingMetrics") -> "Table":
    """The training cycle, a row a number."""
    rows = [(name, number(getattr(training, name), 9)) for name in training.__dataclass_fields__]
    return table("Training cycle", ("metric", ">value"), rows)


def training_sentence(training: "TrainingMetrics") -> str:
    """What the network is worth on fields that it never saw, and whether it learns where there is nothing to learn."""
    loss, mean = number(training.test_loss, 3), number(training.mean_loss, 3)
    dealt, dealt_mean = number(training.shuffled_test_loss, 3), number(training.shuffled_mean_loss, 3)
    return (
        f"On fields it never saw the loss is {loss}, that of predicting the mean {mean}; "
        f"with shuffled targets, which cannot be learnt, {dealt} and {dealt_mean}."
    )
