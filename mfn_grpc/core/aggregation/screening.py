"""What every update must pass before a rule sees it: the first pass over all elements, which also gives the norms."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot, inf, sqrt

import numpy as np

from mfn_grpc.core.aggregation.blocks import PIECE_ELEMENTS, spans
from mfn_grpc.core.aggregation.kernels.combining import squared_length
from mfn_grpc.core.aggregation.policy import Screens
from mfn_grpc.core.aggregation.results import ClientVerdict, VerdictKind, VerdictReason
from mfn_grpc.core.aggregation.updates import Update
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.pieces import Pieces

LARGEST_NORM = 1e150
"""Above it squared distances leave float64."""
_READABLE = frozenset({np.dtype(np.float32), np.dtype(np.float64)})


@dataclass(frozen=True)
class Screened:
    """Updates that passed, with their norms [n] and the widest type that any of them is read in; verdicts of others."""

    passed: tuple[Update, ...]
    norms: Array
    dtype: np.dtype[np.floating]
    verdicts: tuple[ClientVerdict, ...]


@dataclass(frozen=True)
class _Fault:
    reason: VerdictReason
    detail: str


@dataclass
class _Measured:
    """What a pass over an update found: its norm, as far as it came, whether all was read in float32, and any fault."""

    norm: float = 0.0
    single: bool = True
    fault: _Fault | None = None


def screen(updates: Sequence[Update], size: int, screens: Screens) -> Pieces[Screened]:
    """Look at every element of `updates`, each of `size` elements; one that fails is left out, and none is in the way.

    The order of the updates is kept.
    """
    passed, norms, verdicts, single = list[Update](), list[float](), list[ClientVerdict](), True
    for update in updates:
        measured = yield from _measure(update, size)
        if measured.fault:
            verdicts.append(_verdict(update, None, measured.fault))
        elif fault := _beyond(screens, measured.norm, update.weight):
            verdicts.append(_verdict(update, measured.norm, fault))
        else:
            passed.append(update)
            norms.append(measured.norm)
            single &= measured.single
    dtype: np.dtype[np.floating] = np.dtype(np.float32 if single else np.float64)
    return Screened(tuple(passed), np.array(norms), dtype, tuple(verdicts))


def _measure(update: Update, size: int) -> Pieces[_Measured]:
    found = _Measured()
    for start, stop in spans(size, PIECE_ELEMENTS):
        block = update.source.read(start, stop)
        if block.shape != (stop - start,) or block.dtype not in _READABLE:
            found.fault = _Fault(VerdictReason.MANIFEST, _unreadable(block, start, stop))
            return found
        square = squared_length(_plain(block))
        if not square < inf and not np.isfinite(block).all():
            found.fault = _Fault(VerdictReason.NOT_FINITE, _first_not_finite(block, start))
            return found
        found.single &= block.dtype == np.float32
        found.norm = hypot(found.norm, sqrt(square) if square < inf else _scaled_norm(block))
        yield
    return found


def _plain(block: Array) -> Array:
    """The block, copied unless it is of a kind for which the kernels are compiled."""
    return block if block.flags.c_contiguous and block.flags.aligned else block.copy()


def _beyond(screens: Screens, norm: float, weight: float) -> _Fault | None:
    if screens.max_norm is not None and norm > screens.max_norm:
        return _Fault(VerdictReason.NORM, f"its norm is {norm:.6g}, at most {screens.max_norm:g} is allowed")
    if norm > LARGEST_NORM:
        return _Fault(VerdictReason.NORM, f"its norm is {norm:.6g}; squares of more than {LARGEST_NORM:g} overflow")
    if not 0 <= weight <= screens.max_weight:
        return _Fault(VerdictReason.WEIGHT, f"its weight is {weight:.10g}, must be 0 to {screens.max_weight:g}")
    return None


def _verdict(update: Update, norm: float | None, fault: _Fault) -> ClientVerdict:
    return ClientVerdict(update.client_id, VerdictKind.SCREENED, fault.reason, fault.detail, norm, None, None)


def _scaled_norm(block: Array) -> float:
    largest = float(np.abs(block).max())
    return largest * sqrt(squared_length(block / largest))


def _first_not_finite(block: Array, start: int) -> str:
    first = int(np.argmin(np.isfinite(block)))
    count = int(np.count_nonzero(~np.isfinite(block)))
    more = f", as are {count - 1} of the {len(block) - first - 1} after it" if count > 1 else ""
    return f"element {start + first} is {block[first]}{more}"


def _unreadable(block: Array, start: int, stop: int) -> str:
    wanted = f"float32 or float64 of shape ({stop - start},)"
    return f"elements {start} to {stop - 1} are {block.dtype} of shape {block.shape}, must be {wanted}"
