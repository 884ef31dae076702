"""`mfn demo`."""

# ruff: noqa: PLC0415  # grpc and numpy are loaded when a command runs, not for --help

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mfn_client.cli.connection import client_of, serving
from mfn_client.cli.connection_options import Connection, connecting
from mfn_client.cli.demo_runs import FEDERATED, RUNS, SEED, SIDE, DemoRun
from mfn_client.cli.federated_demo.lab import load_lab
from mfn_client.cli.federated_demo.running import demonstrate, prepare
from mfn_client.cli.federated_demo.showing import tell
from mfn_client.cli.options import Json
from mfn_client.cli.output import console, counted, emit_json, number, table

if TYPE_CHECKING:
    from mfn_client import Client, Frame, Simulation
    from mfn_client._export import Outputs
    from mfn_client.cli.view import View

NAME = "demo"
STARTING = "Starting a server; the first run compiles its kernels (about 40 s)."


@dataclass(frozen=True)
class Outcome:
    """What one run came to; wavelengths in cells, None where there is none.

    seconds: from the call to the last file. compute_seconds: what the server computed, of which the rate is told.
    """

    model: str
    steps: int
    frames: int
    seconds: float
    compute_seconds: float
    cell_steps_per_second: float
    measured_wavelength: float | None
    predicted_wavelength: float | None
    files: list[str]


@connecting
def command(
    connection: Connection,
    out: Annotated[Path, typer.Option(help="The folder to write pictures into; made when missing.")] = Path("demo"),
    json: Json = False,
) -> None:
    """Watch patterns form, beside what theory predicts of them; then watch a federation learn although some attack."""
    out.mkdir(parents=True, exist_ok=True)
    stage = prepare(load_lab(), FEDERATED)
    if connection.server is None and not json:
        sys.stderr.write(f"{STARTING}\n")
    with serving(connection) as address:
        with client_of(address) as client:
            outcomes = [_run(client, run, out, quiet=json) for run in RUNS]
        if not json:
            _show(outcomes)
        federated = demonstrate(stage, address, quiet=json)
    if json:
        emit_json({"runs": outcomes, "federated": federated})
    else:
        tell(console(), FEDERATED, federated)


def _run(client: "Client", run: DemoRun, folder: Path, quiet: bool) -> Outcome:
    from mfn_client import peak_wavelength
    from mfn_client._export import Outputs

    names = [f"{run.model}.png", f"{run.model}.gif"] if run.pictures else []
    began = time.perf_counter()
    simulation = client.simulate(
        run.model,
        rows=SIDE,
        cols=SIDE,
        steps=run.steps,
        stride=run.stride,
        seed=SEED,
        species=run.species,
        element_type="float32",
    )
    with Outputs([folder / name for name in names]) as outputs, simulation:
        last = _stream(simulation, run, outputs, quiet)
        files = outputs.finish(simulation.summary)
    return Outcome(
        model=run.model,
        steps=run.steps,
        frames=outputs.frames,
        seconds=time.perf_counter() - began,
        compute_seconds=simulation.summary.compute_seconds if simulation.summary else float("nan"),
        cell_steps_per_second=_rate(simulation),
        measured_wavelength=peak_wavelength(last.fields[run.measured]),
        predicted_wavelength=client.analyze(run.model, rows=SIDE, cols=SIDE).predicted_wavelength,
        files=[str(path) for path in files],
    )


def _stream(simulation: "Simulation", run: DemoRun, outputs: "Outputs", quiet: bool) -> "Frame":
    """Pass every frame on to the files and to the screen; returns the last one."""
    last = None
    with _view(run, quiet) as view:
        for last in simulation:
            if simulation.started is not None:
                outputs.add(last, simulation.started)
            view.show(last)
    if last is None:
        raise RuntimeError("the simulation ended without a frame")
    return last


def _view(run: DemoRun, quiet: bool) -> "View":
    """The run as a person sees it: its field in a terminal, a line elsewhere."""
    from mfn_client._colours import table_for
    from mfn_client.cli.heatmap import HeatMap
    from mfn_client.cli.view import View, bar_console, can_draw

    where = bar_console(quiet)
    if where is None and not quiet:
        sys.stderr.write(f"{run.model}: {counted(run.steps, 'step')} of {SIDE} x {SIDE} cells\n")
    return View(run.model, run.steps, where, HeatMap(table_for(run.model)) if can_draw(quiet) else None)


def _rate(simulation: "Simulation") -> float:
    """Cells times steps for each second that the server computed."""
    started, summary = simulation.started, simulation.summary
    if started is None or summary is None or not summary.compute_seconds:
        return float("nan")
    return started.shape[0] * started.shape[1] * summary.steps_done / summary.compute_seconds


def _show(outcomes: list[Outcome]) -> None:
    rows = [
        (
            each.model,
            f"{each.steps:,}",
            str(each.frames),
            f"{each.seconds:.1f}",
            f"{each.compute_seconds:.2f}",
            f"{each.cell_steps_per_second / 1e6:,.0f} M",
            number(each.measured_wavelength, 4),
            number(each.predicted_wavelength, 4),
        )
        for each in outcomes
    ]
    columns = (
        "model",
        ">steps",
        ">frames",
        ">seconds",
        ">compute s",
        ">cell-steps/compute s",
        ">wavelength",
        ">predicted",
    )
    out = console()
    out.print(table("What was computed (wavelengths in cells)", columns, rows))
    if any(each.predicted_wavelength is None for each in outcomes):
        out.print("– no homogeneous state of the model is Turing-unstable there, so that linear theory predicts none.")
    for path in (path for each in outcomes for path in each.files):
        out.print(f"Wrote {path}", soft_wrap=True)
