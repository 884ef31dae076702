"""Estimators in use elsewhere that give wrong answers, and ours beside them."""

import numpy as np
import pytest
from scipy import ndimage

from mfn_grpc.core.features import Features, FeatureStream, Thresholds, extract_features
from mfn_grpc.core.pieces import finish
from tests.core.features.oracles import Array, walk


def features(history: Array) -> Features:
    return finish(extract_features(history, Thresholds())).features


def slope(values: Array) -> float:
    return float(np.polyfit(np.arange(len(values)), values, 1)[0])


def test_a_trend_of_the_summed_energy_grows_with_the_grid_and_ours_does_not() -> None:
    small = walk((8, 8), 20)
    large = np.tile(small, (1, 2, 2))
    summed = [slope((history**2).sum(axis=(1, 2))) for history in (small, large)]
    assert summed[1] == pytest.approx(4 * summed[0])
    assert features(large).e_trend == pytest.approx(features(small).e_trend, rel=1e-9)


def test_a_trend_from_the_ends_alone_follows_the_last_field_and_ours_the_whole_history() -> None:
    history = np.full((50, 4, 4), -60.0)
    history[-1] = -70.0
    ends = float((history[-1] ** 2).mean() - (history[0] ** 2).mean()) / 49
    line = slope((history**2).mean(axis=(1, 2)))
    assert ends > 5 * line / 3
    assert features(history).e_trend == pytest.approx(line, rel=1e-9)


def test_neighbours_at_corners_join_clusters_that_ours_keeps_apart() -> None:
    field = np.where(np.indices((8, 8)).sum(axis=0) % 2, -70.0, -30.0)
    with_corners = ndimage.label(field > -50, structure=np.ones((3, 3)))[1]
    assert with_corners == 1
    assert features(field).n_clusters_med == 32
    assert features(field).max_cluster_size == 1


def test_changes_between_kept_frames_miss_what_happens_between_them() -> None:
    # A field that swings by 6 mV every step looks still to whoever keeps every second frame only.
    history = -60.0 + 3.0 * (-1.0) ** np.arange(41)[:, None, None] * np.ones((1, 5, 5))
    kept = features(history[::2])
    assert (kept.dv_mean, kept.dv_max) == (0.0, 0.0)
    found = features(history)
    assert found.dv_mean == pytest.approx(6.0, rel=1e-12)
    assert found.dv_max == pytest.approx(6.0, rel=1e-12)


def test_the_last_change_is_not_the_change_of_the_history() -> None:
    history = np.zeros((6, 3, 3))
    history[1:] = 5.0
    assert np.abs(history[-1] - history[-2]).max() == 0.0
    assert features(history).dv_max == 5.0
    assert features(history).dv_mean == 1.0


def test_signed_changes_average_to_nothing_and_ours_do_not() -> None:
    history = np.stack([np.zeros((4, 4)), np.where(np.arange(4) % 2, 1.0, -1.0) * np.ones((4, 4))])
    assert np.diff(history, axis=0).mean() == 0.0
    assert features(history).dv_mean == 1.0


def test_stability_goes_by_the_spread_of_the_change_not_by_its_size_or_sign() -> None:
    # Half the cells rise and half fall by 1 mV a step: |change| is the same everywhere, the change itself is not.
    signs = np.where(np.arange(6) % 2, 1.0, -1.0) * np.ones((6, 6))
    history = np.arange(21.0)[:, None, None] * signs
    assert np.std(np.diff(history, axis=0), axis=(1, 2)).min() == 1.0
    assert features(history).t_stable == 1


def test_one_quiet_step_is_not_stability() -> None:
    history = walk((5, 5), 30)
    history[12] = history[11]
    assert int(np.argmax(np.std(np.abs(np.diff(history, axis=0)), axis=(1, 2)) < 0.001)) + 1 == 12
    assert features(history).t_stable == 30


def test_moments_from_sums_of_powers_lose_their_digits_far_from_zero() -> None:
    field = 1e-4 * np.random.default_rng(1).gamma(2.0, 1.0, (64, 64)) - 70.0
    naive = np.mean(field**3) - 3 * np.mean(field) * np.mean(field**2) + 2 * np.mean(field) ** 3
    naive /= np.std(field) ** 3
    centred = field - np.mean(field)
    true = np.mean(centred**3) / np.mean(centred**2) ** 1.5
    assert abs(naive - true) > 0.1
    assert features(field).v_skew == pytest.approx(true, abs=1e-9)


def test_a_kurtosis_that_is_not_in_excess_is_three_too_large_for_a_gaussian() -> None:
    field = np.random.default_rng(2).normal(-60, 5, (512, 512))
    # The sampling error of g2 is sqrt(24 / cells) = 0.01; five of them.
    assert features(field).v_kurt == pytest.approx(0.0, abs=0.05)


def test_histories_that_are_stored_grow_and_a_stream_gives_the_same_without() -> None:
    history = walk((20, 20), 60)
    stream = FeatureStream((20, 20), Thresholds())
    for field in history:
        stream.add(field)
    np.testing.assert_array_equal(finish(stream.measure()).features.as_array(), features(history).as_array())
