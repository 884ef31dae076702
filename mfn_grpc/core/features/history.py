"""What is remembered of how a field changed, however long: a record of a few numbers, and the features it gives."""

import math
from dataclasses import dataclass

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.bands import bands
from mfn_grpc.core.features.kernels.watching import Record, new_sums, watch_rows, watch_step
from mfn_grpc.core.pieces import Pieces, finish


@dataclass(frozen=True, eq=False)
class History:
    """The changes of a field [rows, cols] since its first, one step apart.

    record: all that a checkpoint keeps, float64 [len(Record)]. sums: what the unfinished step adds up.
    Both are updated in place by `watch_rows` and `watch_step`. Not thread-safe, except as those are.
    """

    record: Array
    sums: Array

    @classmethod
    def begin(cls, field: Array) -> "History":
        """A history of no steps whose first field is `field`, [rows, cols], float64 or float32."""
        return finish(cls.beginning(field))

    @classmethod
    def beginning(cls, field: Array) -> Pieces["History"]:
        """The same in pieces."""
        record = np.zeros(len(Record))
        record[Record.ENERGY_MEAN] = yield from _energy_mean(field)
        return cls(record, new_sums())

    @classmethod
    def resume(cls, record: Array) -> "History":
        """A history that continues where a copy of its record was taken, between two steps; `record` is copied."""
        return cls(np.array(record, dtype=np.float64), new_sums())

    def watch(self, old: Array, new: Array) -> None:
        """Take in one step from `old` to `new`, padded fields [rows + 2, cols + 2] of one dtype, C order."""
        rows, cols = new.shape[0] - 2, new.shape[1] - 2
        watch_rows(old, new, 0, rows, self.sums, self.record)
        watch_step(self.sums, self.record, rows * cols)

    @property
    def steps(self) -> int:
        """Changes seen: one less than there were fields."""
        return int(self.record[Record.STEPS])

    @property
    def dv_mean(self) -> float:
        """Mean of |change| over all steps and cells, in the field's unit; NaN before the first step."""
        return float(self.record[Record.CHANGE_SUM]) / self.steps if self.steps else math.nan

    @property
    def dv_max(self) -> float:
        """Largest |change| of any cell in any step, in the field's unit; NaN before the first step."""
        return float(self.record[Record.CHANGE_MAX]) if self.steps else math.nan

    @property
    def t_stable(self) -> float:
        """First of ten steps in a row with std(|change|) < 0.001 units, counted from 1.

        The number of steps when there are no such ten; NaN before the first step.
        """
        return float(self.record[Record.STABLE] or self.steps) if self.steps else math.nan

    @property
    def e_trend(self) -> float:
        """Least-squares slope of the mean squared value over the step, first field included.

        In squared units per step; NaN before the first step.
        """
        # The squared distances of the times 0 to n from their mean add up to n (n + 1) (n + 2) / 12.
        steps = self.steps
        spread = steps * (steps + 1) * (steps + 2) / 12.0
        return float(self.record[Record.ENERGY_SLOPE_SUM]) / spread if steps else math.nan


def _energy_mean(field: Array) -> Pieces[float]:
    """Mean squared value of the cells, added up by row."""
    energies = np.empty(field.shape[0])
    for rows in bands(field.shape):
        with np.errstate(over="ignore"):  # a square may overflow; the features that follow from it are then not finite
            np.einsum("ij,ij->i", field[rows], field[rows], dtype=np.float64, out=energies[rows])
        yield
    with np.errstate(over="ignore"):  # so may a sum
        return float(energies.sum() / field.size)
