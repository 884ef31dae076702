import math
from typing import Any

import numpy as np
import pytest

from mfn_grpc.core.dynamics import LyapunovExponents
from mfn_grpc.core.dynamics import ifs_exponents as ifs_pieces
from mfn_grpc.core.fractals.ifs import (
    BARNSLEY_FERN,
    KOCH,
    SIERPINSKI_CARPET,
    SIERPINSKI_TRIANGLE,
    VICSEK,
    IteratedFunctionSystem,
    random_contractive,
)
from mfn_grpc.core.limits import InvalidInput
from mfn_grpc.core.pieces import finish


def ifs_exponents(system: IteratedFunctionSystem, **settings: Any) -> LyapunovExponents:
    return finish(ifs_pieces(system, **settings))


def mean_log_determinant(system: IteratedFunctionSystem) -> float:
    """The famous wrong estimator: the sum of both exponents, taken for one of them."""
    return float(system.probabilities @ np.log(np.abs(np.linalg.det(system.matrices))))


@pytest.mark.parametrize(
    ("system", "ratio"), [(SIERPINSKI_TRIANGLE, 2), (SIERPINSKI_CARPET, 3), (VICSEK, 3), (KOCH, 3)]
)
def test_similarities_shrink_every_vector_by_their_ratio(system: IteratedFunctionSystem, ratio: int) -> None:
    found = ifs_exponents(system, steps=10_000)
    # Rotations of Koch's curve round at every step; the rest is exact.
    assert found.per_step == pytest.approx([-math.log(ratio)] * 2, abs=1e-13)
    assert found.per_time == found.per_step


def test_the_mean_log_determinant_is_twice_the_exponent() -> None:
    wrong = mean_log_determinant(SIERPINSKI_TRIANGLE)
    found = ifs_exponents(SIERPINSKI_TRIANGLE, steps=1000).per_step
    assert wrong == pytest.approx(-2 * math.log(2), rel=1e-14)
    assert wrong == pytest.approx(sum(found), rel=1e-13)
    assert abs(wrong - found[0]) > 0.69


@pytest.mark.parametrize("seed", range(5))
def test_both_exponents_add_up_to_the_mean_log_determinant(seed: int) -> None:
    system = random_contractive(seed, 4)
    found = ifs_exponents(system, steps=100_000, seed=seed)
    logs = np.log(np.abs(np.linalg.det(system.matrices)))
    spread = math.sqrt(system.probabilities @ np.square(logs - system.probabilities @ logs))
    # The orbit's own draws scatter around the mean.
    assert sum(found.per_step) == pytest.approx(mean_log_determinant(system), abs=5 * spread / math.sqrt(100_000))
    assert found.per_step[0] > found.per_step[1]
    assert found.per_step[0] < system.contraction + 1e-12


def test_diagonal_maps_have_the_mean_logarithms_of_their_entries() -> None:
    matrices = np.array([np.diag([0.9, 0.1]), np.diag([0.3, -0.5])])
    system = IteratedFunctionSystem(matrices, np.zeros((2, 2)), np.array([0.25, 0.75]))
    expected = [0.25 * math.log(0.9) + 0.75 * math.log(0.3), 0.25 * math.log(0.1) + 0.75 * math.log(0.5)]
    found = ifs_exponents(system, steps=400_000)
    # Standard deviations of the logarithms are below 0.75: five standard errors.
    assert found.per_step == pytest.approx(expected, abs=5 * 0.75 / math.sqrt(400_000))
    assert all(error < 0.75 / math.sqrt(400_000) * 2 for error in found.standard_error)


def test_a_plain_product_of_matrices_agrees() -> None:
    system = random_contractive(3, 3)
    drawn = np.random.default_rng(0).choice(3, 300, p=system.probabilities)
    product = np.eye(2)
    for index in drawn:
        product = system.matrices[index] @ product
    expected = np.log(np.linalg.svd(product, compute_uv=False)) / 300
    found = ifs_exponents(system, steps=100_000)
    # 300 draws scatter by about 0.3 / sqrt(300); the second singular value is lost to rounding.
    assert found.per_step[0] == pytest.approx(expected[0], abs=0.1)


def test_a_singular_map_kills_one_direction() -> None:
    found = ifs_exponents(BARNSLEY_FERN, steps=10_000)
    assert math.isfinite(found.per_step[0])
    assert found.per_step[1] == -math.inf
    assert math.isnan(found.standard_error[1])


def test_the_seed_decides_the_orbit() -> None:
    system = random_contractive(0, 3)
    one, same, other = (ifs_exponents(system, steps=1000, seed=seed).per_step for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_pauses_change_nothing_but_the_time() -> None:
    assert sum(1 for _ in ifs_pieces(SIERPINSKI_TRIANGLE, steps=1_000_000)) >= 5


def test_every_fault_is_named() -> None:
    with pytest.raises(InvalidInput) as caught:
        ifs_exponents(SIERPINSKI_TRIANGLE, steps=0, transient=-1, seed=-1)
    assert [violation.field for violation in caught.value.violations] == ["steps", "transient", "seed"]
