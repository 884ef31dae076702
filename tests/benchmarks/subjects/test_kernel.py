import ctypes
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.measuring.rows import Result
from benchmarks.stencils.c_stencil import CStencil, compiled
from benchmarks.stencils.numpy_loop import RollLoop
from benchmarks.subjects import kernel
from mfn_grpc.core.reaction_diffusion import GrayScott, Precision, Schnakenberg, Simulation, SimulationSpec

SHAPE = 24, 37  # two lengths, neither a multiple of a vector
STEPS = 200
ROUNDING = 1e-12  # a few units in the last place a step, which C may contract to fused multiply-adds; nothing amplifies


@pytest.fixture(scope="module")
def library(require_tool: Callable[[str, str], Path]) -> Iterator[ctypes.CDLL]:
    require_tool("gcc", "apt-get install gcc")
    with compiled() as loaded:
        yield loaded


def simulation(**spec: Any) -> Simulation:
    defaults: dict[str, Any] = {"model": GrayScott(), "steps": 1000, "shape": SHAPE}
    return Simulation(SimulationSpec(**(defaults | spec)))


def test_the_c_stencil_and_our_kernel_agree_to_rounding(library: ctypes.CDLL) -> None:
    ours, theirs = simulation(), simulation()
    before = ours.state.copy()
    stencil = CStencil(library, theirs)
    ours.advance(1 + STEPS)
    stencil.advance(STEPS)
    assert np.abs(ours.state - before).max() > 0.01
    np.testing.assert_allclose(theirs.state, ours.state, rtol=0, atol=ROUNDING)


def test_c_and_our_kernel_can_take_turns_in_one_simulation(library: ctypes.CDLL) -> None:
    alone, shared = simulation(), simulation()
    stencil = CStencil(library, shared)
    stencil.advance(20)
    shared.advance(20)
    stencil.advance(20)
    alone.advance(61)
    np.testing.assert_allclose(shared.state, alone.state, rtol=0, atol=ROUNDING)


def test_an_odd_number_of_steps_is_refused_in_c(library: ctypes.CDLL) -> None:
    with pytest.raises(ValueError, match="must be even"):
        CStencil(library, simulation()).advance(3)


@pytest.mark.parametrize("spec", [{"model": Schnakenberg(), "dt": 0.01}, {"precision": Precision.FLOAT32}])
def test_c_refuses_what_it_does_not_compute(library: ctypes.CDLL, spec: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="Gray-Scott in float64 only"):
        CStencil(library, simulation(**spec))


def test_the_numpy_loop_and_our_kernel_agree_to_rounding() -> None:
    ours = simulation()
    loop = RollLoop(GrayScott(), ours.spec.time_step, ours.state)
    ours.advance(STEPS)
    loop.advance(STEPS)
    np.testing.assert_allclose([loop.u, loop.v], ours.state, rtol=0, atol=ROUNDING)


def test_each_edge_has_a_row_against_c_and_one_against_numpy(
    library: ctypes.CDLL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel, "EDGES", (16, 20))
    monkeypatch.setattr(kernel, "CELLS", {True: 10_000, False: 10_000})
    rows = list(kernel.measure(True))
    assert [(row.what.split()[0], row.against) for row in rows] == [
        ("16", "C stencil"),
        ("16", "np.roll loop"),
        ("20", "C stencil"),
        ("20", "np.roll loop"),
    ]
    assert all(row.value is not None and row.value > 0 for row in rows)
    assert [row.bar for row in rows] == [kernel.AGAINST_C, None] * 2


def test_without_a_compiler_the_row_says_so_and_numpy_is_still_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "EDGES", (16,))
    monkeypatch.setattr(kernel, "CELLS", {True: 10_000, False: 10_000})
    monkeypatch.setattr(kernel, "compiler", lambda: None)
    against_c, against_numpy = kernel.measure(True)
    assert against_c.result is Result.SKIPPED
    assert "gcc" in against_c.skipped
    assert against_numpy.result is Result.NO_BAR
