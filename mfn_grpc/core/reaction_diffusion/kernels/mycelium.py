"""One discrete step of the mycelium model: a fused kernel and the plain numpy it must equal bit for bit.

Randomness enters as data (`MyceliumForcing`): both paths add the same numbers.
"""

from typing import Any, NamedTuple

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.features.kernels.watching import SHIFT, note_change
from mfn_grpc.core.reaction_diffusion.kernels.ghosts import Ghosts, fill_ghosts_reference
from mfn_grpc.core.reaction_diffusion.kernels.two_species import Cross, laplacian_reference
from mfn_grpc.core.reaction_diffusion.kernels.wavefront import Place


class MyceliumScalars(NamedTuple):
    """Arguments of the kernel, each in the precision of the state; see models.Mycelium for their meaning.

    reacts: 1, or 0 where the rate is 0: then no a^2/h is formed, which would be no number where h is 0.
    """

    alpha: Any
    activator_diffusion: Any
    inhibitor_diffusion: Any
    leak_rate: Any
    rest_mv: Any
    lowest_mv: Any
    highest_mv: Any
    coupling_mv: Any
    threshold: Any
    rate: Any
    reacts: Any
    source: Any
    zero: Any
    two: Any


class MyceliumForcing(NamedTuple):
    """The random part of some steps.

    cell: flat index of the cell that a growth event raises, -1 for none, int64 [steps].
    rise_mv: by how much, [steps].
    jitter_mv: noise of the rows of one step, [rows, cols]; empty [0, 0] without noise.
    """

    cell: Array
    rise_mv: Array
    jitter_mv: Array


def tally(change: float, square: float, energy: float, before: Any, after: Any, shift: float) -> Any:
    """Bound by `specialise`: here, nothing is tallied."""
    return change, square, energy


def close_row(change: float, square: float, energy: float, sums: Array, record: Array) -> bool:
    """Bound by `specialise`: here, nothing is noted."""
    return False


def cell(p_cross: Cross, a_cross: Cross, h_cross: Cross, scalars: tuple[Any, ...]) -> tuple[Any, Any, Any]:
    """Bound by `specialise`: `mycelium_cell`."""
    raise AssertionError("a template is never called itself")


def mycelium_cell(p_cross: Cross, a_cross: Cross, h_cross: Cross, scalars: tuple[Any, ...]) -> tuple[Any, Any, Any]:
    """One cell of the three species after a step, before jitter, events and clamping: the arithmetic of all kernels."""
    alpha, da, dh, leak, rest, _, _, coupling, threshold, rate, reacts, source, zero, two = scalars
    centre, idle = two + two, two / two - reacts
    pc, p_north, p_south, p_west, p_east = p_cross
    ac, a_north, a_south, a_west, a_east = a_cross
    hc, h_north, h_south, h_west, h_east = h_cross
    p_lap = ((p_north + p_south) + (p_west + p_east)) - centre * pc
    a_lap = ((a_north + a_south) + (a_west + a_east)) - centre * ac
    h_lap = ((h_north + h_south) + (h_west + h_east)) - centre * hc
    square = ac * ac
    excess = ac - threshold
    if excess < zero:
        excess = zero
    potential = pc + ((alpha * p_lap + leak * (rest - pc)) + coupling * excess)
    activator = ac + (da * a_lap + rate * ((source - ac) + square / (reacts * hc + idle)))
    return potential, activator, hc + (dh * h_lap + rate * (square - hc))


def mycelium_rows(
    buffers: tuple[Array, ...],
    stage: int,
    first: int,
    last: int,
    step: int,
    scalars: tuple[Any, ...],
    forcing: tuple[Any, ...],
    sums: Array,
    record: Array,
) -> None:
    """Template: rows first to last - 1 of one step; row 0 of the jitter belongs to row `first`.

    Where `tally` and `close_row` are bound to those of features.kernels.watching, the potential's change is watched on
    the way: the cells are at hand when they are clamped, so that it costs a fraction of another look.
    """
    front, back = buffers
    lowest, highest = scalars[5], scalars[6]
    cell_of, rise, jitter = forcing
    cols = front.shape[2] - 2
    event_row, event_col = -1, 0
    if cell_of[step] >= 0:
        event_row, event_col = cell_of[step] // cols, cell_of[step] % cols
    # Unsigned: the compiler then need not ask at every row whether it counts from the end.
    start, one = np.uint64(first), np.uint64(1)
    for i in range(start, np.uint64(last)):
        here, below = i + one, i + one + one
        p_north, p, p_south, p_out = front[0, i], front[0, here], front[0, below], back[0, here]
        a_north, a, a_south, a_out = front[1, i], front[1, here], front[1, below], back[1, here]
        h_north, h, h_south, h_out = front[2, i], front[2, here], front[2, below], back[2, here]
        for j in range(cols):
            p_cross = p[j + 1], p_north[j + 1], p_south[j + 1], p[j], p[j + 2]
            a_cross = a[j + 1], a_north[j + 1], a_south[j + 1], a[j], a[j + 2]
            h_cross = h[j + 1], h_north[j + 1], h_south[j + 1], h[j], h[j + 2]
            p_out[j + 1], a_out[j + 1], h_out[j + 1] = cell(p_cross, a_cross, h_cross, scalars)
        if jitter.shape[0] > 0:
            for j in range(cols):
                p_out[j + 1] += jitter[i - start, j]
        if i == event_row:
            p_out[event_col + 1] += rise[step]
        change, square_change, energy = 0.0, 0.0, 0.0
        for j in range(cols):
            value = p_out[j + 1]
            value = max(value, lowest)
            value = min(value, highest)
            p_out[j + 1] = value
            change, square_change, energy = tally(change, square_change, energy, p[j + 1], value, record[SHIFT])
        if close_row(change, square_change, energy, sums, record):
            for j in range(cols):
                note_change(p[j + 1], p_out[j + 1], record)


def mycelium_row(read: Array, write: Array, place: Place, step: int, scalars: tuple[Any, ...], forcing: Any) -> None:
    """Template: one row of one step without jitter."""
    lowest, highest = scalars[5], scalars[6]
    cell_of, rise, _ = forcing
    grid, north, here, south, out, cols = place
    p_north, p, p_south, p_out = read[0, north], read[0, here], read[0, south], write[0, out]
    a_north, a, a_south, a_out = read[1, north], read[1, here], read[1, south], write[1, out]
    h_north, h, h_south, h_out = read[2, north], read[2, here], read[2, south], write[2, out]
    for j in range(cols):
        p_cross = p[j + 1], p_north[j + 1], p_south[j + 1], p[j], p[j + 2]
        a_cross = a[j + 1], a_north[j + 1], a_south[j + 1], a[j], a[j + 2]
        h_cross = h[j + 1], h_north[j + 1], h_south[j + 1], h[j], h[j + 2]
        p_out[j + 1], a_out[j + 1], h_out[j + 1] = cell(p_cross, a_cross, h_cross, scalars)
    raised = cell_of[step] - np.int64(grid) * cols
    if 0 <= raised < cols:
        p_out[raised + 1] += rise[step]
    for j in range(cols):
        p_out[j + 1] = min(max(p_out[j + 1], lowest), highest)


def mycelium_reference(state: Array, ghosts: Ghosts, scalars: MyceliumScalars, forcing: MyceliumForcing) -> Array:
    """One step of a padded state in plain numpy, with entry 0 of the forcing; result without ghost cells filled."""
    s = scalars
    one, centre = s.two / s.two, s.two + s.two
    fill_ghosts_reference(state, ghosts)
    p, a, h = state[:, 1:-1, 1:-1]
    p_lap, a_lap, h_lap = (laplacian_reference(field, one, centre) for field in state)
    square = a * a
    excess = a - s.threshold
    excess = np.where(excess < s.zero, s.zero, excess)
    potential = p + ((s.alpha * p_lap + s.leak_rate * (s.rest_mv - p)) + s.coupling_mv * excess)
    if forcing.jitter_mv.size:
        potential += forcing.jitter_mv
    if forcing.cell[0] >= 0:
        potential.flat[forcing.cell[0]] += forcing.rise_mv[0]
    following = np.empty_like(state)
    following[0, 1:-1, 1:-1] = np.clip(potential, s.lowest_mv, s.highest_mv)
    growth = (s.source - a) + square / (s.reacts * h + (one - s.reacts))
    following[1, 1:-1, 1:-1] = a + (s.activator_diffusion * a_lap + s.rate * growth)
    following[2, 1:-1, 1:-1] = h + (s.inhibitor_diffusion * h_lap + s.rate * (square - h))
    return following
