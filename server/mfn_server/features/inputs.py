"""The array of a request: inside the message, or uploaded before and named."""

from typing import Any, Protocol

from mfn_grpc.arrays import AnyArray, ArrayError, from_array
from mfn_grpc.core.limits import Faults, Violation
from mfn_grpc.v1.types_pb2 import Array
from mfn_server.uploads import ArrayStore


class WithArray(Protocol):
    """A request with `oneof input {Array array; string array_ref}`."""

    array: Array
    array_ref: str

    def WhichOneof(self, oneof_group: Any, /) -> str | None:  # noqa: N802  # protobuf's own name
        """The field that is set."""


def load_input(request: WithArray, arrays: ArrayStore, principal: str, faults: Faults) -> AnyArray | None:
    """The array, or None after noting in `faults` why there is none; refuses a reference that names none.

    Reads files and numbers: for a worker thread.
    """
    given = request.WhichOneof("input")
    if given is None:
        text = "is missing, must be set, or array_ref in its place"
        faults.add(Violation("array", "", text))
        return None
    if given == "array_ref":
        return arrays.load(principal, "array_ref", request.array_ref)
    try:
        return from_array(request.array)
    except ArrayError as error:
        for fault in error.faults:
            faults.add(Violation("array", "", fault))
        return None
