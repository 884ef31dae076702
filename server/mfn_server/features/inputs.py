"""The array of a request: inside the message, or uploaded before and named."""

from collections.abc import Sequence
from typing import Any, Protocol

from mfn_grpc.arrays import AnyArray
from mfn_grpc.core.limits import Faults, Violation
from mfn_grpc.v1.types_pb2 import Array, ElementType
from mfn_server.decoding import decode_array
from mfn_server.uploads import ArrayStore


class WithArray(Protocol):
    """A request with `oneof input {Array array; string array_ref}`."""

    array: Array
    array_ref: str

    def WhichOneof(self, oneof_group: Any, /) -> str | None:  # noqa: N802  # protobuf's own name
        """The field that is set."""


def load_input(
    request: WithArray, arrays: ArrayStore, principal: str, accepted: Sequence[ElementType], faults: Faults
) -> AnyArray | None:
    """The array, or None after noting in `faults` why there is none; refuses a reference that names none.

    accepted: element types of an array inside the message; what was uploaded is for the core to judge by its dtype,
    which is of one of STORED_TYPES. Reads files and numbers: for a worker thread.
    """
    given = request.WhichOneof("input")
    if given is None:
        text = "is missing, must be set, or array_ref in its place"
        faults.add(Violation("array", "", text))
        return None
    if given == "array_ref":
        return arrays.load(principal, "array_ref", request.array_ref)
    return decode_array(request.array, accepted, "array", faults)
