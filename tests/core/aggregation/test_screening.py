from typing import Any

import numpy as np
import pytest

from mfn_grpc.core.aggregation import ArraySource, ClientVerdict, Screens, Update, VerdictKind, VerdictReason
from mfn_grpc.core.aggregation.blocks import PIECE_ELEMENTS
from mfn_grpc.core.aggregation.screening import Screened, screen
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.pieces import finish
from tests.core.aggregation.cases import normal


def screened(*rows: Array, weights: tuple[float, ...] = (), size: int | None = None, **screens: Any) -> Screened:
    claims = weights or (1.0,) * len(rows)
    updates = [Update(str(k), ArraySource(row), claims[k]) for k, row in enumerate(rows)]
    return finish(screen(updates, size or len(rows[0]), Screens(**screens)))


def only(found: Screened) -> ClientVerdict:
    assert len(found.verdicts) == 1
    verdict = found.verdicts[0]
    assert verdict.kind is VerdictKind.SCREENED
    assert verdict.score is None
    assert verdict.weight is None
    return verdict


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("element", [0, PIECE_ELEMENTS + 5])
def test_one_value_that_is_not_finite_screens_its_update_and_no_other(dtype: Any, value: float, element: int) -> None:
    bad, good = np.ones(PIECE_ELEMENTS + 9, dtype), np.ones(PIECE_ELEMENTS + 9, dtype)
    bad[element] = value
    found = screened(good, bad)
    assert [update.client_id for update in found.passed] == ["0"]
    verdict = only(found)
    assert (verdict.reason, verdict.norm) == (VerdictReason.NOT_FINITE, None)
    assert verdict.detail == f"element {element} is {value}"


def test_the_detail_counts_the_others_that_are_not_finite() -> None:
    verdict = only(screened(np.array([1, np.nan, np.inf, 2, np.nan])))
    assert verdict.detail == "element 1 is nan, as are 2 of the 3 after it"


def test_a_norm_above_the_bound_screens_and_one_at_it_passes() -> None:
    found = screened(np.array([3.0, 4.0]), np.array([3.0, 4.0000001]), max_norm=5.0)
    assert found.norms.tolist() == [5.0]
    assert only(found).reason is VerdictReason.NORM
    assert only(found).norm == pytest.approx(5.00000008, rel=1e-9)


@pytest.mark.parametrize("value", [1e151, 1e200, 1.7e308])
def test_a_norm_whose_square_overflows_screens_and_says_so(value: float) -> None:
    verdict = only(screened(np.array([value, 0.0])))
    assert verdict.reason is VerdictReason.NORM
    assert verdict.norm == pytest.approx(value, rel=1e-12)
    assert "overflow" in verdict.detail


def test_the_largest_single_precision_values_pass() -> None:
    found = screened(np.full(10, np.finfo(np.float32).max))
    assert found.norms[0] == pytest.approx(float(np.finfo(np.float32).max) * np.sqrt(10), rel=1e-12)


@pytest.mark.parametrize("weight", [1e9 + 1, -1.0, np.nan, np.inf])
def test_a_weight_out_of_range_screens(weight: float) -> None:
    verdict = only(screened(np.ones(3), np.ones(3), weights=(weight, 1e9)))
    assert (verdict.client_id, verdict.reason) == ("0", VerdictReason.WEIGHT)
    assert verdict.norm == pytest.approx(np.sqrt(3))


@pytest.mark.parametrize("row", [np.ones(4), np.ones((5, 1)), np.ones(5, np.int64), np.ones(5, ">f4")])
def test_a_shape_or_type_that_cannot_be_read_screens(row: Array) -> None:
    verdict = only(screened(row, size=5))
    assert (verdict.reason, verdict.norm) == (VerdictReason.MANIFEST, None)
    assert "float32 or float64 of shape (5,)" in verdict.detail


def test_norms_are_accurate_over_many_pieces() -> None:
    x = normal(1, 3 * PIECE_ELEMENTS + 1, dtype=np.float32)[0]
    expected = np.sqrt((x.astype(np.longdouble) ** 2).sum())
    assert screened(x).norms[0] == pytest.approx(float(expected), rel=1e-13)


def test_blocks_are_read_in_single_precision_only_when_all_that_pass_are() -> None:
    single, double, bad = np.ones(2, np.float32), np.ones(2), np.array([np.nan, 1.0])
    assert screened(single, single).dtype == np.float32
    assert screened(single, double).dtype == np.float64
    assert screened(single, bad).dtype == np.float32
