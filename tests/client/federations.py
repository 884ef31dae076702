"""A made-up FederationService for the tests of the client's methods; what it breaks is said in `Wishes`."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import numpy as np

from mfn_grpc.tensors import chunks, decode, encode, manifest_of, payload_bytes
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_grpc.v1 import federation_pb2_grpc as pb_grpc
from tests.client.fakes import serving, status_bytes

SERVICER: Any = pb_grpc.FederationServiceServicer
NAME = "federations/digits"
PAGE = 2


class Wishes:
    """What is to go wrong, and what was seen.

    unavailable: calls that are lost before they are answered. owner: the server that owns everything instead of this
    one. cut_after: chunks or events after which each stream in turn breaks. refuse_after: chunks after which an upload
    is refused for good.
    """

    def __init__(self) -> None:
        self.unavailable = 0
        self.owner = ""
        self.cut_after: list[int] = []
        self.refuse_after: int | None = None
        self.requests: list[Any] = []
        self.uploaded = bytearray()
        self.offsets: list[int] = []
        self.model: dict[str, Any] = {"w": np.arange(200_000, dtype=np.float32), "b": np.ones(3)}
        self.events = [event(number) for number in range(1, 7)]
        self.damage: Any = None

    @property
    def manifest(self) -> pb.TensorManifest:
        return manifest_of(self.model)

    @property
    def payload(self) -> bytes:
        return b"".join(encode(self.model, self.manifest))

    @property
    def ref(self) -> pb.ModelRef:
        return pb.ModelRef(federation_uid="uid-1", version=0, sha256=hashlib.sha256(self.payload).digest())

    def next_cut(self) -> int:
        return self.cut_after.pop(0) if self.cut_after else 10**9


def event(number: int) -> pb.WatchFederationResponse:
    """The kept event of a sequence number."""
    started = pb.Round(federation=NAME, round=number, state=pb.ROUND_STATE_COLLECTING)
    found = pb.WatchFederationResponse(sequence=number, round_started=started)
    found.event_time.FromSeconds(1_700_000_000 + number)
    return found


def came(number: int) -> pb.WatchFederationResponse:
    """A connection, which is not kept: it carries the number of the last kept event."""
    change = pb.ParticipantEvent(change=pb.PARTICIPANT_CHANGE_CONNECTED)
    return pb.WatchFederationResponse(sequence=number, participant_changed=change)


class Federations(SERVICER):  # type: ignore[misc]  # what a test does not call stays unimplemented
    def __init__(self, wishes: Wishes) -> None:
        self._wishes = wishes

    def _seen(self, request: Any, context: Any) -> None:
        self._wishes.requests.append(request)
        if self._wishes.unavailable:
            self._wishes.unavailable -= 1
            context.abort(grpc.StatusCode.UNAVAILABLE, "lost")

        if self._wishes.owner:
            details = status_bytes("NOT_OWNER", owner=self._wishes.owner)
            context.set_trailing_metadata((("grpc-status-details-bin", details),))
            context.abort(grpc.StatusCode.UNAVAILABLE, f"connect to {self._wishes.owner}")

    def _answer(self, kind: Any, request: Any, context: Any) -> Any:
        self._seen(request, context)
        found = pb.Federation(name=NAME, uid="uid-1", state=pb.FEDERATION_STATE_RUNNING, model=self._wishes.ref)
        found.manifest.CopyFrom(self._wishes.manifest)
        found.policy.config["rate"].double_value = 0.5
        found.create_time.FromSeconds(1_700_000_000)
        return kind(federation=found)

    def CreateFederation(self, request: Any, context: Any) -> Any:  # noqa: N802  # grpc's name
        return self._answer(pb.CreateFederationResponse, request, context)

    def GetFederation(self, request: Any, context: Any) -> Any:  # noqa: N802  # grpc's name
        return self._answer(pb.GetFederationResponse, request, context)

    def PauseFederation(self, request: Any, context: Any) -> Any:  # noqa: N802  # grpc's name
        return self._answer(pb.PauseFederationResponse, request, context)

    def ResumeFederation(self, request: Any, context: Any) -> Any:  # noqa: N802  # grpc's name
        return self._answer(pb.ResumeFederationResponse, request, context)

    def DeleteFederation(self, request: Any, context: Any) -> Any:  # noqa: N802  # grpc's name
        self._seen(request, context)
        return pb.DeleteFederationResponse()

    def EnrolParticipant(self, request: Any, context: Any) -> Any:  # noqa: N802  # grpc's name
        self._seen(request, context)
        name = f"{request.parent}/participants/{request.participant_id}"
        found = pb.Participant(name=name, public_key=request.public_key, title=request.title)
        found.capabilities.can_evaluate = True
        return pb.EnrolParticipantResponse(participant=found)

    def RemoveParticipant(self, request: Any, context: Any) -> Any:  # noqa: N802  # grpc's name
        self._seen(request, context)
        return pb.RemoveParticipantResponse()

    def _page(self, answer: Any, items: Any, request: Any, context: Any) -> Any:
        self._seen(request, context)
        start = int(request.page_token or 0)
        token = str(start + PAGE) if start + PAGE < len(items) else ""
        return answer(items[start : start + PAGE], token)

    def ListFederations(self, request: Any, context: Any) -> Any:  # noqa: N802  # grpc's name
        items = [pb.Federation(name=f"federations/f{number}") for number in range(5)]
        return self._page(
            lambda some, token: pb.ListFederationsResponse(federations=some, next_page_token=token),
            items, request, context,
        )  # fmt: skip

    def ListParticipants(self, request: Any, context: Any) -> Any:  # noqa: N802  # grpc's name
        items = [pb.Participant(name=f"p{number}") for number in range(4)]
        return self._page(
            lambda some, token: pb.ListParticipantsResponse(participants=some, next_page_token=token),
            items, request, context,
        )  # fmt: skip

    def ListRounds(self, request: Any, context: Any) -> Any:  # noqa: N802  # grpc's name
        items = [pb.Round(round=number, metrics={"loss": 0.5}) for number in (3, 2, 1)]
        return self._page(
            lambda some, token: pb.ListRoundsResponse(rounds=some, next_page_token=token), items, request, context
        )

    def ListVerdicts(self, request: Any, context: Any) -> Any:  # noqa: N802  # grpc's name
        items: list[pb.Verdict] = []
        return self._page(
            lambda some, token: pb.ListVerdictsResponse(verdicts=some, next_page_token=token), items, request, context
        )

    def WatchFederation(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802  # grpc's name
        self._seen(request, context)
        cut = self._wishes.next_cut()
        after = request.after_sequence if request.HasField("after_sequence") else 0
        for count, each in enumerate(found for found in self._wishes.events if found.sequence > after):
            if count == cut:
                context.abort(grpc.StatusCode.UNAVAILABLE, "lost")
            yield each

    def UploadModel(self, request_iterator: Any, context: Any) -> Any:  # noqa: N802  # grpc's name
        wishes, cut = self._wishes, self._wishes.next_cut()
        begin = next(request_iterator).begin
        wishes.requests.append(begin)
        for count, request in enumerate(request_iterator):
            wishes.offsets.append(request.chunk.offset)
            if count == cut:
                context.abort(grpc.StatusCode.UNAVAILABLE, "lost")
            if count == wishes.refuse_after:
                context.set_trailing_metadata((("grpc-status-details-bin", status_bytes("RESOURCE_EXISTS")),))
                context.abort(grpc.StatusCode.ALREADY_EXISTS, "it has a model")
            assert request.chunk.offset == len(wishes.uploaded)
            wishes.uploaded += request.chunk.data
        answer = pb.UploadModelResponse(durable_bytes=len(wishes.uploaded))
        if len(wishes.uploaded) == begin.total_bytes:
            assert hashlib.sha256(wishes.uploaded).digest() == begin.sha256
            answer.model.CopyFrom(pb.ModelRef(federation_uid="uid-1", version=0, sha256=begin.sha256))
        return answer

    def DownloadModel(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802  # grpc's name
        wishes, cut = self._wishes, self._wishes.next_cut()
        wishes.requests.append(request)
        payload = wishes.payload
        begin = pb.ModelBegin(
            model=wishes.ref, manifest=wishes.manifest, total_bytes=len(payload), offset=request.offset
        )
        yield pb.DownloadModelResponse(begin=begin)
        found = chunks(lambda start, stop: payload[start:stop], len(payload), request.offset)
        for count, chunk in enumerate(found):
            if count == cut:
                context.abort(grpc.StatusCode.UNAVAILABLE, "lost")
            yield pb.DownloadModelResponse(chunk=wishes.damage(chunk) if wishes.damage else chunk)

    def Aggregate(self, request_iterator: Any, context: Any) -> Iterator[Any]:  # noqa: N802  # grpc's name
        """The mean of the clients that have the round's tensors; the others are screened out."""
        cut = self._wishes.next_cut()
        payloads: dict[str, bytearray] = {}
        begin, begins = pb.AggregateBegin(), dict[str, pb.AggregateClientBegin]()
        for count, request in enumerate(request_iterator):
            if count == cut:
                context.abort(grpc.StatusCode.UNAVAILABLE, "lost")
            self._wishes.requests.append(request)
            match request.WhichOneof("message"):
                case "begin":
                    begin = request.begin
                case "client_begin":
                    begins[request.client_begin.client_id] = request.client_begin
                    payloads[request.client_begin.client_id] = bytearray()
                case "chunk":
                    payloads[request.chunk.client_id] += request.chunk.chunk.data
        yield from _aggregated(begin, begins, payloads, self._wishes.damage)


def _aggregated(begin: Any, begins: Any, payloads: Any, damage: Any) -> Iterator[pb.AggregateResponse]:
    kept = list[Any]()
    for client, said in begins.items():
        assert hashlib.sha256(payloads[client]).digest() == said.sha256
        verdict = pb.Verdict(participant=client, kind=pb.VERDICT_KIND_ACCEPTED, weight=said.weight)
        if said.HasField("manifest"):
            verdict = pb.Verdict(participant=client, kind=pb.VERDICT_KIND_SCREENED, reason=pb.VERDICT_REASON_MANIFEST)
        else:
            kept.append(decode(begin.manifest, bytes(payloads[client])))
        yield pb.AggregateResponse(client_verdict=verdict)
    mean: Any = {name: np.mean([each[name] for each in kept], axis=0) for name in kept[0]}
    manifest = manifest_of(mean)
    payload = b"".join(encode(mean, manifest))
    result = pb.AggregateResultBegin(manifest=manifest, total_bytes=payload_bytes(manifest))
    result.sha256 = hashlib.sha256(payload).digest()
    yield pb.AggregateResponse(result_begin=result)
    for chunk in chunks(lambda start, stop: payload[start:stop], len(payload)):
        yield pb.AggregateResponse(chunk=damage(chunk) if damage else chunk)
    record = pb.AggregateRecord(
        round=begin.round, clients=len(begins), accepted=len(kept), aggregation=begin.aggregation
    )
    yield pb.AggregateResponse(record=record)


@contextmanager
def federations(wishes: Wishes) -> Iterator[str]:
    """The service on a free loopback port; gives its target."""
    with serving(lambda server: pb_grpc.add_FederationServiceServicer_to_server(Federations(wishes), server)) as target:
        yield target
