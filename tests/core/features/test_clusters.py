"""Clusters against a flood fill."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mfn_grpc.core.features import clusters
from mfn_grpc.core.features.clusters import Clusters, find_clusters
from mfn_grpc.core.pieces import finish
from tests.core.features.oracles import CORNERS, SIDES, Array, cluster_sizes


def found(picture: Array) -> Clusters:
    return finish(find_clusters(picture))


def drawn(*rows: str) -> Array:
    return np.array([[character == "#" for character in row] for row in rows])


def of_sizes(sizes: list[int]) -> Clusters:
    return Clusters(len(sizes), sum(sizes), max(sizes, default=0), sum(size * size for size in sizes))


MAZE = drawn(
    "#######",
    "#.....#",
    "#.###.#",
    "#.#.#.#",
    "#...#.#",
    "#####.#",
    "......#",
)


@pytest.mark.parametrize(
    ("picture", "sizes"),
    [
        (drawn("..", ".."), []),
        (drawn("#"), [1]),
        (drawn("##", "##"), [4]),
        (drawn("#.", ".#"), [1, 1]),
        (drawn("#.#", "###", "..."), [5]),
        (drawn("##.#", "...#", "#..#"), [1, 2, 3]),
        (drawn("#..#"), [1, 1]),
        (MAZE, [28]),
    ],
)
def test_known_pictures_have_known_clusters(picture: Array, sizes: list[int]) -> None:
    assert cluster_sizes(picture) == sizes
    assert found(picture) == of_sizes(sizes)


PICTURES = arrays.arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12)))


@given(PICTURES)
def test_any_picture_has_the_clusters_of_a_flood_fill(picture: Array) -> None:
    assert found(picture) == of_sizes(cluster_sizes(picture))


@pytest.mark.parametrize("cells", [1, 40, 120, 1000])
@pytest.mark.parametrize("density", [0.2, 0.59, 0.8])
def test_strips_leave_no_trace(density: float, cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = np.random.default_rng(5).random((30, 40)) < density
    monkeypatch.setattr(clusters, "STRIP_CELLS", cells)
    assert found(picture) == of_sizes(cluster_sizes(picture))


def test_a_cluster_that_winds_through_many_strips_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "STRIP_CELLS", 7)
    assert found(MAZE) == of_sizes(cluster_sizes(MAZE))


def test_large_pictures_come_in_pieces() -> None:
    pieces = find_clusters(np.ones((2048, 2048), bool))
    assert sum(1 for _ in pieces) > 2


@given(PICTURES)
def test_turning_and_mirroring_change_nothing(picture: Array) -> None:
    assert found(np.rot90(picture)) == found(picture[::-1]) == found(picture.T) == found(picture)


def test_the_spread_of_sizes_is_that_of_numpy_and_undefined_without_any() -> None:
    assert of_sizes([1, 2, 3, 10]).size_std == pytest.approx(float(np.std([1, 2, 3, 10])), rel=1e-15)
    assert of_sizes([4]).size_std == 0.0
    assert math.isnan(of_sizes([]).size_std)


def test_counting_corners_as_neighbours_would_join_a_chessboard() -> None:
    board = np.indices((8, 8)).sum(axis=0) % 2 == 0
    assert cluster_sizes(board, SIDES + CORNERS) == [32]
    assert found(board) == of_sizes([1] * 32)
