"""The online history against stored ones."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfn_grpc.core.features.history import History
from mfn_grpc.core.features.kernels.watching import Record, watch_rows, watch_step
from tests.core.features.oracles import CHANGES, Array, Precision, change_features, walk


def followed(fields: Array) -> History:
    history = History.begin(fields[0])
    padded = np.pad(fields, ((0, 0), (1, 1), (1, 1)), constant_values=-1e6)  # ghosts that would show
    for old, new in pairwise(padded):
        history.watch(old, new)
    return history


def features_of(history: History) -> dict[str, float]:
    return {name: getattr(history, name) for name in CHANGES}


def assert_close(found: dict[str, float], expected: dict[str, float]) -> None:
    for name in CHANGES:
        # Sums of up to 1e5 terms of about 1e3, in another order than the loops'.
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-10, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (7, 1), (5, 8)])
@pytest.mark.parametrize("steps", [1, 2, 9, 10, 40])
def test_a_history_online_is_a_history_in_plain_loops(steps: int, shape: tuple[int, int], dtype: Precision) -> None:
    fields = walk(shape, steps).astype(dtype)
    history = followed(fields)
    assert history.steps == steps
    assert_close(features_of(history), change_features(fields))


@given(quiet_after=st.integers(0, 40), seed=st.integers(0, 5))
def test_the_first_of_ten_quiet_steps_is_found_wherever_it_is(quiet_after: int, seed: int) -> None:
    fields = walk((3, 4), 40, seed, quiet_after=quiet_after)
    expected = change_features(fields)["t_stable"]
    assert followed(fields).t_stable == expected
    assert expected == (quiet_after + 1 if quiet_after <= 30 else 40)


def test_nine_quiet_steps_are_not_ten_and_a_later_ten_counts_from_its_own_first() -> None:
    changes = np.zeros((25, 2, 2))
    changes[9] = [[0, 0], [0, 1]]
    fields = np.concatenate([np.zeros((1, 2, 2)), changes.cumsum(axis=0)])
    assert followed(fields[:20]).t_stable == 19
    assert followed(fields).t_stable == 11


@pytest.mark.parametrize(("spread", "stable"), [(0.00099, 1), (0.00101, 20)])
def test_a_step_is_quiet_below_a_thousandth_and_not_above(spread: float, stable: int) -> None:
    step = 0.5 + spread * np.array([[1.0, -1.0], [-1.0, 1.0]])  # |change| spreads by exactly so much
    fields = np.arange(21.0)[:, None, None] * step
    assert followed(fields).t_stable == stable


def test_what_stability_was_found_stays_found_when_the_field_stirs_again() -> None:
    changes = np.zeros((30, 2, 2))
    changes[15:] = np.arange(60.0).reshape(15, 2, 2)
    fields = np.concatenate([np.zeros((1, 2, 2)), changes.cumsum(axis=0)])
    assert followed(fields).t_stable == 1


def test_before_the_first_step_there_is_no_change_and_no_trend() -> None:
    history = History.begin(np.full((3, 3), -70.0))
    assert history.steps == 0
    assert all(math.isnan(value) for value in features_of(history).values())


def test_a_history_resumed_from_its_record_goes_on_bit_for_bit() -> None:
    fields = walk((6, 7), 30, quiet_after=5)
    padded = np.pad(fields, ((0, 0), (1, 1), (1, 1)))
    whole = followed(fields)
    half = followed(fields[:13])
    kept = half.record.copy()
    resumed = History.resume(half.record)
    for old, new in pairwise(padded[12:]):
        resumed.watch(old, new)
    np.testing.assert_array_equal(resumed.record, whole.record)
    np.testing.assert_array_equal(half.record, kept)


def test_a_record_is_a_few_numbers_however_large_the_field_and_long_the_history() -> None:
    assert {followed(walk(shape, steps)).record.shape for shape, steps in [((2, 2), 3), ((30, 40), 50)]} == {
        (len(Record),)
    }


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("height", [1, 2, 5, 16])
def test_the_bands_of_rows_leave_no_trace(height: int, dtype: Precision) -> None:
    fields = walk((16, 9), 12).astype(dtype)
    padded = np.pad(fields, ((0, 0), (1, 1), (1, 1)))
    banded = History.begin(fields[0])
    for old, new in pairwise(padded):
        for first in range(0, 16, height):
            watch_rows(old, new, first, min(first + height, 16), banded.sums, banded.record)
        watch_step(banded.sums, banded.record, 16 * 9)
    np.testing.assert_array_equal(banded.record, followed(fields).record)


def test_a_small_spread_about_a_large_change_does_not_cancel() -> None:
    # Every cell rises by 1e6 or 1e6 + 4e-4 a step: a spread of 2e-4, below a thousandth; E[x^2] - E[x]^2 in double
    # precision would be off by 1e12 * 1e-16 = 1e-4, which is more than the bound of 1e-6.
    step = np.array([[1e6, 1e6 + 4e-4], [1e6 + 4e-4, 1e6]])
    fields = np.arange(15.0)[:, None, None] * step
    assert followed(fields).t_stable == pytest.approx(change_features(fields)["t_stable"])
    assert followed(fields).t_stable <= 2
