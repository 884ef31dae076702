"""What the asynchronous client does with federations."""

# ruff: noqa: ASYNC109  # the timeout becomes the deadline of the call, which the server sees

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, TypeVar, overload

import grpc.aio

from mfn_client._exceptions import translated
from mfn_client._late import late
from mfn_client._resume import RESUME_FOR_S, Backoff
from mfn_client._statuses import TrueStatus, in_batches
from mfn_client._streamed import AsyncStreamed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from mfn_client import _aggregation as aggregating
    from mfn_client import _federation_calls as calls
    from mfn_client import _federation_watch as watching
    from mfn_client import _model_download as downloading
    from mfn_client import _model_upload as uploading
    from mfn_client._aggregation import AggregateResult, Updates
    from mfn_client._calls import UnaryCall
    from mfn_client._channel import Metadata
    from mfn_client._federation_results import Federation, ModelRef, Participant, Round, Verdict
    from mfn_client._federation_watch import AsyncFederationEvents
    from mfn_client._model_upload import ModelArrays, TypeNames
    from mfn_client._policies import FederationPolicy
    from mfn_grpc.v1 import federation_pb2 as pb
else:
    aggregating = late("mfn_client._aggregation")
    calls = late("mfn_client._federation_calls")
    watching = late("mfn_client._federation_watch")
    downloading = late("mfn_client._model_download")
    uploading = late("mfn_client._model_upload")
    pb = late("mfn_grpc.v1.federation_pb2")

T = TypeVar("T")


class AsyncFederationMethods(ABC):
    """The methods of `AsyncClient` about federations; names are "digits" or "federations/digits"."""

    @property
    @abstractmethod
    def _channel(self) -> grpc.aio.Channel:
        """The channel, open."""

    @property
    @abstractmethod
    def _bare_channel(self) -> grpc.aio.Channel:
        """A channel whose calls tell their true status, for those that are written to for long."""

    @abstractmethod
    def _metadata(self) -> Metadata:
        """What a call on the bare channel carries."""

    @abstractmethod
    async def _unary(self, call: UnaryCall[T], timeout: float | None) -> T:
        """The answer to one call."""

    async def create_federation(
        self,
        federation_id: str,
        policy: FederationPolicy | None = None,
        *,
        title: str = "",
        timeout: float | None = None,
    ) -> Federation:
        """Create a federation; it waits for its model (`upload_model`). Repeats of a lost call change nothing."""
        return await self._unary(calls.create_federation(federation_id, policy, title), timeout)

    async def get_federation(self, federation: str, *, timeout: float | None = None) -> Federation:
        """One federation, with the manifest of its model."""
        return await self._unary(calls.get_federation(federation), timeout)

    def list_federations(self, state: str | None = None, *, timeout: float | None = None) -> AsyncIterator[Federation]:
        """The federations that the caller may see, by name; `timeout` for each page. `state` as in `Federation`."""
        return self._pages(calls.list_federations(state), timeout)

    async def delete_federation(self, federation: str, *, uid: str = "", timeout: float | None = None) -> None:
        """End a federation and delete its models and records; with `uid`, only the one that has it."""
        await self._unary(calls.delete_federation(federation, uid), timeout)

    async def pause_federation(self, federation: str, *, timeout: float | None = None) -> Federation:
        """Let the open round end and start no other."""
        return await self._unary(calls.pause_federation(federation), timeout)

    async def resume_federation(self, federation: str, *, timeout: float | None = None) -> Federation:
        """End a pause."""
        return await self._unary(calls.resume_federation(federation), timeout)

    async def enrol_participant(
        self,
        federation: str,
        participant_id: str,
        public_key: bytes,
        *,
        title: str = "",
        timeout: float | None = None,
    ) -> Participant:
        """Bind a participant's name to its Ed25519 public key; see `mfn_client.federated.public_key`."""
        return await self._unary(calls.enrol_participant(federation, participant_id, public_key, title), timeout)

    def list_participants(self, federation: str, *, timeout: float | None = None) -> AsyncIterator[Participant]:
        """The participants of a federation, by name; `timeout` for each page."""
        return self._pages(calls.list_participants(federation), timeout)

    async def remove_participant(
        self, federation: str, participant: str, *, uid: str = "", timeout: float | None = None
    ) -> None:
        """Remove a participant and end its session; what it was acknowledged still counts."""
        await self._unary(calls.remove_participant(federation, participant, uid), timeout)

    def list_rounds(self, federation: str, *, timeout: float | None = None) -> AsyncIterator[Round]:
        """The rounds of a federation, newest first; `timeout` for each page."""
        return self._pages(calls.list_rounds(federation), timeout)

    def list_verdicts(
        self,
        federation: str,
        *,
        round: int | None = None,  # noqa: A002  # the contract's word
        participant: str | None = None,
        kind: str | None = None,
        timeout: float | None = None,
    ) -> AsyncIterator[Verdict]:
        """What became of every participant in every round, newest first; `kind` as in `Verdict`."""
        return self._pages(calls.list_verdicts(federation, round, participant, kind), timeout)

    async def _pages(self, listing: calls.Listing[T], timeout: float | None) -> AsyncIterator[T]:
        token, more = "", True
        while more:
            page = await self._unary(listing.page(token), timeout)
            for item in page.items:
                yield item
            token, more = page.next_page_token, bool(page.next_page_token)

    def watch_federation(
        self, federation: str, *, after_sequence: int | None = None, resume_for: float = RESUME_FOR_S
    ) -> AsyncFederationEvents:
        """What happens in a federation, as it happens; the call opens with the first event that is asked for.

        Args:
            federation: Its name.
            after_sequence: Begins with the kept events after this one; 0 begins with the first. Default: those to come.
            resume_for: Seconds to go on without an event when the server is lost or busy.
        """
        method = self._channel.unary_stream(
            watching.WATCH_FEDERATION,
            request_serializer=pb.WatchFederationRequest.SerializeToString,
            response_deserializer=pb.WatchFederationResponse.FromString,
        )
        stream = watching.WatchStream(federation, after_sequence, Backoff(resume_for))
        return watching.AsyncFederationEvents(stream, lambda request, seconds: method(request, timeout=seconds))

    async def upload_model(
        self,
        federation: str,
        model: ModelArrays,
        *,
        element_type: TypeNames = None,
        resume_for: float = RESUME_FOR_S,
    ) -> ModelRef:
        """Hand a federation its first model; what a broken stream has left durable is not sent again.

        Args:
            federation: Its name.
            model: Floating-point arrays by name, or the path of an .npz archive of them.
            element_type: How to store them, such as "bfloat16", for all or by name. Default: as their dtypes.
            resume_for: Seconds to go on without progress when the server is lost or busy.
        """
        upload = await asyncio.to_thread(uploading.ModelUpload, federation, model, element_type, Backoff(resume_for))
        method = self._bare_channel.stream_unary(
            uploading.UPLOAD_MODEL,
            request_serializer=pb.UploadModelRequest.SerializeToString,
            response_deserializer=pb.UploadModelResponse.FromString,
        )
        while True:
            try:
                call = method(in_batches(upload.requests()), metadata=self._metadata())
                found, delay = upload.answered(await TrueStatus(call)), 0.0
            except grpc.aio.AioRpcError as error:
                found, delay = None, upload.failed(translated(error))
            if found is not None:
                return found
            await asyncio.sleep(delay)

    @overload
    async def download_model(
        self, federation: str, model: ModelRef | None = None, *, resume_for: float = RESUME_FOR_S
    ) -> dict[str, NDArray[Any]]: ...

    @overload
    async def download_model(
        self, federation: str, model: ModelRef | None = None, *, path: str | Path, resume_for: float = RESUME_FOR_S
    ) -> Path: ...

    async def download_model(
        self,
        federation: str,
        model: ModelRef | None = None,
        *,
        path: str | Path | None = None,
        resume_for: float = RESUME_FOR_S,
    ) -> dict[str, NDArray[Any]] | Path:
        """A federation's model; a broken stream goes on where it was.

        Args:
            federation: Its name.
            model: Which version. Default: the current one.
            path: Where to write an .npz archive, whose path is then returned. Default: returns the arrays by name,
                read-only, mapped from a temporary file; BFLOAT16 as float32.
            resume_for: Seconds to go on without progress when the server is lost or busy.
        """
        ref = model or downloading.current_model(await self.get_federation(federation))
        method = self._channel.unary_stream(
            downloading.DOWNLOAD_MODEL,
            request_serializer=pb.DownloadModelRequest.SerializeToString,
            response_deserializer=pb.DownloadModelResponse.FromString,
        )
        with contextlib.closing(downloading.ModelDownload(ref, Backoff(resume_for), path)) as download:
            async for store in AsyncStreamed(download, lambda request, seconds: method(request, timeout=seconds)):
                await asyncio.to_thread(store)
            return download.arrays() if path is None else await asyncio.to_thread(download.save, path)

    async def aggregate(
        self,
        updates: Updates,
        *,
        weights: Mapping[str, float] | None = None,
        round: int = 0,  # noqa: A002  # the contract's word
        result_element_type: str | None = None,
        resume_for: float = RESUME_FOR_S,
        **policy: Any,
    ) -> AggregateResult:
        """Aggregate updates robustly, without a federation; a broken stream begins again.

        Args:
            updates: Arrays by name, by client. The tensors of most clients are those of the round; a client whose
                arrays differ from them, or are not finite, is screened out by the server, not refused.
            weights: By client, for rules that weigh.
            round: The caller's number for it; seeds of rules are taken anew with it.
            result_element_type: "float64" or "float32". Default: as the updates.
            resume_for: Seconds to go on without progress when the server is lost or busy.
            **policy: As in `AggregationPolicy`: `rule="krum"`, `f=2`, `pre_aggregators=[Bucketing(size=3)]` and so on.

        Raises:
            FailedPrecondition: QUORUM_NOT_REACHED, fewer clients are left than the rule needs.
        """
        stream = aggregating.AggregateStream(
            updates, aggregating.aggregation_policy(policy), weights, round, result_element_type, Backoff(resume_for)
        )
        method = self._bare_channel.stream_stream(
            aggregating.AGGREGATE,
            request_serializer=pb.AggregateRequest.SerializeToString,
            response_deserializer=pb.AggregateResponse.FromString,
        )

        def opened(requests: Any, seconds: float | None) -> TrueStatus:
            return TrueStatus(method(in_batches(requests), timeout=seconds, metadata=self._metadata()))

        (result,) = [found async for found in AsyncStreamed(stream, opened)]
        return result
