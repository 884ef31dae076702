"""What can be asked of a fractal analysis, with the ranges of every parameter."""

from dataclasses import dataclass
from enum import StrEnum

from mfn_grpc.core.limits import SEED, Limit, Violation, limited, parameter, violations_of

FIELD_EDGE = Limit(1, 8192, "cells", "edge of the field", whole=True)
MAX_BOX_EDGE = Limit(1, 8192, "cells", "largest box edge", whole=True)
ORDER = Limit(-50, 50, "1", "order of a generalised dimension")
MOST_LACUNARITY_EDGES = 64
MOST_ORDERS = 64


class Estimator(StrEnum):
    """Ways to estimate a dimension."""

    BOX_COUNT = "box_count"
    BOUNDARY_COUNT = "boundary_count"


class BoxBase(StrEnum):
    """How boxes grow from one scale to the next."""

    DYADIC = "dyadic"
    TRIADIC = "triadic"

    @property
    def ratio(self) -> int:
        """Edge of the boxes of one scale over that of the scale below."""
        return 2 if self is BoxBase.DYADIC else 3


class NullModel(StrEnum):
    """How chance patterns are made: diffused white noise of the set's correlation length, or shuffled cells."""

    DIFFUSION = "diffusion"
    SHUFFLED = "shuffled"


@dataclass(frozen=True)
class BoxCountOptions:
    """How boxes are laid and counted.

    base: ratio between scales; it should match the set's own. crop_to_bounding_box: lay the boxes over the set's
    bounding box rather than over the field. minimize_over_offsets: take each scale's smallest count over all positions
    of the boxes. max_box_edge_cells: None for half the shorter side.
    """

    base: BoxBase = BoxBase.DYADIC
    crop_to_bounding_box: bool = True
    minimize_over_offsets: bool = False
    min_box_edge_cells: int = parameter(1, 1, 8192, "cells", "smallest box edge", whole=True)
    max_box_edge_cells: int | None = None
    confidence_level: float = parameter(0.95, 0.5, 0.999, "1", "confidence level of the intervals")

    def violations(self) -> list[Violation]:
        """Every field outside its range."""
        return violations_of(self) + self._largest_edge_violations()

    def _largest_edge_violations(self) -> list[Violation]:
        name, largest = "max_box_edge_cells", self.max_box_edge_cells
        if largest is None:
            return []
        if violation := MAX_BOX_EDGE.violation(name, largest):
            return [violation]
        if largest >= self.min_box_edge_cells:
            return []
        text = f"is {largest}, must be min_box_edge_cells ({self.min_box_edge_cells}) or more"
        return [Violation(name, str(largest), text)]


@dataclass(frozen=True)
class NullOptions:
    """Which chance patterns the dimensions are compared with, and how many."""

    null_model: NullModel = NullModel.DIFFUSION
    samples: int = parameter(100, 10, 1000, "1", "chance patterns made", whole=True)
    seed: int = limited(0, SEED)

    def violations(self) -> list[Violation]:
        """Every field outside its range."""
        return violations_of(self)


@dataclass(frozen=True)
class FractalOptions:
    """What is wanted of a field.

    threshold: a cell above it belongs to the set; for float fields, and only for them.
    lacunarity_box_edges_cells: edges of gliding boxes, rising. generalized_orders: orders q of D_q, rising.
    """

    threshold: float | None = None
    estimators: tuple[Estimator, ...] = (Estimator.BOX_COUNT,)
    box_count: BoxCountOptions = BoxCountOptions()
    null_comparison: NullOptions | None = None
    lacunarity_box_edges_cells: tuple[int, ...] = ()
    generalized_orders: tuple[float, ...] = ()
