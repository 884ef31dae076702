from typing import Any

import numpy as np
import pytest

from mfn_grpc.core.limits import InvalidInput
from mfn_grpc.core.robustness import split

LABELS = np.repeat(np.arange(10), 180)


@pytest.mark.parametrize("alpha", [0.05, 0.3, 100.0])
def test_every_sample_is_somebodys_and_nobody_is_left_without(alpha: float) -> None:
    parts = split(LABELS, 20, alpha, seed=3)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(LABELS)))
    assert len(parts) == 20
    assert all(len(part) and np.array_equal(part, np.sort(part)) for part in parts)


def test_the_seed_decides() -> None:
    one, again, other = (split(LABELS, 5, 0.3, seed) for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(one, again, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("alpha", [0.3, 3.0])
def test_shares_of_a_class_vary_as_a_dirichlet_distribution_says(alpha: float) -> None:
    clients, labels = 8, np.zeros(4000, np.int64)
    # Samples of a second class, so many that no draw is repeated.
    labels = np.concatenate([labels, np.ones(400_000, np.int64)])
    shares = np.array([[np.sum(part < 4000) for part in split(labels, clients, alpha, seed)] for seed in range(40)])
    expected = (1 / clients) * (1 - 1 / clients) / (clients * alpha + 1)
    # 320 shares, dependent within a draw: their variance is known to some 15 %; three times that, and rounding of 1e-4.
    assert np.mean((shares / 4000 - 1 / clients) ** 2) == pytest.approx(expected, rel=0.45)


def test_many_classes_with_a_large_concentration_are_dealt_evenly() -> None:
    parts = split(LABELS, 6, 1e6, seed=0)
    counts = np.array([np.bincount(LABELS[part], minlength=10) for part in parts])
    # A standard deviation of 0.004 samples, and cuts are rounded by half a sample at each end.
    assert np.abs(counts - 30).max() <= 1


def test_a_concentration_too_small_for_so_many_clients_is_refused_in_words() -> None:
    with pytest.raises(InvalidInput, match="without samples"):
        split(np.zeros(30, np.int64), 30, 0.001, seed=0)


def test_every_fault_is_named() -> None:
    half: Any = 2.5
    with pytest.raises(InvalidInput) as refused:
        split(np.zeros((2, 2)), half, 0.0, seed=-1)
    assert {fault.field for fault in refused.value.violations} == {"clients", "alpha", "seed", "labels"}


def test_fewer_samples_than_clients_are_refused() -> None:
    with pytest.raises(InvalidInput, match="a sample a client"):
        split([0, 1, 0], 4, 1.0, seed=0)
