"""ElectrochemistryService: membrane potentials."""

from functools import partial
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mfn_grpc.arrays import ArrayError, from_array
from mfn_grpc.core.constants import BODY_TEMPERATURE_K
from mfn_grpc.core.electrochemistry import (
    Ion,
    goldman_current_a_per_m2,
    goldman_potential_mv,
    nernst_potential_mv,
    nernst_potentials_mv,
)
from mfn_grpc.core.electrochemistry.ranges import MAX_IONS
from mfn_grpc.core.limits import Faults, Violation, refuse
from mfn_grpc.v1 import electrochemistry_pb2 as pb
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1.types_pb2 import Array, ElementType
from mfn_grpc.wire import enclosed, tag_of
from mfn_server.compute import Compute
from mfn_server.errors import Fault
from mfn_server.kernels import Group
from mfn_server.rpc.call import Call
from mfn_server.rpc.encoded import Encoded
from mfn_server.rpc.sizes import MAX_MESSAGE_BYTES

MAX_POTENTIALS = MAX_MESSAGE_BYTES // 8 - 128
"""Potentials that fit one answer, its shape and tags included."""
_DATA, _POTENTIAL = tag_of(Array, "data"), tag_of(pb.ComputeNernstBatchResponse, "potential_mv")


class ElectrochemistryService:
    """Nernst and Goldman; single values on the event loop (microseconds), batches on the workers."""

    needs: tuple[Group, ...] = ()

    def __init__(self, compute: Compute) -> None:
        self._compute = compute

    async def compute_nernst(self, request: pb.ComputeNernstRequest, call: Call) -> pb.ComputeNernstResponse:
        """Nernst potential of one ion."""
        potential = nernst_potential_mv(
            request.z_valence,
            request.concentration_out_molar,
            request.concentration_in_molar,
            _temperature(request),
        )
        return pb.ComputeNernstResponse(potential_mv=potential)

    async def compute_nernst_batch(
        self, request: pb.ComputeNernstBatchRequest, call: Call
    ) -> Encoded[pb.ComputeNernstBatchResponse]:
        """Nernst potentials of arrays that broadcast together."""
        return await self._compute.urgent(call.principal, partial(_nernst_batch, request))

    async def compute_goldman(self, request: pb.ComputeGoldmanRequest, call: Call) -> pb.ComputeGoldmanResponse:
        """Goldman-Hodgkin-Katz voltage."""
        _refuse_too_many(len(request.ions))
        ions = [_ion(ion) for ion in request.ions]
        return pb.ComputeGoldmanResponse(potential_mv=goldman_potential_mv(ions, _temperature(request)))

    async def compute_goldman_current(
        self, request: pb.ComputeGoldmanCurrentRequest, call: Call
    ) -> pb.ComputeGoldmanCurrentResponse:
        """Goldman-Hodgkin-Katz current density."""
        faults = Faults()
        _require(request, ("ion", "membrane_potential_mv"), faults)
        if request.HasField("ion"):
            arguments = _ion(request.ion), request.membrane_potential_mv, _temperature(request)
            current = faults.collect(goldman_current_a_per_m2, *arguments)
        faults.refuse()
        return pb.ComputeGoldmanCurrentResponse(current_density_a_per_m2=current)


def _temperature(request: Any) -> float:
    return request.temperature_k if request.HasField("temperature_k") else BODY_TEMPERATURE_K


def _require(request: Any, names: tuple[str, ...], faults: Faults) -> None:
    for name in names:
        if not request.HasField(name):
            faults.add(Violation(name, "", "is missing, must be set"))


def _refuse_too_many(ions: int) -> None:
    """By their number alone: one request has room for two million."""
    if ions > MAX_IONS:
        refuse([Violation("ions", f"{ions} ions", f"has {ions} ions, must have 1 to {MAX_IONS}")])


def _ion(message: pb.Ion) -> Ion:
    return Ion(
        message.z_valence,
        message.permeability,
        message.concentration_out_molar,
        message.concentration_in_molar,
        message.name,
    )


def _nernst_batch(request: pb.ComputeNernstBatchRequest) -> Encoded[pb.ComputeNernstBatchResponse]:
    faults = Faults()
    names = ("z_valence", "concentration_out_molar", "concentration_in_molar")
    _require(request, names, faults)
    arrays = [_decoded(request, name, faults) for name in names]
    given = request.HasField("temperature_k")
    arrays.append(_decoded(request, "temperature_k", faults) if given else np.float64(BODY_TEMPERATURE_K))
    faults.refuse()
    _refuse_too_large(arrays)
    return _encoded(nernst_potentials_mv(*arrays))


def _encoded(potentials: NDArray[np.float64]) -> Encoded[pb.ComputeNernstBatchResponse]:
    """The answer, into which the potentials are copied once."""
    stored = potentials.astype("<f8", copy=False).reshape(-1).view(np.uint8)
    form = Array(element_type=ElementType.ELEMENT_TYPE_FLOAT64, shape=potentials.shape).SerializeToString()
    content = enclosed(_DATA, (stored,)) if stored.size else []  # as messages leave out what is empty
    return Encoded(b"".join(enclosed(_POTENTIAL, (form, *content))))


def _decoded(request: pb.ComputeNernstBatchRequest, name: str, faults: Faults) -> Any:
    if not request.HasField(name):
        return None
    try:
        return from_array(getattr(request, name))
    except ArrayError as error:
        faults.add(Violation(name, "", str(error)))
        return None


def _refuse_too_large(arrays: list[Any]) -> None:
    """Before anything is computed: inputs that broadcast to more than one answer can carry."""
    try:
        count = prod(np.broadcast_shapes(*(array.shape for array in arrays)))
    except ValueError:
        return  # the core names the shapes that do not fit
    if count > MAX_POTENTIALS:
        text = f"the inputs broadcast to {count} potentials, one answer carries {MAX_POTENTIALS}; split the batch"
        raise Fault(reasons.ERROR_REASON_RESPONSE_TOO_LARGE, text)
