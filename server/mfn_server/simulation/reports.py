"""What the service tells of models, stability and finished runs, as messages."""

import math
from dataclasses import fields
from typing import Any

import numpy as np

from mfn_grpc.core.bands import bands
from mfn_grpc.core.features import Measured
from mfn_grpc.core.limits import Limit, limits_of
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.reaction_diffusion import Model, Mycelium, Simulation, Species, StabilityReport
from mfn_grpc.core.reaction_diffusion import stability as core
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_server.features.options import Watch
from mfn_server.features.reports import encode_features, encode_undefined

BAND_CELLS = 2**17
"""Cells summed in one piece, 1 MiB of deviations: a few nanoseconds each."""
POTENTIAL = 0
"""Place of the potential among the species of the mycelium."""


def encode_model(model: type[Model]) -> pb.Model:
    """A model's entry in ListModels."""
    limits = limits_of(model)
    defaults: dict[str, Any] = {field.name: field.default for field in fields(model)}
    parameters = [_parameter(name, default, limits[name]) for name, default in defaults.items()]
    return pb.Model(
        name=model.name,
        title=model.title,
        equations=model.equations,
        reference=model.reference,
        species=[pb.Species(name=species.name, unit=species.unit) for species in model.species],
        parameters=parameters,
        default_dt=model.default_dt,
    )


def encode_stability(report: StabilityReport) -> pb.StabilityReport:
    """A stability analysis."""
    return pb.StabilityReport(
        species=report.species,
        steady_states=[_steady_state(state) for state in report.steady_states],
        step_limits=[_step_limit(limit) for limit in report.step_limits],
        dt=report.dt,
        dt_is_stable=report.dt_is_stable,
    )


def summarise(simulation: Simulation, stop_reason: pb.StopReason, compute_seconds: float) -> Pieces[pb.Summary]:
    """The summary of a run at its present step."""
    spec, species = simulation.spec, list[pb.SpeciesSummary]()
    for each, field in zip(spec.model.species, simulation.state, strict=True):
        species.append((yield from _statistics(each, field)))
    summary = pb.Summary(
        stop_reason=stop_reason,
        steps_done=simulation.step - spec.first_step,
        species=species,
        compute_seconds=compute_seconds,
    )
    if isinstance(spec.model, Mycelium):
        summary.mycelium.CopyFrom(_mycelium(species[0], simulation.growth_events))
    return summary


def add_features(summary: pb.Summary, measured: Measured, watch: Watch) -> None:
    """The features of a run so far, in its summary."""
    summary.features.CopyFrom(encode_features(measured.features))
    summary.undefined_features.extend(encode_undefined(each) for each in measured.undefined)
    if summary.HasField("mycelium") and watch.species == POTENTIAL:
        summary.mycelium.fractal_dimension = measured.features.d_box


def _parameter(name: str, default: float, limit: Limit) -> pb.Parameter:
    return pb.Parameter(
        name=name,
        description=limit.description,
        default_value=float(default),
        min=limit.minimum,
        max=limit.maximum,
        unit=limit.unit,
        is_switch=isinstance(default, bool),
    )


def _statistics(species: Species, field: np.ndarray[Any, np.dtype[Any]]) -> Pieces[pb.SpeciesSummary]:
    lowest, highest, total, squares = math.inf, -math.inf, 0.0, 0.0
    for rows in bands(field.shape, BAND_CELLS):
        if rows.start:
            yield
        part = field[rows]
        lowest, highest = min(lowest, float(part.min())), max(highest, float(part.max()))
        total += float(part.sum(dtype=np.float64))
    mean = total / field.size
    for rows in bands(field.shape, BAND_CELLS):
        if rows.start:
            yield
        squares += float(np.square(np.subtract(field[rows], mean, dtype=np.float64)).sum())
    std = math.sqrt(squares / field.size)
    return pb.SpeciesSummary(name=species.name, unit=species.unit, min=lowest, max=highest, mean=mean, std=std)


def _mycelium(potential: pb.SpeciesSummary, growth_events: int) -> pb.MyceliumSummary:
    return pb.MyceliumSummary(
        growth_events=growth_events,
        pot_min_mv=potential.min,
        pot_max_mv=potential.max,
        pot_mean_mv=potential.mean,
        pot_std_mv=potential.std,
    )


def _steady_state(state: core.SteadyState) -> pb.SteadyState:
    return pb.SteadyState(
        values=state.values,
        jacobian=np.ravel(state.jacobian),
        stable_without_diffusion=state.stable_without_diffusion,
        turing_unstable=state.turing_unstable,
        turing_margin=state.turing_margin,
        critical_ratio=state.critical_ratio,
        critical_wavelength=state.critical_wavelength,
        continuum=_band(state.continuum),
        grid=_band(state.grid),
    )


def _band(band: core.UnstableBand | None) -> pb.UnstableBand | None:
    return None if band is None else pb.UnstableBand(**vars(band))


def _step_limit(limit: core.StepLimit) -> pb.StepLimit:
    stepper = f"STEPPER_{limit.stepper.name}"
    return pb.StepLimit(stepper=stepper, max_dt=limit.max_dt, limited_by=limit.limited_by)
