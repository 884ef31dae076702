"""Federations are created: every fault of the request named, and once for each request id."""

import time
import uuid
from dataclasses import dataclass, replace
from functools import partial

from mfn_grpc.core.limits import Faults
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.federation.coordinator import Coordinator
from mfn_server.federation.live.opening import first_rows
from mfn_server.federation.machine.state import State
from mfn_server.federation.messages import Messages, timestamp
from mfn_server.federation.names import federation_name, require_id
from mfn_server.federation.resources.policies import decode_policy, require_offered_encodings
from mfn_server.federation.resources.request_fields import check_request_id, check_title
from mfn_server.federation.resources.request_ids import RequestId, require_new
from mfn_server.federation.resources.uninterrupted import uninterrupted
from mfn_server.federation.storage.errors import AlreadyCreated
from mfn_server.federation.storage.folders import NewFederation
from mfn_server.federation.storage.rows import Batch, WatchRow


@dataclass(frozen=True)
class Planned:
    """A federation to be. created: what will never change of it; federation: as it will stand at first."""

    federation_id: str
    created: pb.Federation
    federation: pb.Federation

    @property
    def rows(self) -> Batch:
        """What its journal begins with; the first event for those who watch is that it was created."""
        event = pb.WatchFederationResponse(
            sequence=1, event_time=self.created.create_time, federation_changed=self.federation
        )
        return replace(first_rows(self.created), watch=[WatchRow(1, 0, event.SerializeToString())])


async def create(
    coordinator: Coordinator, request: pb.CreateFederationRequest, principal: str
) -> pb.CreateFederationResponse:
    """Make a federation, or give the answer that the same request got when it came first."""
    planned = await coordinator.disk.run(partial(plan, request))
    response = pb.CreateFederationResponse(federation=planned.federation)
    request_id = RequestId.of(request, request.request_id, principal)
    await require_new(coordinator, request_id, None)
    new = NewFederation(
        federation_id=planned.federation_id,
        uid=planned.created.uid,
        batch=planned.rows,
        request=None if request_id is None else request_id.row(response, time.time()),
    )
    try:
        await uninterrupted(coordinator.create(new))
    except AlreadyCreated as before:
        if request_id is None:
            raise
        return request_id.answer(before.request, pb.CreateFederationResponse)
    return response


def plan(request: pb.CreateFederationRequest) -> Planned:
    """The federation that a request asks for; InvalidInput names every fault.

    Blocks: to find the quorum that a rule needs may take tens of milliseconds.
    """
    faults = Faults()
    faults.collect(require_id, request.federation_id, "federation_id")
    check_title(request.title, faults)
    check_request_id(request.request_id, faults)
    with faults.under("policy"):
        policy = decode_policy(request.policy, faults)
    faults.refuse()
    require_offered_encodings(request.policy)
    created = pb.Federation(
        name=federation_name(request.federation_id),
        uid=uuid.uuid4().hex,
        title=request.title,
        policy=policy.message,
        create_time=timestamp(time.time()),
    )
    return Planned(request.federation_id, created, Messages(created).federation(State.initial(policy.rounds), 0))
