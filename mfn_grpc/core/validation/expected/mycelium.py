"""The linear parts of the mycelium model in closed form, at its default parameters."""

import math

import numpy as np
from numpy.typing import NDArray

from mfn_grpc.core.validation.expected.turing import HEAT_EDGE, HEAT_MODE, grid_eigenvalue

REST_MV, LOWEST_MV, HIGHEST_MV = -70.0, -95.0, 40.0
RISE_MEAN_MV, RISE_SPREAD_MV = 20.0, 5.0
SPIKE_PROBABILITY = 0.25
_ALPHA, _LEAK, _JITTER_VAR = 0.18, 0.02, 0.01

LEAK_START_MV, LEAK_STEPS = -30.0, 100
LEAKED_MV = REST_MV + (LEAK_START_MV - REST_MV) * (1 - _LEAK) ** LEAK_STEPS

# V + alpha lap V + leak (-70 - V), of a wave whose Laplacian is -mu times itself.
WAVE_MV = 10.0
WAVE_FACTOR = 1 - _LEAK - _ALPHA * grid_eigenvalue(HEAT_MODE, HEAT_EDGE)

_COUPLING_MV, _THRESHOLD = 0.5, 1.5
ACTIVATOR_ABOVE, ACTIVATOR_BELOW = 3.5, 1.0
RAISED_MV = REST_MV + _COUPLING_MV * (ACTIVATOR_ABOVE - _THRESHOLD)

JITTER_EDGE, JITTER_STEPS = 64, 400


def _mode_variances() -> NDArray[np.float64]:
    """Variance of each mode after n steps of noise of variance v, decaying by g = 1 - leak - alpha mu a step.

    That is v (1 - g^2n) / (1 - g^2); by Parseval's theorem its mean over the modes is the variance of a cell.
    """
    mu = 4 * np.sin(math.pi * np.arange(JITTER_EDGE) / JITTER_EDGE) ** 2
    square = (1 - _LEAK - _ALPHA * np.add.outer(mu, mu)) ** 2
    return np.asarray(_JITTER_VAR * (1 - square**JITTER_STEPS) / (1 - square))


JITTER_SPREAD_MV = math.sqrt(float(_mode_variances().mean()))
# The sum of squares over N modes of variances s has the variance 2 sum s^2; of its root, that over twice the root.
JITTER_SPREAD_ERROR_MV = math.sqrt(2 * float((_mode_variances() ** 2).sum())) / JITTER_EDGE**2 / (2 * JITTER_SPREAD_MV)
