"""Plasticity and attention where they have closed forms."""

import math

A_PLUS, A_MINUS, TAU_MS = 0.01, 0.012, 20.0

RISE_10_MS = A_PLUS * math.exp(-10 / TAU_MS)
FALL_20_MS = -A_MINUS * math.exp(-20 / TAU_MS)

# One spike before forty, 10 ms apart: a geometric series.
_RATIO = math.exp(-10 / TAU_MS)
TRAIN_CHANGE = A_PLUS * _RATIO * (1 - _RATIO**40) / (1 - _RATIO)
# The same forty before one pre spike: the other side of the window.
MIRRORED_TRAIN_CHANGE = -A_MINUS * _RATIO * (1 - _RATIO**40) / (1 - _RATIO)

# A query (1, 0) meets keys (2, 0), (0, 0) and (-1, 0) of width 2: scores sqrt 2, 0 and -1 / sqrt 2; values 1, 0, 10.
_WEIGHTS = [math.exp(score) for score in (math.sqrt(2), 0.0, -1 / math.sqrt(2))]
DENSE_ATTENTION = (_WEIGHTS[0] * 1 + _WEIGHTS[2] * 10) / sum(_WEIGHTS)
TOP_2_ATTENTION = _WEIGHTS[0] / (_WEIGHTS[0] + _WEIGHTS[1])

# Adam's first step is the learning rate against the gradient's sign, whatever the gradient's size: both moments are
# unbiased, so their quotient is g / |g|.
ADAM_FIRST_STEP = -0.001 * 3.0 / (3.0 + 1e-8)
