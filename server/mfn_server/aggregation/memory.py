"""What aggregation holds in memory, for admission; the updates themselves are on the disk."""

from mfn_grpc.core.aggregation import AggregationPolicy
from mfn_grpc.core.aggregation.blocks import BLOCK_ELEMENTS, NARROWEST
from mfn_grpc.core.aggregation.stages import needs_geometry
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.aggregation.writing import HELD_BYTES
from mfn_server.errors import Fault

FLOAT_BYTES = 8
BLOCKS = 4
"""A block as it is read, its differences or means, and what a rule makes of it."""
SQUARES = 6
"""Tables of n by n numbers: inner products, distances, and what they are made in."""
SQUARES_OF_A_STEP = 3
"""For every pre-aggregator: its coefficients, and the distances of the rows that it makes."""
CLIENTS_BYTES = 12 * 1024 * 1024
"""10,000 clients, their digests and verdicts."""
MOST_LAYOUT_BYTES = 16 * 1024 * 1024
"""For the own manifests of all clients of a round: 98 tensors for each of 10,000 clients."""
RECEIVING_BYTES = HELD_BYTES + CLIENTS_BYTES + MOST_LAYOUT_BYTES
"""An open round while its updates come in."""


def require_room(policy: AggregationPolicy, n: int, most_bytes: int) -> int:
    """What an aggregation of n updates holds; OVERLOADED when that is more than the server ever gives."""
    size = aggregation_bytes(policy, n)
    if size > most_bytes:
        text = f"aggregating {n} clients needs {size} bytes of memory, this server gives at most {most_bytes}"
        remedy = "aggregate fewer clients at once, or by a rule that compares no two of them, such as a median"
        raise Fault(reasons.ERROR_REASON_OVERLOADED, f"{text}; {remedy}")
    return size


def aggregation_bytes(policy: AggregationPolicy, n: int) -> int:
    """What a rule and what goes before it hold for n updates, however long these are."""
    block = max(BLOCK_ELEMENTS, NARROWEST * n)
    squares = SQUARES + SQUARES_OF_A_STEP * len(policy.pre_aggregators) if needs_geometry(policy) else 0
    return FLOAT_BYTES * (BLOCKS * block + squares * n * n)
