"""Boundary conditions, and the ghost cells that realise them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from mfn_grpc.core.limits import Limit, Violation
from mfn_grpc.core.reaction_diffusion.kernels.ghosts import Ghosts

FIXED_VALUE = Limit(-1e9, 1e9, "1", "value held at an edge")


class BoundaryKind(StrEnum):
    """What holds at one edge."""

    PERIODIC = "periodic"
    NO_FLUX = "no_flux"
    FIXED = "fixed"


@dataclass(frozen=True)
class BoundaryCondition:
    """The condition at one edge; FIXED has one value for each species, held on the outer face of the edge cells."""

    kind: BoundaryKind = BoundaryKind.PERIODIC
    values: tuple[float, ...] = ()

    def violations(self, path: str, species: int) -> list[Violation]:
        """What is wrong with the condition's values for a model of `species` species."""
        expected = species if self.kind is BoundaryKind.FIXED else 0
        field = f"{path}.values"
        if len(self.values) != expected:
            text = f"has {len(self.values)} values, must have {expected}: FIXED takes one a species, the others none"
            return [Violation(field, str(list(self.values)), text)]
        checked = (FIXED_VALUE.violation(f"{field}[{i}]", value) for i, value in enumerate(self.values))
        return [violation for violation in checked if violation is not None]


@dataclass(frozen=True)
class AxisBoundary:
    """The conditions at the two ends of an axis."""

    lower: BoundaryCondition = BoundaryCondition()
    upper: BoundaryCondition = BoundaryCondition()

    def violations(self, path: str, species: int) -> list[Violation]:
        """What is wrong with either end, and with their combination."""
        found = [
            *self.lower.violations(f"{path}.lower", species),
            *self.upper.violations(f"{path}.upper", species),
        ]
        kinds = [self.lower.kind, self.upper.kind]
        if kinds.count(BoundaryKind.PERIODIC) == 1:
            text = f"is {kinds[0]} below and {kinds[1]} above, must be periodic at both ends or at neither"
            found.append(Violation(path, "/".join(kinds), text))
        return found

    @property
    def kind(self) -> BoundaryKind:
        """The kind that decides which modes fit the axis: FIXED when either end is."""
        return BoundaryKind.FIXED if BoundaryKind.FIXED in (self.lower.kind, self.upper.kind) else self.lower.kind


def ghosts(boundaries: tuple[AxisBoundary, AxisBoundary], state_shape: tuple[int, ...], dtype: Any) -> Ghosts:
    """The ghost cells of a state [species, rows, cols].

    PERIODIC copies the opposite edge, NO_FLUX the edge itself; FIXED mirrors the edge about the value on the face
    (2 value - edge), which is second-order accurate.
    """
    species = state_shape[0]
    source, sign = np.empty(4, np.int64), np.ones(4, dtype)
    offset = np.zeros((species, 4), dtype)
    for axis, boundary in enumerate(boundaries):
        last = state_shape[1 + axis]
        edges = (boundary.lower, 1, last), (boundary.upper, last, 1)
        for side, (condition, own, opposite) in enumerate(edges, start=2 * axis):
            source[side] = opposite if condition.kind is BoundaryKind.PERIODIC else own
            if condition.kind is BoundaryKind.FIXED:
                sign[side] = -1
                offset[:, side] = 2 * np.asarray(condition.values)
    return Ghosts(source, sign, offset)
