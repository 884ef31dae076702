"""Uploading an array that is too large for a request: an initial state, a field, a history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mfn_client._exceptions import FieldViolation, invalid
from mfn_client._late import late
from mfn_grpc.arrays import AnyArray, ArrayError, split_parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike

    from mfn_grpc.v1 import simulation_pb2 as simulation
else:
    simulation = late("mfn_grpc.v1.simulation_pb2")

UPLOAD_ARRAY = "/mfn.v1.SimulationService/UploadArray"
UPLOAD_TIMEOUT_S = 600.0


@dataclass(frozen=True)
class UploadedArray:
    """An array kept by the server for its caller; use it as `initial_state`, or where a field is asked for.

    expires_in_seconds: how long it is kept when it is not used.
    """

    array_ref: str
    shape: tuple[int, ...]
    expires_in_seconds: int


def as_state(values: ArrayLike) -> AnyArray:
    """An initial state as an array; whole numbers, which states are not made of, become float64."""
    array: AnyArray = np.asarray(values)
    return array.astype(np.float64) if array.dtype.kind in "iu" else array


def upload_requests(values: ArrayLike) -> Iterator[simulation.UploadArrayRequest]:
    """The messages of an upload.

    Raises:
        InvalidArgument: the values are not numbers that an array can hold.
    """
    array = as_state(values)
    try:
        parts = split_parts("array", array)
    except ArrayError as error:
        raise invalid([FieldViolation("part", str(fault)) for fault in error.faults]) from None
    return (simulation.UploadArrayRequest(part=part) for part in parts)


def uploaded(values: ArrayLike, answer: simulation.UploadArrayResponse) -> UploadedArray:
    """What the server keeps."""
    return UploadedArray(answer.array_ref, np.shape(values), answer.expires_in_seconds)
