from dataclasses import replace
from typing import Any

import numpy as np

from mfn_grpc.core.dynamics import (
    HENON,
    LOGISTIC,
    LORENZ,
    EarlyWarningMonitor,
    EarlyWarningOptions,
    field_exponents,
    flow_exponents,
    ifs_exponents,
    map_exponents,
    warm_up,
)
from mfn_grpc.core.dynamics.kernels import indicators, linearised, orbits, ranks
from mfn_grpc.core.dynamics.lyapunov.linearised import _kernel
from mfn_grpc.core.dynamics.lyapunov.orbits import _follow
from mfn_grpc.core.features import FEATURE_NAMES, Features
from mfn_grpc.core.fractals.ifs import random_contractive
from mfn_grpc.core.pieces import finish
from mfn_grpc.core.reaction_diffusion import MODELS, Precision, SimulationSpec
from tests.core.reaction_diffusion.cases import NO_FLUX


def kernels() -> dict[str, Any]:
    """Every compiled function of the folder."""
    modules = (indicators, linearised, orbits, ranks)
    found = {name: value for module in modules for name, value in vars(module).items() if hasattr(value, "py_func")}
    found |= {f"step {name}": _kernel(model) for name, model in MODELS.items()}
    return found | {f"follow {system.name}": _follow(system) for system in (LOGISTIC, HENON, LORENZ)}


def use_everything() -> None:
    finish(map_exponents(LOGISTIC, steps=20))
    finish(map_exponents(HENON, count=1, parameters=[1.2, 0.3], steps=20))
    finish(flow_exponents(LORENZ, dt=0.001, count=2, steps=20, transient=0))
    finish(ifs_exponents(random_contractive(1, 3), steps=20))
    for model in MODELS.values():
        spec = SimulationSpec(model(), shape=(5, 6), precision=Precision.FLOAT32, boundaries=(NO_FLUX, NO_FLUX))
        finish(field_exponents(spec, 3, steps=2, transient=1))
        finish(field_exponents(replace(spec, precision=Precision.FLOAT64), 3, steps=2, transient=1))
    options = EarlyWarningOptions(features=FEATURE_NAMES, window_frames=9, detrend_bandwidth_frames=1.0, surrogates=3)
    monitor, rng = EarlyWarningMonitor(options), np.random.default_rng(0)
    for _ in range(40):
        monitor.add(Features(*rng.standard_normal(len(FEATURE_NAMES))))
    assert len(finish(monitor.report())) == 3 * len(FEATURE_NAMES)


def test_after_warming_up_nothing_compiles() -> None:
    warm_up()
    before = {name: kernel.signatures for name, kernel in kernels().items()}
    use_everything()
    assert {name: kernel.signatures for name, kernel in kernels().items()} == before


def test_every_kernel_releases_the_gil_and_keeps_ieee_arithmetic() -> None:
    for kernel in kernels().values():
        assert kernel.targetoptions["nogil"] is True
        assert kernel.targetoptions["error_model"] == "numpy"
        assert not kernel.targetoptions.get("fastmath")
