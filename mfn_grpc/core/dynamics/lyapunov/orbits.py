"""Lyapunov exponents of maps and flows."""

from collections.abc import Sequence
from functools import cache

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.compiling import Function, jit, specialise
from mfn_grpc.core.dynamics.kernels import orbits
from mfn_grpc.core.dynamics.lyapunov.exponents import (
    LyapunovExponents,
    Schedule,
    check_count,
    first_vectors,
    measure,
)
from mfn_grpc.core.dynamics.lyapunov.systems import Flow, System, TangentMap
from mfn_grpc.core.limits import Limit, Violation
from mfn_grpc.core.pieces import Pieces

PIECE_VALUES = 1_000_000
"""Steps times numbers of the orbit in one piece: about 10 ms."""
TIME_STEP = Limit(1e-9, 1e6, "1", "time step")


def map_exponents(
    system: TangentMap,
    *,
    parameters: Sequence[float] | None = None,
    start: Sequence[float] | None = None,
    count: int | None = None,
    steps: int = 1_000_000,
    transient: int = 1_000,
    every: int = 1,
) -> Pieces[LyapunovExponents]:
    """The leading `count` exponents of a map (all by default), per iteration, by renormalised tangent vectors.

    parameters, start: the system's own by default. every: iterations between renormalisations, few enough that the
    vectors do not turn into one another to rounding. First vectors are the same random ones in every call.
    Raises InvalidInput. NaN with a reason when the orbit escapes.
    """
    schedule = Schedule(steps, transient, every)
    return _exponents(system, parameters, start, count, schedule, 1.0)


def flow_exponents(
    system: Flow,
    *,
    dt: float,
    parameters: Sequence[float] | None = None,
    start: Sequence[float] | None = None,
    count: int | None = None,
    steps: int = 1_000_000,
    transient: int = 10_000,
    every: int = 10,
) -> Pieces[LyapunovExponents]:
    """The leading `count` exponents of a flow: Runge-Kutta steps of `dt` of its variational equation.

    Otherwise as `map_exponents`. What is measured is the discrete system: its bias falls as dt^4.
    """
    schedule = Schedule(steps, transient, every)
    return _exponents(system, parameters, start, count, schedule, dt)


def _exponents(
    system: System,
    parameters: Sequence[float] | None,
    start: Sequence[float] | None,
    count: int | None,
    schedule: Schedule,
    dt: float,
) -> Pieces[LyapunovExponents]:
    dimension = len(system.start)
    at = np.asarray(system.start if start is None else start, dtype=np.float64)
    constants = np.asarray(system.parameters if parameters is None else parameters, dtype=np.float64)
    time_step = TIME_STEP.violation("dt", dt)
    faults = [*schedule.violations(), *([time_step] if time_step else [])]
    faults += _vector_violations("start", at, dimension)
    faults += _vector_violations("parameters", constants, len(system.parameters))
    vectors = dimension if count is None else count
    check_count(vectors, dimension, *faults)
    orbit = np.vstack([at, first_vectors(vectors, (dimension,))])
    orbits.renormalise(orbit[1:], np.zeros(vectors))
    work = np.empty((3, *orbit.shape))
    follow = _follow(system)

    def advance(steps: int, growth: Array) -> bool:
        follow(orbit, constants, dt, steps, schedule.every, growth, work)
        return bool(np.isfinite(orbit).all())

    return measure(advance, vectors, schedule, dt, PIECE_VALUES // orbit.size)


def _vector_violations(name: str, values: Array, length: int) -> list[Violation]:
    if values.shape != (length,) or not np.isfinite(values).all():
        return [Violation(name, str(values.tolist()), f"is {values.tolist()}, must be {length} finite numbers")]
    return []


@cache
def _follow(system: System) -> Function:
    """The compiled kernel of a system."""
    point, tangent = jit(system.point), jit(system.tangent)
    if isinstance(system, Flow):
        slopes = specialise(orbits.flow_slopes, f"slopes_{system.name}", point=point, tangent=tangent)
        advance = specialise(orbits.flow_advance, f"advance_{system.name}", slopes=slopes)
    else:
        advance = specialise(orbits.map_advance, f"advance_{system.name}", point=point, tangent=tangent)
    return specialise(orbits.follow, f"follow_{system.name}", advance=advance)
