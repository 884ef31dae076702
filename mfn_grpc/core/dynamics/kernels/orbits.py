"""An orbit and its tangent vectors, renormalised as they go; templates for maps and for flows.

`orbit` is [1 + count, dimension]: the point, then the tangent vectors. One compilation a system serves any parameters,
any number of vectors and any length.
"""

import math

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.compiling import jit

ROUNDING = 8 * 2.0**-52
"""What orthogonalising leaves of a vector that lies along the others, in units of its largest element."""


def point(at: Array, parameters: Array, out: Array) -> None:
    """Bound by `specialise`: the image of a point (maps), or its velocity (flows), into `out` [dimension]."""
    raise AssertionError("a template is never called itself")


def tangent(at: Array, vector: Array, parameters: Array, out: Array) -> None:
    """Bound by `specialise`: the Jacobian of `point` at a point times a vector, into `out` [dimension]."""
    raise AssertionError("a template is never called itself")


def advance(orbit: Array, parameters: Array, dt: float, work: Array) -> None:
    """Bound by `specialise`: one step of the point and its tangent vectors, in place."""
    raise AssertionError("a template is never called itself")


@jit
def _largest(vector: Array) -> float:
    """The largest magnitude in a vector; NaN where an element is not finite."""
    largest = 0.0
    for n in range(vector.shape[0]):
        if not math.isfinite(vector[n]):
            return math.nan
        largest = max(largest, abs(vector[n]))
    return largest


@jit
def _orthogonalise(vectors: Array, i: int) -> None:
    """Take from row i what lies along the rows above it, which are orthonormal."""
    vector = vectors[i]
    # Twice is enough: one pass leaves nearly parallel vectors skew (Giraud, Langou & Rozloznik 2005).
    for _ in range(2):
        for j in range(i):
            along = 0.0
            for n in range(vector.shape[0]):
                along += vectors[j, n] * vector[n]
            for n in range(vector.shape[0]):
                vector[n] -= along * vectors[j, n]


@jit
def _normalise(vector: Array) -> float:
    """Give a vector that is not 0 the length 1; the logarithm of the length that it had."""
    # In units of the largest, whose square neither overflows nor vanishes.
    largest, square = _largest(vector), 0.0
    for n in range(vector.shape[0]):
        vector[n] /= largest
        square += vector[n] * vector[n]
    length = math.sqrt(square)
    for n in range(vector.shape[0]):
        vector[n] /= length
    return math.log(largest) + math.log(length)


@jit
def _draw(vector: Array, number: int) -> None:
    """Fill a vector with numbers in (-1/2, 1/2) of the generator of Park & Miller, Commun. ACM 31:1192 (1988)."""
    state = 104_729 * (number + 1)
    for n in range(vector.shape[0]):
        state = 16_807 * state % 2_147_483_647
        vector[n] = state / 2_147_483_647 - 0.5


@jit
def renormalise_one(vectors: Array, i: int, growth: Array) -> None:
    """Make row i orthogonal to the rows above it and of length 1, in place, and add the logarithm of its length.

    The rows above, [i, size], are orthonormal. A vector of which nothing but rounding is left has grown by -inf, and
    another is drawn to go on with. One that is not finite stays, and its growth is NaN.
    """
    before = _largest(vectors[i])
    _orthogonalise(vectors, i)
    left = _largest(vectors[i])
    if math.isnan(before) or math.isnan(left):
        growth[i] = math.nan
    elif left <= ROUNDING * before:
        growth[i] = -math.inf
        _draw(vectors[i], i)
        _orthogonalise(vectors, i)
        _normalise(vectors[i])
    else:
        growth[i] += _normalise(vectors[i])


@jit
def renormalise(vectors: Array, growth: Array) -> None:
    """Make the rows orthonormal by modified Gram-Schmidt, in place, and add the logarithms of their lengths."""
    for i in range(vectors.shape[0]):
        renormalise_one(vectors, i, growth)


def map_advance(orbit: Array, parameters: Array, dt: float, work: Array) -> None:
    """Template: one iteration of a map; dt is not looked at."""
    for i in range(1, orbit.shape[0]):
        tangent(orbit[0], orbit[i], parameters, work[0, i])
    point(orbit[0], parameters, work[0, 0])
    for i in range(orbit.shape[0]):  # `orbit[:] = work[0]` takes numba two seconds more: it compiles an error's text
        for n in range(orbit.shape[1]):
            orbit[i, n] = work[0, i, n]


def flow_slopes(orbit: Array, parameters: Array, out: Array) -> None:
    """Template: velocities of the point and of its tangent vectors."""
    point(orbit[0], parameters, out[0])
    for i in range(1, orbit.shape[0]):
        tangent(orbit[0], orbit[i], parameters, out[i])


def slopes(orbit: Array, parameters: Array, out: Array) -> None:
    """Bound by `specialise`: `flow_slopes` of the system."""
    raise AssertionError("a template is never called itself")


def flow_advance(orbit: Array, parameters: Array, dt: float, work: Array) -> None:
    """Template: one step of classical Runge-Kutta for the flow and its variational equation together.

    That is the tangent of the step itself: Runge-Kutta and linearisation commute.
    """
    total, stage, slope = work[0], work[1], work[2]
    rows, cols = orbit.shape
    slopes(orbit, parameters, total)
    for part in range(3):
        reach = 0.5 * dt if part < 2 else dt
        source = total if part == 0 else slope
        for i in range(rows):
            for n in range(cols):
                stage[i, n] = orbit[i, n] + reach * source[i, n]
        slopes(stage, parameters, slope)
        weight = 2.0 if part < 2 else 1.0
        for i in range(rows):
            for n in range(cols):
                total[i, n] += weight * slope[i, n]
    for i in range(rows):
        for n in range(cols):
            orbit[i, n] += dt / 6.0 * total[i, n]


def follow(orbit: Array, parameters: Array, dt: float, steps: int, every: int, growth: Array, work: Array) -> None:
    """Template: `steps` steps, renormalised after every `every` of them and after the last.

    growth: logarithms of the growth of each vector, added to, [count]. work: [3, 1 + count, dimension].
    """
    for step in range(1, steps + 1):
        advance(orbit, parameters, dt, work)
        if step % every == 0 or step == steps:
            renormalise(orbit[1:], growth)


@jit
def multiply(vectors: Array, matrices: Array, is_singular: Array, drawn: Array, growth: Array) -> None:
    """Multiply tangent vectors [2, 2] by one matrix after another, renormalised after each.

    matrices: [maps, 2, 2]. is_singular: of each, bool [maps]. drawn: which of them, int64 [steps]. growth: added to,
    [2].
    """
    for step in range(drawn.shape[0]):
        matrix = matrices[drawn[step]]
        for i in range(vectors.shape[0]):
            x, y = vectors[i, 0], vectors[i, 1]
            vectors[i, 0] = matrix[0, 0] * x + matrix[0, 1] * y
            vectors[i, 1] = matrix[1, 0] * x + matrix[1, 1] * y
        if is_singular[drawn[step]]:
            # Both lie along one line: what rounding leaves across it is nothing.
            vectors[1] = 0.0
        renormalise(vectors, growth)
