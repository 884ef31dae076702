"""Generalised (Renyi) dimensions of a measure (Hentschel & Procaccia 1983), by box masses."""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from mfn_grpc.core.fractals.blocks import Array, blocks, converted
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
"""Boxes raised to up to 64 orders in one piece; numpy's exp takes a few nanoseconds each."""
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
    differ where counts are saturated. Boxes that the window cuts bias q < 0. NaN without mass and below two scales, 0
    for one cell. Raises InvalidInput.
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
    edge_list = edges(window.shape, options)
    sums = yield from _sums_by_scale(window, edge_list, orders, options.base.ratio)
    x = [math.log(edge) for edge in edge_list]
    return tuple(_dimension(q, x, [values[i] for values in sums]) for i, q in enumerate(orders))


def _dimension(q: float, log_edges: list[float], values: list[float]) -> GeneralizedDimension:
    line = fit_line(log_edges, values)
    return GeneralizedDimension(q, 0.0 + line.slope, line.standard_error, line.r_squared)


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
    edge, sums = 1, []
    while edge_list and edge <= edge_list[-1]:
        if edge > 1:
            masses = yield from _folded(masses, ratio)
        if edge >= edge_list[0]:
            sums.append((yield from _sums(_distinct(masses) if whole else _each(masses), total, orders)))
        edge *= ratio
    return sums


def _normalise(masses: Array) -> Pieces[float]:
    """Divide by the largest, so that no sum overflows; the total of the quotients."""
    largest = masses.max()
    yield
    sums = []
    for rows in blocks(*masses.shape):
        part = masses[rows.start : rows.stop]
        part /= largest
        sums += part.sum(axis=1).tolist()
        yield
    return math.fsum(sums)


def _folded(masses: Array, ratio: int) -> Pieces[Array]:
    coarse = np.empty([-(-side // ratio) for side in masses.shape])
    for rows in blocks(coarse.shape[0], masses.shape[1] * ratio):
        fold_mass(masses, ratio, coarse, rows.start, rows.stop)
        yield
    return coarse


def _each(masses: Array) -> Iterator[Boxes]:
    for rows in blocks(masses.shape[0], masses.shape[1], PIECE_BOXES):
        part = masses[rows.start : rows.stop]
        held = part[part > 0]
        yield Boxes(held, np.ones_like(held))


def _distinct(masses: Array) -> Iterator[Boxes]:
    """Boxes of whole masses, each mass once with the number of its boxes: there are few, and each is raised once."""
    numbers = np.zeros(int(masses.max()) + 1)
    for rows in blocks(*masses.shape):
        part = masses[rows.start : rows.stop].astype(np.int64).ravel()
        numbers += np.bincount(part, minlength=numbers.size)
        yield Boxes(np.empty(0), np.empty(0))
    held = np.flatnonzero(numbers[1:]) + 1
    yield Boxes(held.astype(np.float64), numbers[held])


def _sums(parts: Iterable[Boxes], total: float, orders: Sequence[float]) -> Pieces[list[float]]:
    """By log-sum-exp, part by part: p^q is taken relative to the largest so far, so that no order overflows."""
    found = [_Sum(q) for q in orders]
    for part in parts:
        if part.masses.size:
            logs = np.log(part.masses / total)
            for partition in found:
                partition.add(logs, part.numbers)
        yield
    return [partition.value for partition in found]


class _Sum:
    """The partition sum of one order, as exp(`_shift`) times `_scaled`."""

    def __init__(self, q: float) -> None:
        self._q = q
        self._shift, self._scaled = -math.inf, 0.0
        self._is_information = abs(q - 1) < INFORMATION

    def add(self, logs: Array, numbers: Array) -> None:
        """Take in boxes by ln of their shares, and how many there are of each."""
        if self._is_information:
            self._scaled += float(numbers @ (np.exp(logs) * logs))
            return
        powers = self._q * logs
        shift = max(self._shift, float(powers.max()))
        powers -= shift
        self._scaled = self._scaled * math.exp(self._shift - shift) + float(numbers @ np.exp(powers))
        self._shift = shift

    @property
    def value(self) -> float:
        """What grows with ln of the edge at the rate D_q."""
        return self._scaled if self._is_information else (self._shift + math.log(self._scaled)) / (self._q - 1)
