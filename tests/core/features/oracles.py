"""The features again, cell by cell and step by step, by other means than the library's."""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from mfn_grpc.core.features import FEATURE_NAMES, Measured, Thresholds

Array = NDArray[Any]
Precision = type[np.floating[Any]]

SIDES = [(-1, 0), (1, 0), (0, -1), (0, 1)]
CORNERS = [(-1, -1), (-1, 1), (1, -1), (1, 1)]

CHANGES = "dv_mean", "dv_max", "t_stable", "e_trend"
DIMENSIONS = "d_box", "d_r2"

ROUNDING = 1e-10
"""Relative: thousands of roundings of 1e-16 in another order, which the higher moments amplify by less than 100."""


def cluster_sizes(inside: Array, neighbours: Sequence[tuple[int, int]] = SIDES) -> list[int]:
    """Sizes of the connected sets of cells, rising, by filling each from one of its cells."""
    left = {(int(row), int(col)) for row, col in np.argwhere(inside)}
    sizes = []
    while left:
        edge, size = [left.pop()], 0
        while edge:
            row, col = edge.pop()
            size += 1
            for down, right in neighbours:
                if (row + down, col + right) in left:
                    left.remove((row + down, col + right))
                    edge.append((row + down, col + right))
        sizes.append(size)
    return sorted(sizes)


def change_features(history: Iterable[Array]) -> dict[str, float]:
    """dv_mean, dv_max, t_stable and e_trend of stored fields, by their definitions in plain loops."""
    fields = [[float(value) for value in np.ravel(field)] for field in history]
    steps = [[abs(after - before) for before, after in zip(old, new, strict=True)] for old, new in pairwise(fields)]
    if not steps:
        return dict.fromkeys(CHANGES, math.nan)
    energies = [math.fsum(value * value for value in field) / len(field) for field in fields]
    return {
        "dv_mean": math.fsum(change for step in steps for change in step) / sum(len(step) for step in steps),
        "dv_max": max(change for step in steps for change in step),
        "t_stable": float(first_stable_step(steps)),
        "e_trend": float(np.polyfit(np.arange(len(energies)), energies, 1)[0]),
    }


def first_stable_step(steps: Sequence[Sequence[float]]) -> int:
    """The first step of ten in a row whose changes spread by less than 0.001; the number of steps without such."""
    quiet = [float(np.std(step)) < 0.001 for step in steps]
    for first in range(len(quiet) - 9):
        if all(quiet[first : first + 10]):
            return first + 1
    return len(quiet)


def value_features(field: Array) -> dict[str, float]:
    """Extremes by loops and moments by scipy, in double precision."""
    values = np.asarray(field, np.float64).ravel()
    constant = bool((values == values[0]).all())
    return {
        "v_min": min(values),
        "v_max": max(values),
        "v_mean": math.fsum(values) / values.size,
        "v_std": 0.0 if constant else math.sqrt(float(stats.moment(values, 2))),
        "v_skew": math.nan if constant else float(stats.skew(values)),
        "v_kurt": math.nan if constant else float(stats.kurtosis(values)),
    }


def set_features(field: Array, thresholds: Thresholds) -> dict[str, float]:
    """Clusters and active fraction by flood filling."""
    values = np.asarray(field, np.float64)
    sizes = {
        name: cluster_sizes(values > getattr(thresholds, level))
        for name, level in [("low", "low"), ("med", "medium"), ("high", "high")]
    }
    medium = sizes["med"]
    return {
        "f_active": sum(medium) / values.size,
        **{f"n_clusters_{name}": float(len(found)) for name, found in sizes.items()},
        "max_cluster_size": float(max(medium)) if medium else math.nan,
        "cluster_size_std": float(np.std(medium)) if medium else math.nan,
    }


def all_but_dimensions(history: Array, thresholds: Thresholds) -> dict[str, float]:
    """Every feature of a stored history [steps, rows, cols] except d_box and d_r2."""
    return {**value_features(history[-1]), **change_features(history), **set_features(history[-1], thresholds)}


def assert_features(measured: Measured, expected: dict[str, float]) -> None:
    """The named features are as expected up to rounding, the undefined ones NaN."""
    found = {name: getattr(measured.features, name) for name in expected}
    for name, value in expected.items():
        # Features near 0 are differences of numbers of the size of the potentials, up to 1e4 when squared.
        np.testing.assert_allclose(found[name], value, rtol=ROUNDING, atol=1e-8, err_msg=name)


def assert_same_bits(one: Measured, other: Measured) -> None:
    """All 18 are equal bit for bit, NaN included, for the same reasons."""
    np.testing.assert_array_equal(one.features.as_array(), other.features.as_array())
    assert one.undefined == other.undefined


def assert_same_but_sums(one: Measured, other: Measured) -> None:
    """All are equal bit for bit, except the two that are sums over all changes: equal but for the order of adding."""
    sums = ("dv_mean", "e_trend")
    exact = {name: getattr(other.features, name) for name in FEATURE_NAMES if name not in sums}
    np.testing.assert_array_equal([getattr(one.features, name) for name in exact], list(exact.values()))
    assert_features(one, {name: getattr(other.features, name) for name in sums})
    assert one.undefined == other.undefined


def undefined_names(measured: Measured) -> tuple[str, ...]:
    """The features that are NaN, checked to be those that have a reason."""
    names = tuple(name for name in FEATURE_NAMES if math.isnan(getattr(measured.features, name)))
    assert names == tuple(undefined.name for undefined in measured.undefined)
    assert all(undefined.reason for undefined in measured.undefined)
    return names


def walk(shape: tuple[int, int], steps: int, seed: int = 0, *, quiet_after: int | None = None) -> Array:
    """A history [steps + 1, rows, cols] in mV whose cells walk at random, and from a step on hardly at all."""
    rng = np.random.Generator(np.random.Philox(key=[seed, 0]))
    changes = rng.normal(0.0, 1.0, (steps + 1, *shape))
    changes[0] = rng.normal(-52.0, 8.0, shape)
    if quiet_after is not None:
        changes[quiet_after + 1 :] *= 1e-5
    return np.asarray(changes.cumsum(axis=0))
