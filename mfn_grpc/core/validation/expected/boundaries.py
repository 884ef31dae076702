"""How waves between walls decay: 20 cells, D = 1, dx = 1, 25 explicit steps of 0.2."""

import math


def _factor(half_waves: float) -> float:
    """(1 - dt mu)^25 with mu = 4 sin^2(k / 2), k = half_waves pi / 20."""
    return (1 - 0.2 * 4 * math.sin(half_waves * math.pi / 40) ** 2) ** 25


# Cosines that are level at both walls and sines that vanish there share their wavenumbers; a cosine that is level at
# one wall and vanishes at the other holds an odd number of quarter waves.
NO_FLUX_FACTOR = _factor(3)
FIXED_FACTOR = _factor(3)
MIXED_FACTOR = _factor(3.5)
