"""Every door of the core refuses a count or a seed with a fraction in words, before anything trips over it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mfn_grpc.core.dynamics import (
    HENON,
    EarlyWarningMonitor,
    EarlyWarningOptions,
    field_exponents,
    ifs_exponents,
    map_exponents,
)
from mfn_grpc.core.features import FeatureStream, Thresholds
from mfn_grpc.core.fractals import (
    SIERPINSKI_TRIANGLE,
    BoxCountOptions,
    FractalOptions,
    NullOptions,
    analyze,
    chaos_game,
    random_contractive,
    rasterize,
    substitution,
)
from mfn_grpc.core.learning import sparse_attention, training_cycle
from mfn_grpc.core.limits import InvalidInput
from mfn_grpc.core.pieces import finish
from mfn_grpc.core.reaction_diffusion import GrayScott, SimulationSpec, validate

HALF: Any = 8.5
WITH_POINT: Any = 8.0
CELLS = np.eye(16, dtype=np.bool_)
SMALL = SimulationSpec(GrayScott(), shape=(8, 8))

DOORS: dict[str, tuple[Callable[[Any], Any], list[str]]] = {
    "null comparison": (
        lambda n: finish(analyze(CELLS, FractalOptions(null_comparison=NullOptions(samples=n, seed=n)))),
        ["null_comparison.samples", "null_comparison.seed"],
    ),
    "box count": (
        lambda n: finish(analyze(CELLS, FractalOptions(box_count=BoxCountOptions(min_box_edge_cells=n)))),
        ["box_count.min_box_edge_cells"],
    ),
    "lacunarity": (
        lambda n: finish(analyze(CELLS, FractalOptions(lacunarity_box_edges_cells=(n,)))),
        ["lacunarity_box_edges_cells[0]"],
    ),
    "chaos game": (lambda n: chaos_game(SIERPINSKI_TRIANGLE, n, n), ["points", "seed"]),
    "random system": (lambda n: random_contractive(n, n), ["seed", "maps"]),
    "substitution": (lambda n: substitution(((True, False), (True, True)), n), ["depth"]),
    "raster": (lambda n: rasterize(np.zeros((1, 2)), (n, 8), (0.0, 0.0), (1.0, 1.0)), ["shape[0]"]),
    "early warning": (
        lambda n: EarlyWarningMonitor(EarlyWarningOptions(window_frames=n, surrogates=n, seed=n, trend_frames=10 + n)),
        ["window_frames", "surrogates", "seed", "trend_frames"],
    ),
    "map exponents": (
        lambda n: map_exponents(HENON, steps=n, transient=n, every=n, count=n - 7),
        ["steps", "transient", "every", "count"],
    ),
    "function system": (lambda n: ifs_exponents(SIERPINSKI_TRIANGLE, steps=n, seed=n), ["steps", "seed"]),
    "field exponents": (lambda n: field_exponents(SMALL, n), ["count"]),
    "simulation": (
        lambda n: validate(SimulationSpec(GrayScott(), steps=n, seed=n, shape=(n, 8))),
        ["grid.shape[0]", "steps", "seed"],
    ),
    "feature stream": (lambda n: FeatureStream((n, 8), Thresholds()), ["shape[0]"]),
    "training cycle": (lambda n: finish(training_cycle(n)), ["seed"]),
    "attention": (lambda n: sparse_attention(np.eye(9), np.eye(9), np.eye(9), k=n), ["k"]),
}


@pytest.mark.parametrize("number", [HALF, WITH_POINT])
@pytest.mark.parametrize("door", DOORS)
def test_a_number_that_is_not_whole_is_refused_by_name(door: str, number: Any) -> None:
    enter, fields = DOORS[door]
    with pytest.raises(InvalidInput) as caught:
        enter(number)
    assert {violation.field for violation in caught.value.violations} == set(fields)
    assert all("must be a whole number" in violation.description for violation in caught.value.violations)
