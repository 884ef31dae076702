"""Aggregates that are known: by hand, by closed forms and by plain loops over small numbers."""

import math

# Three updates [1, 2, 3], [4, 5, 6], [7, 8, 9] by hand, f = 1.
ROWS = (1.0, 2.0, 3.0), (4.0, 5.0, 6.0), (7.0, 8.0, 9.0)
MIDDLE_ROW = 4.0, 5.0, 6.0
FIRST_ROW = 1.0, 2.0, 3.0
"""Krum by the mean over n - f - 1 others: rows 0 and 1 tie at 27, the first counts."""
FIRST_TWO = 2.5, 3.5, 4.5
"""Multi-Krum over n - f = 2."""
MIXED_MEAN = 3.5, 4.5, 5.5
"""The mean of the mixed rows [2.5, 3.5, 4.5], the same again, and [5.5, 6.5, 7.5]."""

# Attacks on the same three: against the mean, twice as far, and a deviation of 3 one and a half times.
SIGN_FLIP = -4.0, -5.0, -6.0
INNER_PRODUCT_2 = -8.0, -10.0, -12.0
LITTLE_1_5 = 8.5, 9.5, 10.5

# One number a client.
OUTLYING = 1.0, 2.0, 3.0, 4.0, 1e30
TRIMMED_OUTLYING = 3.0
WITH_NAN = (1.0, 1.0), (1.1, 1.0), (0.9, 1.0), (1.0, 1.1), (math.nan, 0.0)
KRUM_WITH_NAN = 1.0, 1.0
CLIPPED = 1.0, 2.0, 3.0, 4.0, 100.0
STATICALLY_CLIPPED = (1.0 + 2.0 + 2.0 + 2.0 + 2.0) / 5
ADAPTIVELY_CLIPPED = (1.0 + 2.0 + 3.0 + 4.0 + 4.0) / 5
"""floor(2 (1 / 5) 4) = 1 is clipped, to the next."""
WEIGHED, WEIGHTS = (0.0, 0.0, 0.0, 0.0, 14.0), (1.0, 1.0, 1.0, 1.0, 1e6)
CAPPED_MEAN = 14.0 * 10.0 / (4 * 1.0 + 10.0)
"""The largest weight is cut to ten times the median."""
CLIPPING_STEPS = 3.0
"""Three steps of length 1 from 0 towards updates that are all at 10."""

# 29 of 100 squares dropped at each side: those of 29 to 70 are left. 0.29 times 100 is 28.999... in floating point.
SQUARES = tuple(float(k * k) for k in range(100))
TRIMMED_SQUARES = sum(k * k for k in range(29, 71)) / 42
FLOOR_OF_29_PER_CENT = 29.0
LEFT_OF_F_2 = 1.0
"""One of two that may be faulty fails a screen."""

# The geometric median of four points that are the corners of a convex quadrilateral: where its diagonals cross.
CORNERS = (4.0, 7.0), (8.0, 7.0), (5.0, 5.0), (5.0, 8.0)
CROSSING = 5.0, 7.0

# Heavy-ball steps of 0.5 with a constant aggregate of 1 and a momentum of 0.9: a double geometric series.
STEPS, STEP, MOMENTUM = 25, 0.5, 0.9
MODEL_AFTER_STEPS = STEP * sum((1 - MOMENTUM**k) / (1 - MOMENTUM) for k in range(1, STEPS + 1))

SCALARS = 0.0, 1.0, 3.0, 4.0, 5.0, 6.0, 1000.0
"""Bulyan with all picked at once would give 4."""


def bulyan(values: tuple[float, ...], f: int) -> float:
    """Bulyan of one number a client, by loops: El Mhamdi, Guerraoui & Rouault, ICML 2018, section 4."""
    left, picked = list(values), []
    for _ in range(len(values) - 2 * f):
        near = max(1, len(left) - f - 2)
        scores = [sum(sorted((a - b) ** 2 for j, b in enumerate(left) if j != i)[:near]) for i, a in enumerate(left)]
        picked.append(left.pop(scores.index(min(scores))))
    ordered = sorted(picked)
    half = len(ordered) // 2
    median = ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
    nearest = sorted(ordered, key=lambda value: abs(value - median))[: len(values) - 4 * f]
    return sum(nearest) / len(nearest)


def minimum_diameter(values: tuple[float, ...], f: int) -> float:
    """The mean of the n - f numbers that span least: neighbours in their order."""
    ordered, kept = sorted(values), len(values) - f
    best = min((ordered[k : k + kept] for k in range(f + 1)), key=lambda some: some[-1] - some[0])
    return sum(best) / kept


BULYAN_SCALARS = bulyan(SCALARS, 1)
NARROWEST_SCALARS = minimum_diameter(SCALARS, 2)

# What a few faulty ones can do, at most, to n = 20 with f = 4. kappa: squared distance of the aggregate from the honest
# mean over the honest variance (Allouah 2023: table 1 for both rules, lemma 1 for the mixing).
CLIENTS, FAULTY = 20, 4
_RATIO = FAULTY / (CLIENTS - 2 * FAULTY)
KAPPA_TRIMMED = 6 * _RATIO * (1 + _RATIO)
KAPPA_GEOMETRIC = 4 * (1 + _RATIO) ** 2
KAPPA_DEFAULT = 8 * FAULTY / (CLIENTS - FAULTY) * (KAPPA_TRIMMED + 1)
# The geometric median stays within 2 (n - f) / (n - 2 f) times the largest honest distance from the honest mean
# (Minsker 2015, lemma 2.1 with gamma -> 0; Pillutla 2022).
GEOMETRIC_REACH = 2 * (CLIENTS - FAULTY) / (CLIENTS - 2 * FAULTY)
