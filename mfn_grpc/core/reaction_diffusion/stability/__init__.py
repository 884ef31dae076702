"""Linear stability of homogeneous steady states: what diffusion destabilises, and which time steps are stable.

Pure functions of a TuringSystem: the models supply their steady states and Jacobians, nothing else. Sources: Turing
1952; Murray 2003, volume II, chapter 2; Cross & Hohenberg 1993.
"""

from collections.abc import Sequence

from mfn_grpc.core.reaction_diffusion.stability.bands import continuum_band, grid_band
from mfn_grpc.core.reaction_diffusion.stability.dispersion import Dispersion, dispersion, growth_rate
from mfn_grpc.core.reaction_diffusion.stability.steps import largest_stable_dt
from mfn_grpc.core.reaction_diffusion.stability.turing import (
    critical_ratio,
    critical_wavelength,
    is_turing_unstable,
    turing_margin,
)
from mfn_grpc.core.reaction_diffusion.stability.types import (
    StabilityReport,
    SteadyState,
    StepLimit,
    Stepper,
    TuringSystem,
    UnstableBand,
)

__all__ = [
    "Dispersion",
    "StabilityReport",
    "SteadyState",
    "StepLimit",
    "Stepper",
    "TuringSystem",
    "UnstableBand",
    "analyze",
    "continuum_band",
    "critical_ratio",
    "critical_wavelength",
    "dispersion",
    "grid_band",
    "growth_rate",
    "is_turing_unstable",
    "largest_stable_dt",
    "turing_margin",
]


def analyze(
    system: TuringSystem,
    *,
    shape: Sequence[int],
    spacing: Sequence[float],
    boundary_kinds: Sequence[str],
    dt: float,
    stepper: Stepper,
) -> StabilityReport:
    """Everything known about the linear stability of a system on a grid, at a dt and for a stepper.

    shape, spacing (length units) and boundary_kinds ("periodic", "no_flux" or "fixed") have one entry an axis; with a
    fixed axis the modes are not those of the homogeneous state, and the grid bands are None.
    """
    grid = None if "fixed" in boundary_kinds else (shape, spacing, boundary_kinds)
    limits = {each: largest_stable_dt(system, spacing, each) for each in Stepper}
    return StabilityReport(
        species=system.species,
        steady_states=tuple(
            _steady_state(values, dispersion(jacobian, system.diffusion), grid)
            for values, jacobian in zip(system.steady_states, system.jacobians, strict=True)
        ),
        step_limits=tuple(limits.values()),
        dt=dt,
        dt_is_stable=dt <= limits[stepper].max_dt,
    )


def _steady_state(
    values: tuple[float, float],
    relation: Dispersion,
    grid: tuple[Sequence[int], Sequence[float], Sequence[str]] | None,
) -> SteadyState:
    return SteadyState(
        values=values,
        jacobian=(relation.fu, relation.fv, relation.gu, relation.gv),
        stable_without_diffusion=relation.stable_without_diffusion,
        turing_unstable=is_turing_unstable(relation),
        turing_margin=turing_margin(relation),
        critical_ratio=critical_ratio(relation),
        critical_wavelength=critical_wavelength(relation),
        continuum=continuum_band(relation),
        grid=None if grid is None else grid_band(relation, *grid),
    )
