import math
from typing import Any

import numpy as np
import pytest

from mfn_grpc.core.fractals import (
    BARNSLEY_FERN,
    KOCH,
    PRESETS,
    SIERPINSKI_CARPET,
    SIERPINSKI_TRIANGLE,
    VICSEK,
    IteratedFunctionSystem,
    random_contractive,
)
from mfn_grpc.core.limits import InvalidInput

HALF: dict[str, Any] = {"matrices": [np.eye(2) / 2], "offsets": [(0, 0)], "probabilities": [1]}


def faults(**changes: Any) -> dict[str, str]:
    with pytest.raises(InvalidInput) as error:
        IteratedFunctionSystem(**HALF | changes)
    return {violation.field: violation.description for violation in error.value.violations}


@pytest.mark.parametrize(("system", "dimension"), [
    (SIERPINSKI_TRIANGLE, math.log(3) / math.log(2)),
    (SIERPINSKI_CARPET, math.log(8) / math.log(3)),
    (VICSEK, math.log(5) / math.log(3)),
    (KOCH, math.log(4) / math.log(3)),
])  # fmt: skip  # one system a line
def test_presets_are_similarities_whose_ratios_give_the_dimension_of_the_textbook(
    system: IteratedFunctionSystem, dimension: float
) -> None:
    """Moran's equation: the sum of ratio^D over the maps is 1."""
    ratios = []
    for matrix in system.matrices:
        largest, smallest = np.linalg.svd(matrix, compute_uv=False)
        assert largest == pytest.approx(smallest)
        ratios.append(largest)
    assert sum(ratio**dimension for ratio in ratios) == pytest.approx(1)
    assert system.probabilities == pytest.approx(1 / system.maps)


def test_the_koch_curve_is_four_pieces_in_a_row_from_one_end_to_the_other() -> None:
    starts = KOCH.offsets
    ends = KOCH.matrices @ [1.0, 0.0] + KOCH.offsets
    np.testing.assert_allclose(starts, [(0, 0), *ends[:-1].tolist()], atol=1e-15)
    np.testing.assert_allclose(ends[-1], (1, 0))
    np.testing.assert_allclose(ends[1], (0.5, math.sqrt(3) / 6))


def test_the_fern_is_barnsleys() -> None:
    assert BARNSLEY_FERN.probabilities.tolist() == [0.01, 0.85, 0.07, 0.07]
    # The tip is the fixed point of the second map.
    tip = np.linalg.solve(np.eye(2) - BARNSLEY_FERN.matrices[1], BARNSLEY_FERN.offsets[1])
    np.testing.assert_allclose(tip, (2.6556, 9.9585), atol=1e-4)


def test_every_preset_has_its_name() -> None:
    assert {
        "sierpinski_triangle": SIERPINSKI_TRIANGLE,
        "sierpinski_carpet": SIERPINSKI_CARPET,
        "vicsek": VICSEK,
        "koch": KOCH,
        "barnsley_fern": BARNSLEY_FERN,
    } == PRESETS


@pytest.mark.parametrize("maps", [1, 2, 7, 256])
def test_random_systems_contract_in_every_direction_and_are_those_of_their_seed(maps: int) -> None:
    system = random_contractive(3, maps)
    stretches = np.linalg.svd(system.matrices, compute_uv=False)
    assert stretches.shape == (maps, 2)
    assert stretches.min() >= 0.2 - 1e-12
    assert stretches.max() < 0.7
    assert system.probabilities == pytest.approx(np.abs(np.linalg.det(system.matrices)) / stretches.prod(axis=1).sum())
    np.testing.assert_array_equal(random_contractive(3, maps).matrices, system.matrices)
    assert not np.array_equal(random_contractive(4, maps).matrices, system.matrices)


def test_random_systems_turn_and_reflect() -> None:
    matrices = random_contractive(0, 200).matrices
    reflected = np.linalg.det(matrices) < 0
    assert 60 < reflected.sum() < 140
    assert np.abs(matrices[:, 0, 1]).min() > 0


@pytest.mark.parametrize(("changes", "field"), [
    ({"matrices": np.eye(2)}, "matrices"),
    ({"matrices": 3.0}, "matrices"),
    ({"matrices": np.empty((0, 2, 2)), "offsets": np.empty((0, 2)), "probabilities": []}, "matrices"),
    ({"offsets": [(0, 0), (1, 1)]}, "offsets"),
    ({"probabilities": [0.5, 0.5]}, "probabilities"),
    ({"matrices": [np.full((2, 2), np.nan)]}, "matrices"),
    ({"offsets": [(np.inf, 0)]}, "offsets"),
    ({"probabilities": [0.9]}, "probabilities"),
    ({"probabilities": [-1.0]}, "probabilities"),
    ({"matrices": [np.eye(2)]}, "matrices"),
])  # fmt: skip  # one fault a line
def test_what_is_no_system_is_refused(changes: dict[str, Any], field: str) -> None:
    assert set(faults(**changes)) == {field}


def test_every_fault_is_named() -> None:
    bad = {"matrices": [np.full((2, 2), np.nan)], "offsets": [(np.nan, 0)], "probabilities": [np.inf]}
    assert set(faults(**bad)) == {"matrices", "offsets", "probabilities"}
    assert set(faults(offsets=[0], probabilities=[[1]])) == {"offsets", "probabilities"}


def test_a_map_may_expand_when_the_others_make_up_for_it() -> None:
    matrices = [np.eye(2) * 1.5, np.eye(2) * 0.1]
    system = IteratedFunctionSystem(matrices, [(0, 0), (1, 1)], [0.5, 0.5])  # type: ignore[arg-type]  # lists are taken
    assert system.contraction == pytest.approx(math.log(1.5 * 0.1) / 2)
    assert (
        "less than 1"
        in faults(matrices=[np.eye(2) * 1.5, np.eye(2) * 0.9], offsets=[(0, 0)] * 2, probabilities=[0.5] * 2)[
            "matrices"
        ]
    )


def test_a_system_cannot_be_changed_from_outside() -> None:
    matrices = np.array([np.eye(2) / 2])
    system = IteratedFunctionSystem(matrices, np.zeros((1, 2)), np.ones(1))
    matrices[0, 0, 0] = 7
    assert system.matrices[0, 0, 0] == 0.5
    with pytest.raises(ValueError, match="read-only"):
        system.matrices[0, 0, 0] = 7


@pytest.mark.parametrize(
    ("seed", "maps", "field"), [(-1, 2, "seed"), (2**63, 2, "seed"), (0, 0, "maps"), (0, 257, "maps")]
)
def test_random_systems_have_limits(seed: int, maps: int, field: str) -> None:
    with pytest.raises(InvalidInput, match=field):
        random_contractive(seed, maps)
