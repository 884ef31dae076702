"""`mfn analyze`."""

from typing import TYPE_CHECKING

from mfn_client.cli.connection import connected
from mfn_client.cli.connection_options import Connection, connecting
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
    spec_arguments,
)
from mfn_client.cli.output import console, emit_json, limit, number, table

if TYPE_CHECKING:
    from mfn_client import StabilityReport, StepLimit, UnstableBand

NAME = "analyze"
DISCRETE_TIME = {"mycelium"}
"""Models that are no differential equations in time: other steppers would have nothing to integrate."""


@connecting
def command(
    connection: Connection,
    model: ModelName,
    rows: Rows = None,
    cols: Cols = None,
    dt: Dt = None,
    spacing: Spacing = None,
    boundary: BoundaryOption = None,
    precision: Precision = None,
    stepper: Stepper = None,
    param: Param = None,
    json: Json = False,
) -> None:
    """Linear stability: steady states, Turing conditions, predicted wavelength, largest stable time steps."""
    arguments = spec_arguments(rows, cols, dt, spacing, boundary, precision, stepper, param)
    with connected(connection) as client:
        report = client.analyze(model, **arguments)
    if json:
        emit_json(report)
    else:
        _show(model, report)


def _show(model: str, report: "StabilityReport") -> None:

    out = console()
    states = [
        (
            ", ".join(f"{name} {number(value)}" for name, value in zip(report.species, state.values, strict=True)),
            "stable" if state.stable_without_diffusion else "unstable",
            "yes" if state.turing_unstable else "no",
            number(state.critical_ratio),
            _wavelengths(state.continuum),
            _wavelengths(state.grid),
        )
        for state in report.steady_states
    ]
    columns = ("steady state", "by itself", "Turing", ">critical ratio", ">wavelength", ">on this grid")
    out.print(table(f"{model}: homogeneous steady states", columns, states))
    limits = [
        (each.stepper, limit(each.max_dt), each.limited_by) for each in report.step_limits if _offered(model, each)
    ]
    out.print(table("Largest stable time steps", ("stepper", ">max dt", "limited by"), limits))
    verdict = "is stable" if report.dt_is_stable else "is NOT stable: a run would be refused"
    out.print(f"dt = {number(report.dt)} {verdict}.")


def _offered(model: str, step_limit: "StepLimit") -> bool:
    """Whether the model can be run with the stepper; one in discrete time only knows Euler's."""
    return model not in DISCRETE_TIME or step_limit.stepper == "euler"


def _wavelengths(band: "UnstableBand | None") -> str:

    if band is None:
        return "–"
    shortest, longest = (
        6.283185307179586 / each if each else None for each in (band.wavenumber_max, band.wavenumber_min)
    )
    return f"{number(band.wavelength, 5)} ({number(shortest, 3)} to {number(longest, 3)})"
