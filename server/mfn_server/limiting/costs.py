"""What a request message costs beyond being a call, by method.

Costs are read before the request is validated, so whatever a caller wrote there must do: numbers are Python's, which do
not overflow, and a spec that no server accepts costs 1, as the service refuses it. Stability analysis, features and
validation have no cost of their own: the first does not grow with the grid, the second grows with the bytes sent, the
third is one of few suites; their classes' rates bound them. A resumed simulation costs as much as a fresh one, because
without its checkpoint it is computed anew.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from mfn_grpc.core.reaction_diffusion.spec import MAX_EDGE, MIN_EDGE, STEPS


class Resource(StrEnum):
    """What a principal uses up besides calls."""

    CELL_STEPS = "cell_steps"
    BYTES = "bytes"
    CLIENTS = "clients"


Cost = Callable[[Any, int], int]
"""Of a message and the bytes it came in; 0 for nothing."""

INVALID_COST = 1
"""Of a spec that the service refuses."""
AXES = 2
DEFAULT_CELLS = 256 * 256


def cell_steps(request: Any, size_bytes: int) -> int:
    """Cells x steps of a message with a spec."""
    shape, steps = request.spec.grid.shape, request.spec.steps
    if not STEPS.minimum <= steps <= STEPS.maximum:
        return INVALID_COST
    if not shape:
        return DEFAULT_CELLS * int(steps)
    if len(shape) != AXES or not all(MIN_EDGE <= edge <= MAX_EDGE for edge in shape):
        return INVALID_COST
    return int(shape[0]) * int(shape[1]) * int(steps)


def message_bytes(request: Any, size_bytes: int) -> int:
    """The bytes it came in."""
    return size_bytes


def clients(request: Any, size_bytes: int) -> int:
    """1 for the message that announces the update of a client."""
    return int(request.HasField("client_begin"))


_BYTES = (Resource.BYTES, message_bytes)
_CELL_STEPS = (Resource.CELL_STEPS, cell_steps)

COSTS: Mapping[str, tuple[tuple[Resource, Cost], ...]] = {
    "/mfn.v1.ElectrochemistryService/ComputeNernstBatch": (_BYTES,),
    "/mfn.v1.SimulationService/Simulate": (_BYTES, _CELL_STEPS),
    "/mfn.v1.SimulationService/RunSimulation": (_BYTES, _CELL_STEPS),
    "/mfn.v1.SimulationService/AnalyzeStability": (_BYTES,),
    "/mfn.v1.SimulationService/UploadArray": (_BYTES,),
    "/mfn.v1.FeatureService/ExtractFeatures": (_BYTES,),
    "/mfn.v1.FeatureService/ExtractFeatureStream": (_BYTES,),
    "/mfn.v1.FeatureService/AnalyzeFractal": (_BYTES,),
    "/mfn.v1.FederationService/Federate": (_BYTES,),
    "/mfn.v1.FederationService/Aggregate": (_BYTES, (Resource.CLIENTS, clients)),
    "/mfn.v1.FederationService/UploadModel": (_BYTES,),
}
"""By the path of the method, in the order in which they are charged: bytes have come, whatever becomes of the rest.
Methods that are not here cost a call and no more."""
