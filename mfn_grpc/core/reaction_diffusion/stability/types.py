"""What stability analysis takes and gives."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Stepper(StrEnum):
    """Time integration: explicit Euler, classical Runge-Kutta, or diffusion implicit with reaction explicit."""

    EULER = "euler"
    RK4 = "rk4"
    SEMI_IMPLICIT = "semi_implicit"


@dataclass(frozen=True, eq=False)
class TuringSystem:
    """Two diffusing species with their kinetics linearised.

    species: names. diffusion: (Du, Dv), each >= 0, in squared length per time unit.
    steady_states: homogeneous states (u, v) where the kinetics vanish; may be empty.
    jacobians: at each of them [[fu, fv], [gu, gv]], [2, 2], per time unit.
    """

    species: tuple[str, str]
    diffusion: tuple[float, float]
    steady_states: tuple[tuple[float, float], ...]
    jacobians: tuple[NDArray[np.floating[Any]], ...]


@dataclass(frozen=True)
class UnstableBand:
    """Growing wavenumbers, in radians per length unit; between the ends there may be a gap that does not grow.

    wavenumber_fastest grows at growth_rate (per time unit) and has this wavelength. A species that does not diffuse can
    leave the band open: then wavenumber_max is inf. Where the homogeneous mode grows fastest, wavelength is inf.
    """

    wavenumber_min: float
    wavenumber_max: float
    wavenumber_fastest: float
    growth_rate: float
    wavelength: float


@dataclass(frozen=True)
class SteadyState:
    """One homogeneous steady state and what diffusion does to it.

    values: (u, v). jacobian: fu, fv, gu, gv. turing_margin: Dv fu + Du gv - 2 sqrt(Du Dv det J), NaN when det J < 0.
    critical_ratio, critical_wavelength: None when no ratio of diffusion makes the state unstable.
    continuum, grid: None when no mode grows; grid also where an edge is fixed.
    """

    values: tuple[float, float]
    jacobian: tuple[float, float, float, float]
    stable_without_diffusion: bool
    turing_unstable: bool
    turing_margin: float
    critical_ratio: float | None
    critical_wavelength: float | None
    continuum: UnstableBand | None
    grid: UnstableBand | None


@dataclass(frozen=True)
class StepLimit:
    """The largest stable dt of a stepper, inf when nothing bounds it, and whether "diffusion" or "reaction" sets it."""

    stepper: Stepper
    max_dt: float
    limited_by: str


@dataclass(frozen=True)
class StabilityReport:
    """Linear stability of a system on a grid: its steady states, the limit of every stepper, and the dt asked about."""

    species: tuple[str, str]
    steady_states: tuple[SteadyState, ...]
    step_limits: tuple[StepLimit, ...]
    dt: float
    dt_is_stable: bool
