"""The rules as their papers state them, in plain loops over the updates themselves; slow, and nothing shared."""

import itertools
import math
from collections.abc import Sequence

import numpy as np

from mfn_grpc.core.arrays import Array


def squared_distance(a: Array, b: Array) -> float:
    difference = np.asarray(a, np.float64) - np.asarray(b, np.float64)
    return math.fsum(difference * difference)


def krum_scores(x: Array, f: int, *, mean: bool = False) -> list[float]:
    scores = []
    for i, row in enumerate(x):
        others = sorted(squared_distance(row, other) for j, other in enumerate(x) if j != i)
        count = min(max(1, len(x) - f - (1 if mean else 2)), len(others))
        scores.append(sum(others[:count]) / (max(count, 1) if mean else 1))
    return scores


def krum(x: Array, f: int, *, mean: bool = False) -> Array:
    scores = krum_scores(x, f, mean=mean)
    return np.asarray(x[scores.index(min(scores))], np.float64)


def multi_krum(x: Array, f: int, selected: int, *, mean: bool = False) -> Array:
    scores = krum_scores(x, f, mean=mean)
    best = sorted(range(len(x)), key=lambda i: (scores[i], i))[:selected]
    found: Array = np.asarray(x[sorted(best)], np.float64).mean(axis=0)
    return found


def bulyan_picks(x: Array, f: int, *, one_shot: bool = False) -> list[int]:
    theta, left, picked = len(x) - 2 * f, list(range(len(x))), list[int]()
    while len(picked) < theta:
        if one_shot:
            scores = krum_scores(x, f)
            return sorted(range(len(x)), key=lambda i: (scores[i], i))[:theta]
        scores = krum_scores(x[left], f)
        picked.append(left.pop(scores.index(min(scores))))
    return picked


def bulyan(x: Array, f: int, *, one_shot: bool = False) -> Array:
    picked = x[sorted(bulyan_picks(x, f, one_shot=one_shot))]
    return mean_around_median(picked, len(picked) - 2 * f)


def trimmed_mean(x: Array, dropped: int) -> Array:
    columns = [sorted(map(float, column))[dropped : len(x) - dropped] for column in x.T]
    return np.array([sum(column) / len(column) for column in columns])


def median(x: Array) -> Array:
    return np.median(np.asarray(x, np.float64), axis=0)


def mean_around_median(x: Array, kept: int) -> Array:
    result = []
    for column in np.asarray(x, np.float64).T:
        middle = float(np.median(column))
        nearest = sorted((abs(value - middle), i) for i, value in enumerate(column))
        result.append(sum(float(column[i]) for i in sorted(i for _, i in nearest[:kept])) / kept)
    return np.array(result)


def closest_set(x: Array, f: int) -> tuple[int, ...]:
    def diameter(chosen: Sequence[int]) -> float:
        return max(squared_distance(x[i], x[j]) for i in chosen for j in chosen)

    # combinations come in lexicographic order and min keeps the first of equals.
    return min(itertools.combinations(range(len(x)), len(x) - f), key=diameter)


def centred_clipping(x: Array, centre: Array, radius: float | None, steps: int) -> Array:
    v = np.array(centre, np.float64)
    for _ in range(steps):
        norms = [math.sqrt(squared_distance(row, v)) for row in x]
        reach = float(np.median(norms)) if radius is None else radius
        v = v + sum(
            (row - v) * min(1.0, reach / norm if norm else 1.0) for row, norm in zip(x, norms, strict=True)
        ) / len(x)
    return v


def covariance_filter(x: Array, f: int) -> Array:
    x = np.asarray(x, np.float64)
    c, least = np.ones(len(x)), math.inf
    best: Array = x.mean(axis=0)
    while c.sum() > len(x) - 2 * f:
        mean = c @ x / c.sum()
        covariance = sum(w * np.outer(row - mean, row - mean) for w, row in zip(c, x, strict=True)) / c.sum()
        values, vectors = np.linalg.eigh(covariance)
        if values[-1] < least:
            least, best = values[-1], mean
        tau = ((x - mean) @ vectors[:, -1]) ** 2
        c = np.where(c > 0, c * (1 - tau / tau[c > 0].max()), 0.0)
        c[c < 1e-9] = 0.0
    return best


def nearest_neighbor_mixing(x: Array, f: int) -> Array:
    mixed = []
    for i, row in enumerate(x):
        ordered = sorted((j != i, squared_distance(row, other), j) for j, other in enumerate(x))
        nearest = [j for _, _, j in ordered[: len(x) - f]]
        mixed.append(np.asarray(x[nearest], np.float64).mean(axis=0))
    return np.array(mixed)


def adaptive_clipping(x: Array, f: int) -> Array:
    n = len(x)
    norms = [math.sqrt(squared_distance(row, np.zeros_like(row))) for row in x]
    longest = sorted(range(n), key=lambda i: -norms[i])
    k = math.floor(2 * f * (n - f) / n)
    return np.array([row * min(1.0, norms[longest[k]] / norm) for row, norm in zip(x, norms, strict=True)])
