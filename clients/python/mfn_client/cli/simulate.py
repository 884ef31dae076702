"""`mfn simulate`."""

# ruff: noqa: PLC0415  # grpc and numpy are loaded when a command runs, not for --help

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from mfn_client.cli.connection import connected
from mfn_client.cli.connection_options import Connection, connecting
from mfn_client.cli.failures import UsageError
from mfn_client.cli.options import (
    BoundaryOption,
    Cols,
    Dt,
    Json,
    ModelName,
    Param,
    Precision,
    Rows,
    Spacing,
    Stepper,
    Thresholds,
    spec_arguments,
)
from mfn_client.cli.output import console, counted, emit_json, number, table
from mfn_client.cli.tables import features_table

if TYPE_CHECKING:
    from mfn_client import Simulation
    from mfn_client._export import Outputs
    from mfn_client.cli.view import View

NAME = "simulate"
WATCHED_FRAMES = 100
"""Frames of a run that is watched or filmed, unless --stride says otherwise."""
LIVE_EDGE = 128
"""Longest edge of frames that are only looked at, in cells."""


@connecting
def command(
    connection: Connection,
    model: ModelName,
    rows: Rows = None,
    cols: Cols = None,
    steps: Annotated[int, typer.Option(help="Steps to make, 1 to 100,000,000.")] = 1000,
    stride: Annotated[
        int | None,
        typer.Option(help="Steps between frames. Default: about 100 frames when watched or filmed, else the two ends."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the initial state and all randomness.")] = 0,
    dt: Dt = None,
    spacing: Spacing = None,
    boundary: BoundaryOption = None,
    precision: Precision = None,
    stepper: Stepper = None,
    param: Param = None,
    species: Annotated[
        list[str] | None,
        typer.Option(help="Keep only this species; may be repeated. Pictures show the first. Default: all."),
    ] = None,
    features: Annotated[
        bool, typer.Option("--features", help="Measure the 18 features of the run while it is computed.")
    ] = False,
    feature_species: Annotated[
        str | None, typer.Option(help="With --features: the species that they describe. Default: the model's first.")
    ] = None,
    thresholds: Thresholds = None,
    out: Annotated[
        list[Path] | None,
        typer.Option(help="Write a file: .npz, .zarr, .png (last frame), .gif or .mp4. May be repeated."),
    ] = None,
    json: Json = False,
) -> None:
    """Run a simulation and watch it; write its frames to files."""
    from mfn_client._export import Outputs
    from mfn_client.cli.view import can_draw

    paths = out or []
    arguments = spec_arguments(rows, cols, dt, spacing, boundary, precision, stepper, param)
    live = can_draw(quiet=json)
    arguments |= {"steps": steps, "seed": seed, "species": species or ()}
    arguments |= _frames(steps, stride, paths, live)
    arguments |= _features(features, feature_species, thresholds)
    began = time.perf_counter()
    with Outputs(paths) as outputs, connected(connection) as client, client.simulate(model, **arguments) as run:
        with _view(model, steps, live, quiet=json) as view:
            _follow(run, outputs, view)
        written = outputs.finish(run.summary)
        _report(run, outputs.frames, time.perf_counter() - began, written, json)


def _features(wanted: bool, species: str | None, thresholds: tuple[float, float, float] | None) -> dict[str, Any]:
    if not wanted and (species is not None or thresholds is not None):
        raise UsageError("--feature-species and --thresholds belong to --features")
    return {"with_features": wanted, "feature_species": species, "thresholds": thresholds}


def _frames(steps: int, stride: int | None, paths: list[Path], live: bool) -> dict[str, Any]:
    """How many frames to ask for and how large: enough to see, whole only when they are kept."""
    watched = live or any(path.suffix.lower() != ".png" for path in paths)
    chosen = stride if stride is not None else max(1, steps // WATCHED_FRAMES) if watched else None
    return {"stride": chosen} if paths else {"stride": chosen, "max_edge": LIVE_EDGE, "element_type": "float32"}


def _view(model: str, steps: int, live: bool, quiet: bool) -> "View":
    from mfn_client._colours import table_for
    from mfn_client.cli.heatmap import HeatMap
    from mfn_client.cli.view import View, bar_console

    return View(model, steps, bar_console(quiet), HeatMap(table_for(model)) if live else None)


def _follow(run: "Simulation", outputs: "Outputs", view: "View") -> None:
    for frame in run:
        if run.started is not None:
            outputs.add(frame, run.started)
        view.show(frame)


def _report(run: "Simulation", frames: int, seconds: float, written: list[Path], as_json: bool) -> None:

    started, summary = run.started, run.summary
    if started is None or summary is None:
        return
    if as_json:
        files = [str(path) for path in written]
        document = {"started": started, "summary": summary, "frames": frames, "seconds": seconds, "files": files}
        emit_json(document)
        return
    out = console()
    rows = [(each.name, each.unit, *map(number, (each.min, each.max, each.mean, each.std))) for each in summary.species]
    rate = summary.steps_done * started.shape[0] * started.shape[1] / max(summary.compute_seconds, 1e-9)
    out.print(table(f"{started.model}: last state", ("species", "unit", ">min", ">max", ">mean", ">std"), rows))
    out.print(
        f"{counted(summary.steps_done, 'step')} of {started.shape[0]} x {started.shape[1]} cells and "
        f"{counted(frames, 'frame')} in {seconds:.2f} s, {number(summary.compute_seconds, 3)} s of them computing, "
        f"{rate / 1e6:,.0f} million cell-steps a second of computing."
    )
    if started.stepper_reason:
        out.print(f"Stepper: {escape(started.stepper_reason)}", soft_wrap=True)
    if summary.features is not None:
        out.print(features_table("Features of the run", summary.features, summary.undefined_features))
    if summary.mycelium is not None:
        out.print(f"Growth events: {summary.mycelium.growth_events:,}.")
    for path in written:
        out.print(f"Wrote {path}", soft_wrap=True)
