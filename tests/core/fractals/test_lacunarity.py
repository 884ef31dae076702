import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mfn_grpc.core.fractals import lacunarity
from mfn_grpc.core.pieces import finish
from tests.core.fractals.cases import Array, carpet, faults, noise

ROUNDING = 1e-10  # variances of up to a hundred masses, taken about a shift close to their mean
shapes = arrays.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=10)
fields = st.one_of(
    arrays.arrays(np.bool_, shapes),
    arrays.arrays(np.uint8, shapes),
    arrays.arrays(np.float64, shapes, elements=st.floats(0, 1, width=32)),
)


def values(mass: Array, *edges: int) -> list[float]:
    return [point.lacunarity for point in finish(lacunarity(mass, edges))]


def by_loop(mass: Array, edge: int) -> float:
    rows, cols = (side - edge + 1 for side in mass.shape)
    boxes = [float(mass[i : i + edge, j : j + edge].astype(float).sum()) for i in range(rows) for j in range(cols)]
    mean = np.mean(boxes)
    return float(1 + np.var(boxes) / mean**2) if mean > 0 else math.nan


@given(fields)
def test_lacunarity_is_that_of_a_plain_loop_at_every_edge(mass: Array) -> None:
    edges = range(1, min(mass.shape) + 1)
    np.testing.assert_allclose(values(mass, *edges), [by_loop(mass, e) for e in edges], rtol=ROUNDING)


@pytest.mark.parametrize("share", [0.01, 0.3, 1.0])
def test_at_edge_1_it_is_one_over_the_share_of_the_cells(share: float) -> None:
    mask = noise(300, share)
    assert values(mask, 1) == pytest.approx([1 / mask.mean()], rel=1e-12)


def test_gliding_boxes_of_a_random_set_follow_the_binomial_distribution() -> None:
    """1 + (1 - p) / (p r^2); tolerance: the scatter of 1000^2 cells, a few per cent of the excess."""
    edges = 1, 2, 4, 8
    expected = [1 + 0.8 / (0.2 * edge**2) for edge in edges]
    excess = np.array(values(noise(1000, 0.2), *edges)) - 1
    np.testing.assert_allclose(excess, np.array(expected) - 1, rtol=0.03)


def test_a_set_with_gaps_of_all_sizes_stays_lacunar_where_noise_of_its_density_does_not() -> None:
    mask = carpet(5)
    assert values(mask, 27)[0] > 10 * (values(noise(243, mask.mean()), 27)[0] - 1) + 1


def test_a_uniform_field_is_not_lacunar_even_when_its_masses_are_large() -> None:
    assert values(np.full((50, 50), 1e200), 1, 7, 50) == pytest.approx([1, 1, 1], abs=1e-12)
    assert values(np.ones((50, 50), np.bool_), 1, 7, 50) == [1, 1, 1]


@pytest.mark.parametrize("other", [0.2, 0.3, 0.7])
def test_stripes_are_not_lacunar_at_boxes_that_hold_whole_ones(other: float) -> None:
    """All boxes hold one mass. Squares that are not taken about it add up their roundings, to 2e-14 here."""
    stripes = np.ones((500, 2000))
    stripes[:, ::2] = other
    assert values(stripes, 2, 4, 6) == pytest.approx([1, 1, 1], abs=1e-15)


def test_a_box_as_large_as_the_field_has_no_variance() -> None:
    assert values(noise(20, 0.5), 20) == [1]


def test_nothing_has_no_lacunarity() -> None:
    assert all(math.isnan(value) for value in values(np.zeros((5, 5), np.bool_), 1, 5))
    assert math.isnan(values(np.zeros((1, 1)), 1)[0])


def test_no_edges_give_no_points() -> None:
    assert finish(lacunarity(noise(5, 0.5), ())) == ()


def test_the_sums_of_large_full_sets_are_exact() -> None:
    mask = np.ones((8192, 1024), np.bool_)
    mask[0, 0] = False
    assert values(mask, 1)[0] == pytest.approx(mask.size / (mask.size - 1), rel=1e-15)
    assert values(mask, 1024)[0] == pytest.approx(1, abs=1e-12)


def test_large_fields_are_worked_on_in_pieces() -> None:
    assert sum(1 for _ in lacunarity(np.ones((8192, 1024), np.bool_), (2, 3))) >= 6


@pytest.mark.parametrize(("mass", "edges", "expected"), [
    (np.ones((4, 6)), (5,), {"lacunarity_box_edges_cells[0]"}),
    (np.ones((4, 6)), (0, 2), {"lacunarity_box_edges_cells[0]"}),
    (np.ones((4, 6)), (1, 3, 3), {"lacunarity_box_edges_cells[2]"}),
    (np.ones((4, 6)), (3, 1, 9), {"lacunarity_box_edges_cells[1]", "lacunarity_box_edges_cells[2]"}),
    (np.ones((99, 99)), tuple(range(1, 66)), {"lacunarity_box_edges_cells"}),
    (np.ones((4, 6)), (1.0,), {"lacunarity_box_edges_cells[0]"}),
    (np.array([[1.0, math.nan, -1.0]]), (1,), {"array.data"}),
    (np.array([["1", "2"]]), (1,), {"array.element_type"}),
    (np.ones((2, 2), np.complex128), (1,), {"array.element_type"}),
    (np.ones((2, 2), object), (1,), {"array.element_type"}),
    (np.ones((2, 2), "datetime64[s]"), (1,), {"array.element_type"}),
    (np.ones((2, 2, 2)), (1,), {"array.shape"}),
    (np.ones((0, 2)), (1,), {"array.shape[0]"}),
])  # fmt: skip  # one fault a line
def test_what_has_no_lacunarity_is_refused(mass: Any, edges: tuple[int, ...], expected: set[str]) -> None:
    assert set(faults(lacunarity(mass, edges))) == expected
