"""`mfn features`."""

# ruff: noqa: PLC0415  # grpc and numpy are loaded when a command runs, not for --help

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mfn_client.cli.connection import connected
from mfn_client.cli.connection_options import Connection, connecting
from mfn_client.cli.failures import UsageError
from mfn_client.cli.fields import LoadedField, load
from mfn_client.cli.options import Json, Thresholds
from mfn_client.cli.output import console, emit_json
from mfn_client.cli.tables import dimension_tables, features_table, warnings_table

if TYPE_CHECKING:
    from mfn_client import Client, ExtractedFeatures, FeatureReport, FractalAnalysis

NAME = "features"
MILLIVOLTS = "_mv"
"""How the name of an array in mV ends, as in the archives that `mfn simulate` writes."""
THRESHOLDS_MV = (-60.0, -50.0, -40.0)
"""The contract's default, in mV."""
OF_FRAMES = (
    "dv_mean, dv_max, t_stable and e_trend count frames, {} steps apart, not steps: "
    "`mfn simulate --features` measures every step."
)
"""What to tell of a history that lacks the steps which the features are defined for."""


@connecting
def command(
    connection: Connection,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="An .npy or .npz file of (rows, columns), or of (steps, rows, columns) one step apart (or further: "
            "then dv_mean, dv_max, t_stable and e_trend count frames, not steps); or a .png, whose values are its "
            "grey levels as stored: 0 to 255, with 16 bits 0 to 65535, colours as luminance.",
        ),
    ],
    key: Annotated[str | None, typer.Option(help="The array of an .npz archive that holds several.")] = None,
    thresholds: Thresholds = None,
    fractal: Annotated[
        bool, typer.Option("--fractal", help="Estimate the box-counting dimension of the (last) field, with evidence.")
    ] = False,
    threshold: Annotated[
        float | None, typer.Option(help="With --fractal: the level of the set. Default: the medium threshold.")
    ] = None,
    null: Annotated[
        str | None,
        typer.Option(help="With --fractal: the chance patterns to compare with, diffusion or shuffled. Default: none."),
    ] = None,
    early_warning: Annotated[
        bool, typer.Option("--early-warning", help="Look through a history for signs that the system loses stability.")
    ] = False,
    watch: Annotated[
        list[str] | None,
        typer.Option(help="With --early-warning: a feature to watch; may be repeated. Default: v_mean."),
    ] = None,
    window: Annotated[
        int | None, typer.Option(help="With --early-warning: frames of the sliding window. Default: 100.")
    ] = None,
    json: Json = False,
) -> None:
    """The 18 features of a field or a history in a file, with the reason for each one that is undefined."""
    field = load(file, key)
    if not fractal and (threshold is not None or null is not None):
        raise UsageError("--threshold and --null belong to --fractal; the features take --thresholds LOW MEDIUM HIGH")
    if not early_warning and (watch or window is not None):
        raise UsageError("--watch and --window belong to --early-warning")
    if early_warning and not field.is_history:
        raise UsageError("--early-warning needs a history (steps, rows, columns); this is one field")
    levels = _levels(file, field, thresholds)
    with connected(connection) as client:
        measured = _measured(client, field, levels, early_warning, watch or [], window)
        analysis = _analysis(client, field, levels[1] if threshold is None else threshold, null) if fractal else None
    if json:
        emit_json(_document(file, field, levels, measured, analysis))
    else:
        _show(file, field, measured, analysis)


def _levels(file: Path, field: LoadedField, said: tuple[float, float, float] | None) -> tuple[float, float, float]:
    """The thresholds; there is a default for mV alone, and only the array's name can tell that it is in mV."""
    if said is None and not field.name.endswith(MILLIVOLTS):
        example = " ".join(f"{each:g}" for each in THRESHOLDS_MV)
        raise UsageError(
            f"{file}: say --thresholds LOW MEDIUM HIGH in the unit of its values; for mV: --thresholds {example}"
        )
    return said or THRESHOLDS_MV


def _measured(
    client: "Client",
    field: LoadedField,
    levels: tuple[float, float, float],
    early_warning: bool,
    watch: list[str],
    window: int | None,
) -> "ExtractedFeatures | FeatureReport":
    from mfn_client import EarlyWarningOptions

    if not early_warning:
        return client.extract_features(field.values, levels)
    options = EarlyWarningOptions(features=tuple(watch), window_frames=window)
    stride = max(1, len(field.values))
    *_, last = client.feature_stream(field.values, levels, report_stride=stride, early_warning=options)
    return last


def _analysis(client: "Client", field: LoadedField, threshold: float, null: str | None) -> "FractalAnalysis":
    from mfn_client import NullComparisonOptions

    comparison = None if null is None else NullComparisonOptions(null_model=null)
    return client.analyze_fractal(field.last, threshold, null_comparison=comparison)


def _document(
    file: Path,
    field: LoadedField,
    levels: tuple[float, float, float],
    measured: "ExtractedFeatures | FeatureReport",
    analysis: "FractalAnalysis | None",
) -> dict[str, Any]:
    return {
        "file": str(file),
        "array": field.name or None,
        "shape": list(field.values.shape),
        "steps_apart": field.steps_apart,
        "thresholds": levels,
        "features": measured.features,
        "undefined": measured.undefined,
        "fractal": analysis,
        "early_warnings": getattr(measured, "early_warnings", None),
    }


def _show(
    file: Path,
    field: LoadedField,
    measured: "ExtractedFeatures | FeatureReport",
    analysis: "FractalAnalysis | None",
) -> None:
    out = console()
    array = f", {field.name}" if field.name else ""
    shape = " x ".join(map(str, field.values.shape))
    out.print(features_table(f"{file.name}{array}: {shape}", measured.features, measured.undefined))
    if (field.steps_apart or 1) > 1:
        out.print(OF_FRAMES.format(field.steps_apart), soft_wrap=True)
    if analysis is not None:
        for each in dimension_tables(analysis):
            out.print(each)
    warnings = getattr(measured, "early_warnings", None)
    if warnings:
        out.print(warnings_table(warnings))
    elif warnings is not None:
        out.print("No early warnings: the history is shorter than their window (--window).")
