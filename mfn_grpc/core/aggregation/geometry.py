"""The distances between updates, to a stated accuracy whatever the updates are.

Squared distances come from inner products of differences from one of the updates, the reference, accumulated in
float64 over blocks: |a - b|² = a·a + b·b - 2 a·b. The formula cancels when two updates are much closer to each other
than to the reference. So the reference is one that lies among the others (chosen by its median distance, which a
minority does not control), and every pair for which the formula still loses six digits or more is measured directly,
difference by difference.

Accuracy: squared distances are right to a relative error of 1e-9 between updates as read (float32 or float64), and
exactly 0 between equal ones. Differences below 1e-154 count as 0, since their squares are below float64. Equal bits
of measured distances are promised on one type of processor.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np

from mfn_grpc.core.arrays import Array

DOUBTFUL = 1e-6
"""Share of a·a + b·b below which a squared distance is measured directly: the formula's error there reaches 1e-10."""


@dataclass(frozen=True)
class Geometry:
    """n rows, then the origin, then the centre when there is one: p points in all.

    inner: inner products of their differences from a common reference, float64 [p, p]. squared: squared distances,
    float64 [p, p], symmetric, 0 on the diagonal. A point in their space is a vector of p coefficients of sum 1.
    """

    n: int
    inner: Array
    squared: Array

    @property
    def between(self) -> Array:
        """Squared distances between the rows [n, n]."""
        return self.squared[: self.n, : self.n]

    @property
    def origin(self) -> int:
        """Which point the origin is."""
        return self.n

    @property
    def centre(self) -> int:
        """Which point the centre is: the origin, unless one was given."""
        return len(self.inner) - 1

    @property
    def norms(self) -> Array:
        """Norms of the rows [n]."""
        lengths: Array = np.sqrt(self.squared[: self.n, self.n :][:, :1].ravel())
        return lengths

    def length(self, difference: Array) -> float:
        """Length of a difference of points: coefficients [p] of sum 0."""
        return sqrt(max(float(difference @ self.inner @ difference), 0.0))

    def distances_from(self, point: Array) -> Array:
        """Distances of the rows [n] from a point given by its coefficients [p]."""
        seen = self.inner @ point
        squares = np.diagonal(self.inner) - 2 * seen + point @ seen
        lengths: Array = np.sqrt(np.maximum(squares[: self.n], 0.0))
        return lengths

    def mapped(self, matrix: Array, rest: Array) -> "Geometry":
        """The geometry of new rows: matrix [rows, n] of the old ones, and rest [rows] of the origin.

        Squared distances as the formula gives them, and exactly 0 between rows that are mapped alike.
        """
        rows, others = len(matrix), len(self.inner) - self.n
        points = np.zeros((rows + others, len(self.inner)))
        points[:rows, : self.n] = matrix
        points[:rows, self.origin] = rest
        points[rows:, self.n :] = np.eye(others)
        inner = points @ self.inner @ points.T
        squared = squares_from(inner)
        firsts: dict[bytes, int] = {}
        alike = np.array([firsts.setdefault(point.tobytes(), k) for k, point in enumerate(points[:rows])])
        squared[:rows, :rows][alike[:, None] == alike] = 0.0
        return Geometry(rows, inner, squared)


UNMEASURED = Geometry(0, np.empty((0, 0)), np.empty((0, 0)))
"""Where nobody asked for the geometry."""


def squares_from(inner: Array) -> Array:
    """Squared distances from inner products, by the formula; never below 0."""
    lengths = np.diagonal(inner)
    squared: Array = np.maximum(lengths[:, None] + lengths - (inner + inner.T), 0.0)
    np.fill_diagonal(squared, 0.0)
    return squared


def doubtful_pairs(geometry: Geometry) -> Array:
    """The pairs of rows [pairs, 2] whose squared distance has lost its digits to cancellation."""
    lengths = np.diagonal(geometry.inner)[: geometry.n]
    doubtful = geometry.between < DOUBTFUL * (lengths[:, None] + lengths)
    return np.ascontiguousarray(np.argwhere(np.triu(doubtful, k=1)))
