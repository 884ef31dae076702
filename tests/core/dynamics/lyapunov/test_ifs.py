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


@pytest.mark.parametrize("entries", [(0.6, 0.3), (0.3, 0.6)])
def test_the_larger_exponent_comes_first_whichever_axis_it_is_along(entries: tuple[float, float]) -> None:
    system = IteratedFunctionSystem(np.array([np.diag(entries)] * 2), np.zeros((2, 2)), np.array([0.5, 0.5]))
    found = ifs_exponents(system, steps=1000)
    # The transient leaves 2^-1000 of the other direction.
    assert found.per_step == pytest.approx([math.log(0.6), math.log(0.3)], abs=1e-13)
    assert found.standard_error == pytest.approx([0, 0], abs=1e-13)


def test_maps_that_keep_the_axis_of_the_smaller_exponent_have_both() -> None:
    """Upper triangular: e1 shrinks by 0.3 for ever, and any other vector, in the end, by 0.6."""
    matrices = np.array([[[0.3, 0.1], [0.0, 0.6]], [[0.3, -0.1], [0.0, 0.6]]])
    system = IteratedFunctionSystem(matrices, np.zeros((2, 2)), np.array([0.5, 0.5]))
    found = ifs_exponents(system, steps=10_000)
    # Directions stay within 1/3 of e2: lengths are off by a factor of 1.06 at most, whatever the number of steps.
    assert found.per_step == pytest.approx([math.log(0.6), math.log(0.3)], abs=1e-5)


@pytest.mark.parametrize("place", range(4))
def test_the_probabilities_weigh_the_logarithms(place: int) -> None:
    """Similarities: both exponents are the sum of p ln r."""
    ratios, probabilities = np.array([0.9, 0.5, 0.2, 0.1]), np.full(4, 0.1)
    probabilities[place] = 0.7
    matrices = ratios[:, None, None] * np.eye(2)
    system = IteratedFunctionSystem(matrices, np.zeros((4, 2)), probabilities)
    logs = np.log(ratios)
    mean = probabilities @ logs
    spread = math.sqrt(probabilities @ np.square(logs - mean))
    found = ifs_exponents(system, steps=100_000)
    assert found.per_step == pytest.approx([mean, mean], abs=5 * spread / math.sqrt(100_000))


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


@pytest.mark.parametrize("seed", [45, 82, 133, 238, 250])
def test_a_singular_map_kills_one_direction_and_no_more(seed: int) -> None:
    """Under these seeds it is drawn early, and kills a first vector that lies along the columns."""
    found = ifs_exponents(BARNSLEY_FERN, steps=2000, transient=10, seed=seed)
    # -.3155 by 2,000,000 draws of the plain product below; over 300 seeds 2000 steps scatter by .009.
    assert found.per_step[0] == pytest.approx(-0.3155, abs=0.045)
    assert found.per_step[1] == -math.inf
    assert math.isfinite(found.standard_error[0])
    assert math.isnan(found.standard_error[1])


def test_the_leading_exponent_of_the_fern_is_that_of_a_plain_product() -> None:
    drawn = np.random.default_rng(0).choice(len(BARNSLEY_FERN.probabilities), 50_000, p=BARNSLEY_FERN.probabilities)
    vector, growth = np.array([0.6, 0.8]), 0.0
    for index in drawn:
        vector = BARNSLEY_FERN.matrices[index] @ vector
        length = np.linalg.norm(vector)
        vector, growth = vector / length, growth + math.log(length)
    # 2000 steps scatter by .009: 50,000 by .0018.
    assert ifs_exponents(BARNSLEY_FERN).per_step[0] == pytest.approx(growth / 50_000, abs=6 * 0.0018)


def skew_projection() -> np.ndarray:
    """Of rank one along no axis: its products round."""
    return np.outer([0.3, 0.7], [0.5, -0.9])


def test_a_singular_map_along_no_axis_kills_as_well() -> None:
    matrices = np.array([skew_projection(), 0.9 * np.eye(2)])
    found = ifs_exponents(IteratedFunctionSystem(matrices, np.zeros((2, 2)), np.array([0.1, 0.9])), steps=1000)
    assert math.isfinite(found.per_step[0])
    assert found.per_step[1] == -math.inf


def test_maps_whose_product_is_zero_leave_no_direction() -> None:
    nilpotent = np.array([[0.0, 0.5], [0.0, 0.0]])
    matrices = np.array([nilpotent, 0.5 * np.eye(2)])
    found = ifs_exponents(IteratedFunctionSystem(matrices, np.zeros((2, 2)), np.array([0.5, 0.5])), steps=1000)
    assert found.per_step == (-math.inf, -math.inf)


def test_a_direction_lost_in_the_transient_is_not_lost_when_measuring_begins() -> None:
    """One singular map among ten thousand: drawn in the transient, it says nothing of the steps measured after it."""
    share, seed = 1e-4, 43
    system = IteratedFunctionSystem(
        np.array([np.diag([0.5, 0.0]), np.diag([0.6, 0.3])]), np.zeros((2, 2)), np.array([share, 1 - share])
    )
    assert ifs_exponents(system, steps=300, transient=0, seed=seed).per_step[1] == -math.inf
    found = ifs_exponents(system, steps=100, transient=300, seed=seed)
    assert found.per_step == pytest.approx([math.log(0.6), math.log(0.3)], abs=1e-12)


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
