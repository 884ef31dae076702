"""Kendall's rank correlation with time, in n log n steps (Knight 1966)."""

import math

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.compiling import jit

_RUN = 16


@jit
def _sort_runs(values: Array) -> int:
    """Sort every run of _RUN values by insertion; how many pairs stood in falling order within them."""
    falling = 0
    for start in range(0, values.shape[0], _RUN):
        for i in range(start + 1, min(start + _RUN, values.shape[0])):
            value = values[i]
            j = i
            while j > start and values[j - 1] > value:
                values[j] = values[j - 1]
                j -= 1
            values[j] = value
            falling += i - j
    return falling


@jit
def _merge(source: Array, target: Array, start: int, middle: int, end: int) -> int:
    """Merge two sorted runs; how many pairs across them stood in falling order."""
    falling, left, right = 0, start, middle
    for i in range(start, end):
        if right >= end or (left < middle and source[left] <= source[right]):
            target[i] = source[left]
            left += 1
        else:
            target[i] = source[right]
            right += 1
            falling += middle - left
    return falling


@jit
def kendall_tau(values: Array, scratch: Array) -> float:
    """Kendall's tau-b of `values` against their order, -1 to 1; NaN when all are equal or there are fewer than two.

    values: finite float64 [n], n up to 10,000; left sorted or scrambled. scratch: [n].
    """
    count = values.shape[0]
    pairs = count * (count - 1) // 2
    falling = _sort_runs(values)
    source, target, width = values, scratch, _RUN
    while width < count:
        for start in range(0, count, 2 * width):
            falling += _merge(source, target, start, min(start + width, count), min(start + 2 * width, count))
        source, target = target, source
        width *= 2
    tied, run = 0, 0
    for i in range(1, count):
        run = run + 1 if source[i] == source[i - 1] else 0
        tied += run
    if tied == pairs:
        return math.nan
    # Time has no ties, so this is tau-b's denominator; exact below the root, which never brings tau beyond 1.
    tau: float = (pairs - tied - 2 * falling) / math.sqrt(float(pairs) * float(pairs - tied))
    return tau
