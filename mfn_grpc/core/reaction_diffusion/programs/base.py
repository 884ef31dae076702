"""How a spec is stepped: a step is a sequence of passes, each divisible, so that it can be cut short or shared out."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.features.history import History
from mfn_grpc.core.features.kernels.watching import Record, new_sums, watch_rows
from mfn_grpc.core.reaction_diffusion.kernels.buffers import Room
from mfn_grpc.core.reaction_diffusion.spec import SimulationSpec

if TYPE_CHECKING:  # it needs Buffers and padded from here
    from mfn_grpc.core.reaction_diffusion.programs.blocks import Blocks

Buffers = tuple[Array, ...]

BAND_BYTES = 262_144
"""What a band of rows of a watched run may take: small beside a core's cache, large beside the call that updates it."""


class Pass(NamedTuple):
    """Lines of work that do not depend on one another.

    lines: how many; in the last pass of a step, the rows of the grid. block: 0 when one call may do any number of
    lines; else a call does this many, beginning at a multiple of it. cost: work of a line, in units.
    """

    lines: int
    block: int = 0
    cost: int = 1


class Watch(NamedTuple):
    """The species whose history a march keeps, or -1; rows updated at a time; and where the history is kept."""

    species: int
    band: int
    sums: Array
    record: Array

    @classmethod
    def over(cls, spec: SimulationSpec, watched: int | None, history: History | None) -> "Watch":
        """What the kernels of a spec are told of a history, if there is one."""
        if watched is None or history is None:
            return cls(-1, spec.shape[0], new_sums(), np.zeros(len(Record)))
        species, _, cols = spec.state_shape
        row_bytes = 2 * species * (cols + 2) * spec.dtype.itemsize
        return cls(watched, max(1, BAND_BYTES // row_bytes), history.sums, history.record)

    def look(self, front: Array, back: Array, rows: range) -> None:
        """Take in rows of a step from the padded state `front` to `back`, if a species is watched."""
        if self.species >= 0:
            watch_rows(front[self.species], back[self.species], rows.start, rows.stop, self.sums, self.record)


March = Callable[[Buffers, int, int, Watch], None]
"""(buffers, first step, steps, watch): make whole steps in one call; afterwards the first two buffers hold the last two
states, the newer one first when `steps` is even."""


class Program(Protocol):
    """How one spec is stepped.

    layout: every buffer; the first two are the padded states [species, rows + 2, cols + 2] before and after a step.
    passes: what a step consists of. march: None where a step must be made pass by pass.
    """

    layout: tuple[Room, ...]
    passes: tuple[Pass, ...]
    march: March | None

    @property
    def blocks(self) -> "Blocks | None":
        """How several steps are made at a time; None where they must be made one by one."""

    def prepare(self, buffers: Buffers, number: int) -> None:
        """What must be done once before the lines of a pass."""

    def work(self, buffers: Buffers, number: int, lines: range, step: int, watch: Watch) -> None:
        """Do lines of a pass, as many as its block allows; those of the last pass are looked at if any are watched."""

    def reference(self, state: Array, step: int) -> Array:
        """One step of a padded state in plain numpy; ghost cells are not filled."""


def padded(spec: SimulationSpec) -> Room:
    """What one state with its ghost cells takes."""
    species, rows, cols = spec.state_shape
    return Room((species, rows + 2, cols + 2), spec.dtype)
