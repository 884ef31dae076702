"""Compiling every kernel of this folder before it is needed."""

import numpy as np

from mfn_grpc.core.dynamics.kernels.indicators import INDICATORS, autoregress, surrogate_taus, window_indicators
from mfn_grpc.core.dynamics.kernels.ranks import kendall_tau
from mfn_grpc.core.dynamics.lyapunov.field import field_exponents
from mfn_grpc.core.dynamics.lyapunov.ifs import ifs_exponents
from mfn_grpc.core.dynamics.lyapunov.orbits import flow_exponents, map_exponents
from mfn_grpc.core.dynamics.lyapunov.systems import HENON, LOGISTIC, LORENZ
from mfn_grpc.core.fractals.ifs import SIERPINSKI_TRIANGLE
from mfn_grpc.core.pieces import finish
from mfn_grpc.core.reaction_diffusion import MODELS, SimulationSpec


def warm_up() -> None:
    """Compile (or load from numba's cache) every kernel, so that no call waits for the compiler."""
    warm_up_early_warning()
    warm_up_exponents()


def warm_up_early_warning() -> None:
    """The kernels of the early-warning indicators."""
    windows, window = 8, 4
    series = np.zeros(window)
    window_indicators(series, np.empty(INDICATORS))
    kendall_tau(series, np.empty(window))
    noise = np.ones((1, windows + window - 1))
    autoregress(noise, 0.0)
    surrogate_taus(
        noise,
        window,
        np.zeros(1, np.int64),
        np.ones((1, windows), np.bool_),
        np.empty((INDICATORS, windows)),
        np.empty((2, windows)),
        np.empty((1, 1)),
    )


def warm_up_exponents() -> None:
    """The kernels of the Lyapunov exponents: maps, flows, function systems, and every model's field."""
    for system in (LOGISTIC, HENON):
        finish(map_exponents(system, steps=1, transient=0))
    finish(flow_exponents(LORENZ, dt=0.01, steps=1, transient=0))
    finish(ifs_exponents(SIERPINSKI_TRIANGLE, steps=1, transient=0))
    for model in MODELS.values():
        finish(field_exponents(SimulationSpec(model(), shape=(4, 4)), steps=1, transient=0))
