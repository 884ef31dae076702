"""Iterated function systems: affine maps drawn at random, whose attractor is a fractal (Hutchinson 1981)."""

import math
from dataclasses import dataclass

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.limits import SEED, Limit, Violation, refuse
from mfn_grpc.core.randomness import Stream, generator

MAPS = Limit(1, 256, "1", "maps of the system", whole=True)
ROUNDING = 1e-9
"""How far probabilities that were written in decimals may be from a sum of 1."""


@dataclass(frozen=True, eq=False)
class IteratedFunctionSystem:
    """Maps x -> matrix x + offset, drawn with their probabilities.

    matrices: float64 [maps, 2, 2]. offsets: [maps, 2]. probabilities: [maps], positive, with sum 1.
    Raises InvalidInput for other shapes, numbers that are not finite, and systems that do not contract on average
    (mean of ln of the matrices' norms below 0: Barnsley & Elton 1988), whose points would run away.
    """

    matrices: Array
    offsets: Array
    probabilities: Array

    def __post_init__(self) -> None:
        for name in ("matrices", "offsets", "probabilities"):
            own = np.array(getattr(self, name), dtype=np.float64)
            own.flags.writeable = False
            object.__setattr__(self, name, own)
        refuse(_shape_violations(self))
        refuse(_value_violations(self))

    @property
    def maps(self) -> int:
        """How many maps there are."""
        return len(self.matrices)

    @property
    def contraction(self) -> float:
        """Mean of ln of the matrices' spectral norms: an upper bound of the largest Lyapunov exponent."""
        norms = np.linalg.norm(self.matrices, ord=2, axis=(1, 2))
        return float(np.sum(self.probabilities * np.log(np.maximum(norms, np.finfo(float).tiny))))


def _shape_violations(system: IteratedFunctionSystem) -> list[Violation]:
    shape = system.matrices.shape
    if shape[1:] != (2, 2):
        return [Violation("matrices", str(list(shape)), f"has shape {list(shape)}, must have [maps, 2, 2]")]
    maps = shape[0]
    if violation := MAPS.violation("matrices", maps):
        return [violation]
    found = []
    for name, wanted in (("offsets", (maps, 2)), ("probabilities", (maps,))):
        shape = getattr(system, name).shape
        if shape != wanted:
            found.append(Violation(name, str(list(shape)), f"has shape {list(shape)}, must have {list(wanted)}"))
    return found


def _value_violations(system: IteratedFunctionSystem) -> list[Violation]:
    found = []
    for name in ("matrices", "offsets", "probabilities"):
        bad = int(np.count_nonzero(~np.isfinite(getattr(system, name))))
        if bad:
            text = f"holds {bad} values that are not finite, must hold finite numbers only"
            found.append(Violation(name, f"{bad} values", text))
    if found:
        return found
    total = float(system.probabilities.sum())
    if system.probabilities.min() <= 0 or abs(total - 1) > ROUNDING:
        text = f"are {system.probabilities.tolist()}, must be positive with a sum of 1"
        found.append(Violation("probabilities", str(system.probabilities.tolist()), text))
    elif system.contraction >= 0:
        growth = math.exp(system.contraction)
        text = f"multiply distances by up to {growth:g} a step on average, must by less than 1: scale them down"
        found.append(Violation("matrices", f"{system.contraction:g}", text))
    return found


def _similarities(ratio: float, corners: list[tuple[float, float]]) -> IteratedFunctionSystem:
    """Copies of the unit square, scaled by `ratio`, at these places of a grid of such copies; all equally likely."""
    maps = len(corners)
    return IteratedFunctionSystem(
        np.tile(ratio * np.eye(2), (maps, 1, 1)), ratio * np.array(corners), np.full(maps, 1 / maps)
    )


def _koch() -> IteratedFunctionSystem:
    third, height = 1 / 3, math.sqrt(3) / 6
    cos, sin = third / 2, height
    straight, up, down = third * np.eye(2), np.array([[cos, -sin], [sin, cos]]), np.array([[cos, sin], [-sin, cos]])
    offsets = np.array([(0, 0), (third, 0), (0.5, height), (2 * third, 0)])
    return IteratedFunctionSystem(np.array([straight, up, down, straight]), offsets, np.full(4, 0.25))


def _barnsley_fern() -> IteratedFunctionSystem:
    matrices = [
        [[0.00, 0.00], [0.00, 0.16]],
        [[0.85, 0.04], [-0.04, 0.85]],
        [[0.20, -0.26], [0.23, 0.22]],
        [[-0.15, 0.28], [0.26, 0.24]],
    ]
    offsets = [(0, 0), (0, 1.6), (0, 1.6), (0, 0.44)]
    return IteratedFunctionSystem(np.array(matrices), np.array(offsets), np.array([0.01, 0.85, 0.07, 0.07]))


SIERPINSKI_TRIANGLE = _similarities(1 / 2, [(0, 0), (1, 0), (0, 1)])
"""Right-angled, so that it lies on a grid of squares; the equilateral one is an affine image of the same dimension."""
SIERPINSKI_CARPET = _similarities(1 / 3, [(x, y) for x in range(3) for y in range(3) if (x, y) != (1, 1)])
VICSEK = _similarities(1 / 3, [(1, 0), (0, 1), (1, 1), (2, 1), (1, 2)])
KOCH = _koch()
"""The curve from (0, 0) to (1, 0)."""
BARNSLEY_FERN = _barnsley_fern()
"""Barnsley, Fractals Everywhere (1988), table III.3."""

PRESETS = {
    "sierpinski_triangle": SIERPINSKI_TRIANGLE,
    "sierpinski_carpet": SIERPINSKI_CARPET,
    "vicsek": VICSEK,
    "koch": KOCH,
    "barnsley_fern": BARNSLEY_FERN,
}

_SMALLEST_RATIO, _LARGEST_RATIO = 0.2, 0.7


def random_contractive(seed: int, maps: int) -> IteratedFunctionSystem:
    """A random system of `maps` (1 to 256) contractions of seed `seed`: every singular value lies in [0.2, 0.7).

    Matrices are a random rotation times random stretches times a random rotation, half of them with a reflection;
    offsets are uniform in the unit square; probabilities follow the areas (|det|). Raises InvalidInput.
    """
    refuse(v for v in (SEED.violation("seed", seed), MAPS.violation("maps", maps)) if v)
    rng = generator(seed, Stream.RANDOM_SYSTEM)
    stretches = rng.uniform(_SMALLEST_RATIO, _LARGEST_RATIO, (maps, 2))
    before, after = (_rotations(rng.uniform(0, 2 * math.pi, maps)) for _ in range(2))
    stretched = before * stretches[:, :, None]
    stretched[:, 1] *= rng.choice([-1.0, 1.0], maps)[:, None]
    areas = stretches.prod(axis=1)
    return IteratedFunctionSystem(after @ stretched, rng.random((maps, 2)), areas / areas.sum())


def _rotations(angles: Array) -> Array:
    cos, sin = np.cos(angles), np.sin(angles)
    return np.moveaxis(np.array([[cos, -sin], [sin, cos]]), -1, 0)
