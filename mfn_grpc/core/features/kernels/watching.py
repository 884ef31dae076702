"""Watching a field change, step by step, without keeping its past: sums over a step, then a record of a few numbers.

A kernel that has just written some rows of the next state lets `watch_rows` look at them while they are in the cache,
or tallies their cells itself. Rows are taken in order and added up one by one, so that the sums do not depend on the
bands in which they come. All sums are in double precision.
"""

from enum import IntEnum
from typing import Any

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.compiling import jit, jit_sums

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
SHIFT = _SHIFT
_QUIET, _STABLE, _ENERGY_MEAN, _ENERGY_SLOPE_SUM = (
    int(place) for place in (Record.QUIET, Record.STABLE, Record.ENERGY_MEAN, Record.ENERGY_SLOPE_SUM)
)


def new_sums() -> Array:
    """Sums of the step that is being watched, all 0: |change| - shift, its square, value squared; float64 [SUMS]."""
    return np.zeros(SUMS)


@jit_sums
def tally(excess: float, square: float, energy: float, before: Any, after: Any, shift: float) -> Any:
    """The sums of a row with one cell more: |change| - shift, its square, and the squared new value."""
    value = np.float64(after)
    over = abs(value - np.float64(before)) - shift
    return excess + over, square + over * over, energy + value * value


@jit
def close_row(excess: float, square: float, energy: float, sums: Array, record: Array) -> bool:
    """Add a row's sums to those of the step; whether they leave room for a larger change than any before."""
    sums[0] += excess
    sums[1] += square
    sums[2] += energy
    room = record[_CHANGE_MAX] - record[_SHIFT]
    return not square * ROUNDING_MARGIN < room * room


@jit
def note_change(before: Any, after: Any, record: Array) -> None:
    """Remember the change of a cell if it is the largest so far."""
    record[_CHANGE_MAX] = max(record[_CHANGE_MAX], abs(np.float64(after) - np.float64(before)))


@jit
def watch_rows(old: Array, new: Array, first: int, last: int, sums: Array, record: Array) -> None:
    """Add rows `first` to `last` - 1 of padded fields [rows + 2, cols + 2] to the sums of the step."""
    cols, shift = old.shape[1] - 2, record[_SHIFT]
    for i in range(np.uint64(first + 1), np.uint64(last + 1)):
        excess, square, energy = 0.0, 0.0, 0.0
        for j in range(cols):
            excess, square, energy = tally(excess, square, energy, old[i, j + 1], new[i, j + 1], shift)
        if close_row(excess, square, energy, sums, record):
            for j in range(cols):
                note_change(old[i, j + 1], new[i, j + 1], record)


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
