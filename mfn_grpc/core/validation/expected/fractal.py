"""Dimensions and moments that are known: similarity dimensions, cascades, and sets of given density."""

import math

# Copies over ratio (Falconer 2003, theorem 9.3).
SIERPINSKI_TRIANGLE = math.log(3) / math.log(2)
SIERPINSKI_CARPET = math.log(8) / math.log(3)
VICSEK = math.log(5) / math.log(3)
KOCH = math.log(4) / math.log(3)
CANTOR_DUST = math.log(4) / math.log(3)

# A mass that splits p : 1 - p at every halving.
BINOMIAL = 0.7, 0.3
QUARTERS = 0.4, 0.3, 0.2, 0.1


def cascade_dimension(weights: tuple[float, ...], q: float) -> float:
    """The Renyi dimension of order q by halving edges: -log2(sum p^q) / (q - 1), its limit at 1 the entropy."""
    if q == 1:
        return -sum(p * math.log2(p) for p in weights)
    return -math.log2(sum(p**q for p in weights)) / (q - 1)


BINOMIAL_MINUS_2 = cascade_dimension(BINOMIAL, -2)
BINOMIAL_0 = cascade_dimension(BINOMIAL, 0)
BINOMIAL_1 = cascade_dimension(BINOMIAL, 1)
BINOMIAL_2 = cascade_dimension(BINOMIAL, 2)
BINOMIAL_10 = cascade_dimension(BINOMIAL, 10)
QUARTERS_MINUS_2 = cascade_dimension(QUARTERS, -2)
QUARTERS_2 = cascade_dimension(QUARTERS, 2)

# 1000 cells of 64 x 64: the moments of a 0-1 variable.
LACUNARITY_1 = 64 * 64 / 1000

# Cells that are set with probability p, each by itself: Poisson's variance over the squared mean, (1 - p) / (p r^2).
RANDOM_DENSITY, RANDOM_EDGE, RANDOM_BOX = 0.2, 1024, 8
LACUNARITY_RANDOM = 1 + (1 - RANDOM_DENSITY) / (RANDOM_DENSITY * RANDOM_BOX**2)

# The outline of a square of 256 cells takes 4 (256 / e) - 4 boxes of edge e. The least-squares line through ln(boxes)
# over ln(e), and Student's t at 97.5 % with 5 degrees of freedom (Abramowitz & Stegun 1972, table 26.10: 2.571).
OUTLINE_EDGE = 256
OUTLINE_BOXES = {2**k: 4 * (OUTLINE_EDGE // 2**k) - 4 for k in range(7)}
STUDENT_5 = 2.5705818356


def upper_end(boxes: dict[int, int], student: float) -> float:
    """The upper end of the interval of a dimension: minus the slope, and student times the slope's standard error."""
    x, y = [math.log(edge) for edge in boxes], [math.log(count) for count in boxes.values()]
    n = len(x)
    s_xx = sum(a * a for a in x) - sum(x) ** 2 / n
    s_xy = sum(a * b for a, b in zip(x, y, strict=True)) - sum(x) * sum(y) / n
    s_yy = sum(b * b for b in y) - sum(y) ** 2 / n
    slope = s_xy / s_xx
    return -slope + student * math.sqrt((s_yy / s_xx - slope**2) / (n - 2))


OUTLINE_UPPER_END = upper_end(OUTLINE_BOXES, STUDENT_5)

# A Monte Carlo test whose patterns are all nearer their mean than the set: (1 + 0) / (n + 1).
CHANCE_PATTERNS = 99
SMALLEST_P_VALUE = 1 / (CHANCE_PATTERNS + 1)
