"""Generalised (Renyi) dimensions of a measure (Hentschel & Procaccia 1983), by box masses."""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.bands import bands, converted
from mfn_grpc.core.fractals.checks import mass_violations, order_violations
from mfn_grpc.core.fractals.counting import bounding_box, edges, is_one_cell
from mfn_grpc.core.fractals.fitting import fit_line
from mfn_grpc.core.fractals.kernels.tables import fold_mass
from mfn_grpc.core.fractals.options import BoxCountOptions
from mfn_grpc.core.fractals.results import GeneralizedDimension
from mfn_grpc.core.limits import refuse
from mfn_grpc.core.pieces import Pieces

DEFAULTS = BoxCountOptions()
PIECE_BOXES = 2**17
"""Boxes raised to one order in one piece; numpy's exp takes a few nanoseconds each, more where the power vanishes."""
INFORMATION = 1e-8
"""How near to 1 an order is the information dimension: nearer, the quotient is rounding."""


class Boxes(NamedTuple):
    """Some boxes that hold mass: their masses, and how many there are of each."""

    masses: Array
    numbers: Array


def generalized_dimensions(
    measure: Array, orders: Sequence[float], options: BoxCountOptions = DEFAULTS
) -> Pieces[tuple[GeneralizedDimension, ...]]:
    """D_q = lim ln(sum p_i^q) / ((q - 1) ln edge), D_1 = lim (sum p_i ln p_i) / ln edge, p_i the shares of the boxes.

    measure: [rows, cols], bool or finite numbers that are not negative. orders: rising, -50 to 50, at most 64. Of
    `options` the base, the crop and the edges count: boxes start at the corner, and no scale is left out, since masses
    differ where counts are saturated. Boxes that the window cuts count for q >= 0 and not for q < 0, where a sliver
    would outweigh all others; and ln edge is that of the uniform measure on the window, whose dimensions are therefore
    those of the window, whatever its shape. NaN without mass and below two scales, 0 for one cell. Raises InvalidInput.
    """
    if not orders:
        return ()
    unfit = yield from mass_violations(measure)
    refuse([*unfit, *order_violations(orders), *options.violations()])
    box = yield from bounding_box(measure)
    if box is None or is_one_cell(box):
        dimension = math.nan if box is None else 0.0
        return tuple(GeneralizedDimension(q, dimension, math.nan, math.nan) for q in orders)
    window = measure[box] if options.crop_to_bounding_box else measure
    edge_list = _distinct_edges(edges(window.shape, options), max(window.shape))
    sums = yield from _sums_by_scale(window, edge_list, orders, options.base.ratio)
    scales = [(edge, dict(zip(orders, values, strict=True))) for edge, values in zip(edge_list, sums, strict=True)]
    return tuple(_dimension(q, window.shape, {edge: values[q] for edge, values in scales}) for q in orders)


def _distinct_edges(edge_list: list[int], longest: int) -> list[int]:
    """Without those that only repeat that one box holds everything."""
    return [edge for i, edge in enumerate(edge_list) if i == 0 or edge_list[i - 1] < longest]


def _dimension(q: float, shape: tuple[int, ...], values: dict[int, float]) -> GeneralizedDimension:
    known = {edge: value for edge, value in values.items() if not math.isnan(value)}
    line = fit_line([_log_edge(shape, edge, q) for edge in known], list(known.values()))
    return GeneralizedDimension(q, 0.0 + line.slope, line.standard_error, line.r_squared)


def _log_edge(shape: tuple[int, ...], edge: int, q: float) -> float:
    """The logarithm of the edge in units of the window: the sum of the uniform measure over the window's dimensions.

    Where boxes fit it is ln(edge) less a constant. A box's share is that of its rows times that of its columns.
    """
    shares = [_shares(side, edge, whole=q < 0) for side in shape if side > 1]
    if _is_information(q):
        return sum(number * share * math.log(share) for axis in shares for number, share in axis) / len(shares)
    return sum(math.log(sum(number * share**q for number, share in axis)) for axis in shares) / (q - 1) / len(shares)


def _shares(side: int, edge: int, *, whole: bool) -> list[tuple[int, float]]:
    """How many boxes along a side have which share of it."""
    number, left = divmod(side, edge)
    found = [(number, edge / side), (0 if whole else 1, left / side)]
    return [(number, share) for number, share in found if number and share]


def _sums_by_scale(
    window: Array, edge_list: list[int], orders: Sequence[float], ratio: int
) -> Pieces[list[list[float]]]:
    """For each edge, ln(sum p^q) / (q - 1) of every order.

    Box masses are added up from scale to scale: differences of an integral image would lose the smallest ones, which
    decide at q < 0.
    """
    masses = yield from converted(window, np.float64)
    total = yield from _normalise(masses)
    whole = window.dtype == np.bool_
    negative = [q for q in orders if q < 0]
    edge, sums = 1, []
    while edge_list and edge <= edge_list[-1]:
        if edge > 1:
            masses = yield from _folded(masses, ratio)
        if edge >= edge_list[0]:
            # A box of whole masses weighs at most its cells.
            boxes = _distinct if whole and edge * edge <= masses.size else _each
            of_negative = yield from _sums(boxes(_uncut(masses, window.shape, edge)), total, negative)
            sums.append(of_negative + (yield from _sums(boxes(masses), total, orders[len(negative) :])))
        edge *= ratio
    return sums


def _uncut(masses: Array, shape: tuple[int, ...], edge: int) -> Array:
    """The boxes that lie in the window as a whole, sides of a single cell aside."""
    rows, cols = (1 if side == 1 else side // edge for side in shape)
    return masses[:rows, :cols]


def _normalise(masses: Array) -> Pieces[float]:
    """Divide by the largest, so that no sum overflows; the total of the quotients."""
    largest, sums = 0.0, []
    for rows in bands(masses.shape):
        largest = max(largest, float(masses[rows].max()))
        yield
    for rows in bands(masses.shape):
        part = masses[rows]
        part /= largest
        sums += part.sum(axis=1).tolist()
        yield
    return math.fsum(sums)


def _folded(masses: Array, ratio: int) -> Pieces[Array]:
    coarse = np.empty([-(-side // ratio) for side in masses.shape])
    for rows in bands((coarse.shape[0], masses.shape[1] * ratio)):
        fold_mass(masses, ratio, coarse, rows.start, rows.stop)
        yield
    return coarse


def _each(masses: Array) -> Iterator[Boxes]:
    for rows in bands(masses.shape, PIECE_BOXES):
        part = masses[rows]
        held = part[part > 0]
        yield Boxes(held, np.ones_like(held))


def _distinct(masses: Array) -> Iterator[Boxes]:
    """Boxes of whole masses, each mass once with the number of its boxes: there are few, and each is raised once."""
    numbers = np.zeros(int(masses.max(initial=0.0)) + 1)
    for rows in bands(masses.shape):
        part = masses[rows].astype(np.int64).ravel()
        numbers += np.bincount(part, minlength=numbers.size)
        yield Boxes(np.empty(0), np.empty(0))
    held = np.flatnonzero(numbers[1:]) + 1
    yield Boxes(held.astype(np.float64), numbers[held])


def _sums(parts: Iterable[Boxes], total: float, orders: Sequence[float]) -> Pieces[list[float]]:
    """By log-sum-exp, part by part: p^q is taken relative to the largest so far, so that no order overflows.

    NaN where no box holds mass. Sums are numpy's own: those of a linear algebra library depend on its threads.
    """
    found = [_Sum(q) for q in orders]
    if not found:
        return []
    for part in parts:
        if part.masses.size:
            logs = np.log(part.masses / total)
            for partition in found:
                partition.add(logs, part.numbers)
                yield
        yield
    return [partition.value for partition in found]


class _Sum:
    """The partition sum of one order, as exp(`_shift`) times `_scaled`."""

    def __init__(self, q: float) -> None:
        self._q = q
        self._shift, self._scaled = -math.inf, 0.0
        self._is_information = _is_information(q)

    def add(self, logs: Array, numbers: Array) -> None:
        """Take in boxes by ln of their shares, and how many there are of each."""
        if self._is_information:
            self._scaled += float((numbers * np.exp(logs) * logs).sum())
            return
        powers = self._q * logs
        shift = max(self._shift, float(powers.max()))
        powers -= shift
        self._scaled = self._scaled * math.exp(self._shift - shift) + float((numbers * np.exp(powers)).sum())
        self._shift = shift

    @property
    def value(self) -> float:
        """What grows with ln of the edge at the rate D_q."""
        if self._is_information:
            return self._scaled
        return (self._shift + math.log(self._scaled)) / (self._q - 1) if self._scaled else math.nan


def _is_information(q: float) -> bool:
    return abs(q - 1) < INFORMATION
