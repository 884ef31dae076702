"""The mean, with updates weighted down along the directions of greatest covariance."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mfn_grpc.core.aggregation.rules.base import Combination, Prepared, Seen
from mfn_grpc.core.aggregation.rules.coordinates import MajorityRule
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.pieces import Pieces

ROUNDING = 1e-12
"""Projections whose squares differ by less, as those of equal updates may, are equal."""


@dataclass(frozen=True)
class CovarianceFilterRule(MajorityRule):
    """The weighted mean whose covariance has the least largest eigenvalue, of those that a filter passes through.

    CAF: Allouah, Guerraoui & Stephan, ICML 2025, algorithm 2. Weights c start at 1. While their sum exceeds n - 2 f,
    and 0: tau_i is the squared projection of x_i - mean on the direction of greatest covariance, and
    c_i <- c_i (1 - tau_i / tau_max), with tau_max among those that still weigh, so that each step takes at least one
    away.
    """

    geometric: ClassVar[bool] = True

    def prepare(self, seen: Seen) -> Pieces[Prepared]:
        """Filter, in the space that the updates span."""
        inner = seen.geometry.inner[: seen.n, : seen.n]
        weights, best, least = np.ones(seen.n), np.ones(seen.n), np.inf
        while (total := weights.sum()) > max(0, seen.n - 2 * seen.f) or np.isinf(least):
            yield
            eigenvalue, projections = _greatest_direction(inner, weights / total)
            if eigenvalue < least:
                least, best = eigenvalue, weights
            tau = projections * projections
            most = tau[weights > 0].max()
            if most == 0:
                break
            kept = np.where(tau < most * (1 - ROUNDING), 1 - tau / most, 0.0)
            weights = np.where(weights > 0, weights * kept, 0.0)
        return Combination(best, float(best.sum()), seen)


def _greatest_direction(inner: Array, shares: Array) -> tuple[float, Array]:
    """The largest eigenvalue of the covariance of points weighted by `shares`, and their projections on its direction.

    inner: inner products of the points from any origin [n, n]. The covariance X' diag(shares) X has the eigenvalues of
    K = diag(shares)^½ X X' diag(shares)^½; from an eigenvector u of K, projections are X X' diag(shares)^½ u / λ^½.
    """
    from scipy.linalg import eigh  # noqa: PLC0415  # scipy takes a good part of a second to import

    seen = inner @ shares
    centred = inner - seen[:, None] - seen + shares @ seen
    roots = np.sqrt(shares)
    n = len(shares)
    values, vectors = eigh(roots[:, None] * centred * roots, subset_by_index=[n - 1, n - 1])
    eigenvalue = float(values[0])
    if eigenvalue <= 0:
        return 0.0, np.zeros(n)
    return eigenvalue, centred @ (roots * vectors[:, 0]) / np.sqrt(eigenvalue)
