"""Watching a field change, step by step, without keeping its past: sums over a step, then a record of a few numbers.

A kernel that has just written some rows of the next state lets `watch_rows` look at them while they are in the cache.
Rows are taken in order and added up one by one, so that the sums do not depend on the bands in which they come. All
sums are in double precision.
"""

from enum import IntEnum
from typing import Any

import numpy as np

from mfn_grpc.core.compiling import jit, jit_sums

Array = np.ndarray[Any, np.dtype[Any]]

SUMS = 3
QUIET_STEPS = 10
QUIET_STD = 0.001
ROUNDING_MARGIN = 1.000001


class Record(IntEnum):
    """Places of the record, all that is remembered of a history; float64 [len(Record)].

    STEPS: changes seen. CHANGE_SUM, CHANGE_MAX: of the mean and of the largest |change| of each step. SHIFT: mean
    |change| of the last step, taken away from the next ones before squaring so that nothing cancels. QUIET: steps in a
    row with std(|change|) < QUIET_STD. STABLE: first step of the first QUIET_STEPS quiet ones in a row, 0 when there
    are none. ENERGY_MEAN, ENERGY_SLOPE_SUM: running mean of the energy per cell, and its sum of products with time.
    """

    STEPS = 0
    CHANGE_SUM = 1
    CHANGE_MAX = 2
    SHIFT = 3
    QUIET = 4
    STABLE = 5
    ENERGY_MEAN = 6
    ENERGY_SLOPE_SUM = 7


_STEPS, _CHANGE_SUM, _CHANGE_MAX, _SHIFT = (
    int(place) for place in (Record.STEPS, Record.CHANGE_SUM, Record.CHANGE_MAX, Record.SHIFT)
)
_QUIET, _STABLE, _ENERGY_MEAN, _ENERGY_SLOPE_SUM = (
    int(place) for place in (Record.QUIET, Record.STABLE, Record.ENERGY_MEAN, Record.ENERGY_SLOPE_SUM)
)


def new_sums() -> Array:
    """Sums of the step that is being watched, all 0: |change| - shift, its square, value squared; float64 [SUMS]."""
    return np.zeros(SUMS)


@jit_sums
def row_sums(before: Array, after: Array, shift: float) -> tuple[float, float, float]:
    """Sums over a padded row [cols + 2] of |change| - shift, of its square, and of the squared new value."""
    excess, square, energy = 0.0, 0.0, 0.0
    for j in range(1, after.shape[0] - 1):
        value = np.float64(after[j])
        over = abs(value - np.float64(before[j])) - shift
        excess += over
        square += over * over
        energy += value * value
    return excess, square, energy


@jit
def note_row(before: Array, after: Array, row: tuple[float, float, float], sums: Array, record: Array) -> None:
    """Add a row's sums to those of the step; look for the largest change only where they leave room for one."""
    excess, square, energy = row
    sums[0] += excess
    sums[1] += square
    sums[2] += energy
    largest = record[_CHANGE_MAX]
    room = largest - record[_SHIFT]
    if not square * ROUNDING_MARGIN < room * room:
        for j in range(1, after.shape[0] - 1):
            largest = max(largest, abs(np.float64(after[j]) - np.float64(before[j])))
        record[_CHANGE_MAX] = largest


@jit
def watch_rows(old: Array, new: Array, first: int, last: int, sums: Array, record: Array) -> None:
    """Add rows `first` to `last` - 1 of padded fields [rows + 2, cols + 2] to the sums of the step."""
    for i in range(first + 1, last + 1):
        note_row(old[i], new[i], row_sums(old[i], new[i], record[_SHIFT]), sums, record)


@jit
def watch_step(sums: Array, record: Array, cells: int) -> None:
    """Close a step all of whose rows were watched: the record takes its sums in, the sums return to 0."""
    excess, square, energy = sums[0] / cells, sums[1] / cells, sums[2] / cells
    sums[:] = 0.0
    step = record[_STEPS] + 1.0
    mean = record[_SHIFT] + excess
    record[_STEPS] = step
    record[_CHANGE_SUM] += mean
    record[_SHIFT] = mean
    if square - excess * excess < QUIET_STD * QUIET_STD:
        record[_QUIET] += 1.0
    else:
        record[_QUIET] = 0.0
    if record[_STABLE] == 0.0 and record[_QUIET] == QUIET_STEPS:
        record[_STABLE] = step - (QUIET_STEPS - 1)
    # Welford's update of the covariance of energy and time: there are step + 1 energies, at times 0 to step.
    above = energy - record[_ENERGY_MEAN]
    record[_ENERGY_MEAN] += above / (step + 1.0)
    record[_ENERGY_SLOPE_SUM] += above * step / 2.0
