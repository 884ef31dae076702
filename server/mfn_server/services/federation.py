"""FederationService: federations, their participants, rounds and models; aggregation for those who have none."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

from mfn_grpc.core.limits import Faults, Violation, refuse
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.aggregation.aggregate import AggregateRounds
from mfn_server.errors import Fault
from mfn_server.federation.coordinator import Coordinator
from mfn_server.federation.live.live import Live
from mfn_server.federation.live.reading import kept_events
from mfn_server.federation.live.standing import federation_as_it_stands, pause, resume
from mfn_server.federation.names import parse_federation, parse_participant
from mfn_server.federation.resources import listing
from mfn_server.federation.resources.creating import create
from mfn_server.federation.resources.enrolling import Enrolling, decode_enrolment
from mfn_server.federation.resources.gone import require_uid
from mfn_server.federation.resources.model_download import model_ref_violations, send_model
from mfn_server.federation.resources.model_upload import IDLE_S, REMEDY, ModelUploads, decode_begin
from mfn_server.federation.resources.request_ids import RequestId, require_new
from mfn_server.federation.resources.uninterrupted import uninterrupted
from mfn_server.federation.resources.watching import WatchPlaces, watch
from mfn_server.kernels import Group
from mfn_server.parts import arriving
from mfn_server.rpc.call import Call
from mfn_server.runtime import Runtime


class FederationService:
    """Decodes requests, finds the federation that they are about, encodes what it says."""

    needs = (Group.AGGREGATION,)

    def __init__(self, runtime: Runtime, coordinator: Coordinator, rounds: AggregateRounds) -> None:
        self._runtime, self._coordinator, self._rounds = runtime, coordinator, rounds
        self._enrolling, self._uploads = Enrolling(), ModelUploads()
        self._watches = WatchPlaces(coordinator.limits.max_watches)

    def federate(
        self, requests: AsyncIterator[pb.FederateRequest], call: Call
    ) -> AsyncGenerator[pb.FederateResponse, None]:
        """A participant's whole life."""
        return self._coordinator.federate(requests, call)

    def aggregate(
        self, requests: AsyncIterator[pb.AggregateRequest], call: Call
    ) -> AsyncGenerator[pb.AggregateResponse, None]:
        """Robust aggregation for those who run their own rounds."""
        return self._rounds.aggregate(requests, call)

    async def create_federation(self, request: pb.CreateFederationRequest, call: Call) -> pb.CreateFederationResponse:
        """A federation that waits for its model."""
        return await create(self._coordinator, request, call.principal)

    async def get_federation(self, request: pb.GetFederationRequest, call: Call) -> pb.GetFederationResponse:
        """One federation, with its model's manifest."""
        live = await self._named(request)
        return pb.GetFederationResponse(federation=await federation_as_it_stands(live, with_manifest=True))

    async def list_federations(self, request: pb.ListFederationsRequest, call: Call) -> pb.ListFederationsResponse:
        """The federations of this process."""
        size = listing.decode_federations(request)
        return await listing.federations(self._coordinator.all(), request, size)

    async def delete_federation(self, request: pb.DeleteFederationRequest, call: Call) -> pb.DeleteFederationResponse:
        """The end of a federation and of everything in it."""
        live = await self._named(request)
        require_uid(request.uid, live.uid, live.name)
        await uninterrupted(self._coordinator.delete(live))
        live.watchers.end()
        return pb.DeleteFederationResponse()

    async def pause_federation(self, request: pb.PauseFederationRequest, call: Call) -> pb.PauseFederationResponse:
        """No further round starts."""
        return pb.PauseFederationResponse(federation=await pause(await self._named(request)))

    async def resume_federation(self, request: pb.ResumeFederationRequest, call: Call) -> pb.ResumeFederationResponse:
        """Rounds start again."""
        return pb.ResumeFederationResponse(federation=await resume(await self._named(request)))

    async def enrol_participant(self, request: pb.EnrolParticipantRequest, call: Call) -> pb.EnrolParticipantResponse:
        """A name bound to a key."""
        federation_id, name = decode_enrolment(request)
        live = await self._coordinator.find(federation_id)
        await require_new(self._coordinator, RequestId.of(request, request.request_id, call.principal), live)
        return await self._enrolling.enrol(live, name, request, call.principal)

    async def list_participants(self, request: pb.ListParticipantsRequest, call: Call) -> pb.ListParticipantsResponse:
        """Those enrolled."""
        federation_id, size = listing.decode_list(request)
        return await listing.participants(await self._coordinator.find(federation_id), request.page_token, size)

    async def remove_participant(
        self, request: pb.RemoveParticipantRequest, call: Call
    ) -> pb.RemoveParticipantResponse:
        """A name bound to no key any more."""
        name = parse_participant(request.name, "name")
        live = await self._coordinator.find(name.federation_id)
        await self._enrolling.remove(live, str(name), request.uid)
        return pb.RemoveParticipantResponse()

    async def list_rounds(self, request: pb.ListRoundsRequest, call: Call) -> pb.ListRoundsResponse:
        """The rounds."""
        federation_id, size = listing.decode_list(request)
        return await listing.rounds(await self._coordinator.find(federation_id), request.page_token, size)

    async def list_verdicts(self, request: pb.ListVerdictsRequest, call: Call) -> pb.ListVerdictsResponse:
        """The forensic record."""
        federation_id, size = listing.decode_verdicts(request)
        return await listing.verdicts(await self._coordinator.find(federation_id), request, size)

    async def watch_federation(
        self, request: pb.WatchFederationRequest, call: Call
    ) -> AsyncIterator[pb.WatchFederationResponse]:
        """What happens, as it happens."""
        faults = Faults()
        federation_id: str = faults.collect(parse_federation, request.name, "name")
        if request.after_sequence < 0:
            value = request.after_sequence
            faults.add(Violation("after_sequence", str(value), f"is {value}, must be 0 or more"))
        faults.refuse()
        live = await self._coordinator.find(federation_id)
        after = request.after_sequence if request.HasField("after_sequence") else None
        with self._watches.taken():
            events = watch(live.watchers, kept_events(live), after, self._runtime.draining)
            async with aclosing(events) as messages:
                async for message in messages:
                    yield message

    async def upload_model(self, requests: AsyncIterator[pb.UploadModelRequest], call: Call) -> pb.UploadModelResponse:
        """The first model, or the next part of it."""
        runtime, most_bytes = self._runtime, self._coordinator.limits.max_model_bytes
        with runtime.admission.open_stream():
            async with aclosing(arriving(requests, IDLE_S, runtime.draining, REMEDY)) as messages:
                begin = await _first(messages)
                federation_id, wanted = decode_begin(begin, most_bytes)
                live = await self._coordinator.find(federation_id)
                request_id = RequestId.of(begin, begin.request_id, call.principal)
                await require_new(self._coordinator, request_id, live)
                return await self._uploads.receive(live, wanted, request_id, messages)

    async def download_model(
        self, request: pb.DownloadModelRequest, call: Call
    ) -> AsyncIterator[pb.DownloadModelResponse]:
        """A model from a byte on."""
        refuse(model_ref_violations(request.model, "model"))
        live = await self._coordinator.with_uid(request.model.federation_uid)
        with self._runtime.admission.open_stream():
            async with aclosing(send_model(live, request.model, request.offset)) as messages:
                async for message in messages:
                    yield message

    async def _named(self, request: Any) -> Live:
        """The federation whose name is all that the request says of it."""
        return await self._coordinator.find(parse_federation(request.name, "name"))


async def _first(messages: AsyncIterator[pb.UploadModelRequest]) -> pb.UploadModelBegin:
    message = await anext(messages, None)
    if message is None:
        raise Fault(reasons.ERROR_REASON_MISSING_REQUEST, "the upload was closed before its first message")
    if message.WhichOneof("message") != "begin":
        raise Fault(reasons.ERROR_REASON_UNEXPECTED_MESSAGE, "the first message of an upload must be its begin")
    return message.begin
