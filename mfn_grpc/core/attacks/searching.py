"""The search for the factor that does most damage, by attackers who can try the rule themselves."""

from collections.abc import Callable

import numpy as np

REFINEMENTS = 8
"""Steps of the golden section; each shortens the bracket to 0.62 of it, all together to 2 %."""
_GOLDEN = (np.sqrt(5.0) - 1) / 2
_SPAN = 400.0
"""The largest factor tried over the smallest."""


def most_damaging(damage: Callable[[float], float], largest: float, tries: int) -> float:
    """The factor of greatest damage among `tries` of either sign, refined between its neighbours.

    The factors tried lie a constant ratio apart, up to `largest`. Of equal damages the first counts, smallest first,
    positive before negative. The damage of many rules jumps where the attackers are found out, so that the refinement
    may not rely on a single peak: the best of all that was tried is returned.
    """
    sizes = np.geomspace(largest / _SPAN, largest, tries)
    found = [(damage(factor), factor) for size in sizes for factor in (size, -size)]
    best = max(found, key=_first)
    ratio = sizes[1] / sizes[0]
    refined = _golden(damage, best[1] / ratio, max(-largest, min(best[1] * ratio, largest)))
    return float(max(best, *refined, key=_first)[1])


def _golden(damage: Callable[[float], float], low: float, high: float) -> list[tuple[float, float]]:
    """Damages and factors tried by golden section between two factors of one sign."""

    def tried(factor: float) -> tuple[float, float]:
        return damage(factor), factor

    left, right = tried(high - _GOLDEN * (high - low)), tried(low + _GOLDEN * (high - low))
    found = [left, right]
    for _ in range(REFINEMENTS):
        if left[0] >= right[0]:
            high, right = right[1], left
            left = tried(high - _GOLDEN * (high - low))
            found.append(left)
        else:
            low, left = left[1], right
            right = tried(low + _GOLDEN * (high - low))
            found.append(right)
    return found


def _first(found: tuple[float, float]) -> float:
    return found[0]
