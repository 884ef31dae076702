"""Exponents that are known, and what fluctuates how much on the way to a fold."""

import math

from mfn_grpc.core.validation.expected.turing import SCHNAKENBERG, grid_eigenvalue

LOGISTIC = math.log(2)
# Two maps of literature: Sprott, Chaos and Time-Series Analysis (2003), appendix A.
HENON, LORENZ = 0.41922, 0.9056
HENON_SUM = math.log(0.3)
LORENZ_SUM = -(10 + 1 + 8 / 3)

SIERPINSKI = -math.log(2)
SIERPINSKI_SUM = -2 * math.log(2)
STRETCHED = math.log(0.6), math.log(0.3)
# Similarities with these ratios, drawn with these probabilities: the sum of p ln r, and what one draw scatters by.
RATIOS, PROBABILITIES, DRAWS = (0.9, 0.5, 0.1), (0.2, 0.1, 0.7), 400_000
SIMILARITIES = sum(p * math.log(r) for p, r in zip(PROBABILITIES, RATIOS, strict=True))
_SQUARES = sum(p * math.log(r) ** 2 for p, r in zip(PROBABILITIES, RATIOS, strict=True))
SIMILARITIES_ERROR = math.sqrt((_SQUARES - SIMILARITIES**2) / DRAWS)

# Gray-Scott about (1, 0) on 8 x 8 cells with F = .0545, k = .062, dt = 1: u and v decay apart from one another.
# The slowest are u with mu = 0, v with mu = 0, and then u with one wave along either axis.
_FEED, _REMOVAL = 0.0545, 0.0545 + 0.062
FIELD_RESTING = math.log(1 - _FEED), math.log(1 - _REMOVAL)

# Schnakenberg on 12 x 12 cells at its steady state: the wave that grows fastest among those that fit.
FIELD_EDGE = 12
FIELD_TURING = math.log1p(
    SCHNAKENBERG.dt
    * max(
        SCHNAKENBERG.growth_rate(grid_eigenvalue((m, n), FIELD_EDGE))
        for m in range(FIELD_EDGE)
        for n in range(FIELD_EDGE)
    )
)

# An autoregression x' = phi x + noise of variance 1 over a window of n values. With a sum of n - 1 products over n - 1
# and the mean estimated as well, the estimate of phi is short by (1 + 3 phi) / n (Marriott & Pope 1954; Kendall 1954);
# here that sum is taken over n, which takes another phi / n away. It scatters by sqrt((1 - phi^2) / n).
AR1_PHI, AR1_WINDOW, AR1_SERIES = 0.7, 8000, 18
AR1_LAG1 = AR1_PHI - (1 + 4 * AR1_PHI) / AR1_WINDOW
AR1_LAG1_ERROR = math.sqrt((1 - AR1_PHI**2) / AR1_WINDOW / AR1_SERIES)
AR1_VARIANCE = 1 / (1 - AR1_PHI**2)
# Bartlett: the variance of the estimate is 2 s^4 / n times the sum of phi^(2 lag) over all lags.
AR1_VARIANCE_ERROR = AR1_VARIANCE * math.sqrt(2 / AR1_WINDOW * (1 + AR1_PHI**2) / (1 - AR1_PHI**2) / AR1_SERIES)
# The same of short windows, where the bias shows; the next term of its series is of order 1 / n^2.
SHORT_WINDOW, SHORT_SERIES = 80, 3600
SHORT_LAG1 = AR1_PHI - (1 + 4 * AR1_PHI) / SHORT_WINDOW
SHORT_LAG1_ERROR = math.sqrt((1 - AR1_PHI**2) / SHORT_WINDOW / SHORT_SERIES)

# So many equal values before others that rise: pairs of the equal ones count in one of tau-b's two roots alone.
EQUAL, RISING = 30, 20
_PAIRS, _TIED = (n * (n - 1) / 2 for n in (EQUAL + RISING, EQUAL))
TAU_WITH_TIES = math.sqrt((_PAIRS - _TIED) / _PAIRS)

# p-values of series that are like their surrogates are 1/20, 2/20 ... 1 with equal chances where there are 19 of these.
STEADY_MEAN_P = 0.525
STEADY_SHARE = 0.1

# x' = a - x^2 + noise rests at sqrt a and returns at the rate 2 sqrt a, which vanishes at the fold a = 0. From a = 1 to
# a = 1/16 the rate falls fourfold: at frames 0.25 apart the lag-1 autocorrelation rises from e^-0.5 to e^-0.125, and
# the variance, noise over twice the rate, fourfold.
FOLD_FAR, FOLD_NEAR, FOLD_FRAME = 1.0, 1 / 16, 0.25
FOLD_LAG1_FAR = math.exp(-2 * math.sqrt(FOLD_FAR) * FOLD_FRAME)
FOLD_LAG1_NEAR = math.exp(-2 * math.sqrt(FOLD_NEAR) * FOLD_FRAME)
FOLD_VARIANCE_RATIO = math.sqrt(FOLD_FAR / FOLD_NEAR)
