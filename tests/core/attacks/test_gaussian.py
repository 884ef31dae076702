import math

import numpy as np
import pytest
from scipy import stats

from mfn_grpc.core.attacks import Gaussian, Situation


def test_the_noise_is_normal_and_as_large_as_stated() -> None:
    honest = np.full((4, 20_000), 3.0)
    sent = Gaussian(scale=2.0, seed=5)(honest, 2)
    # Kolmogorov-Smirnov against N(0, 6^2): a p-value below 1e-3 comes once in a thousand seeds, and this one is fixed.
    assert all(stats.kstest(row, "norm", args=(0.0, 6.0)).pvalue > 1e-3 for row in sent)


def test_no_two_attackers_rounds_or_seeds_send_the_same() -> None:
    honest = np.ones((3, 50))
    sent = [
        *Gaussian(seed=0)(honest, 2, Situation(1)),
        *Gaussian(seed=0)(honest, 2, Situation(2)),
        *Gaussian(seed=1)(honest, 2, Situation(1)),
    ]
    assert len({row.tobytes() for row in sent}) == len(sent)


def test_the_size_is_measured_by_the_root_mean_square_of_the_honest() -> None:
    honest = np.array([[3.0, 4.0], [0.0, 0.0]])
    one, other = Gaussian(1.0)(honest, 1), Gaussian(1.0)(np.full((2, 2), math.sqrt(25 / 4)), 1)
    # The same draws times two roots of the same number.
    assert one == pytest.approx(other, rel=1e-15)
