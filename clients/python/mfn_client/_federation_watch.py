"""The events of a federation as they happen, on both faces."""

from typing import Any

from mfn_client._decoding import decoded
from mfn_client._exceptions import RpcError, StreamCorrupted, Unavailable
from mfn_client._federation_names import federation_name
from mfn_client._federation_results import (
    EvaluationEvent,
    Event,
    Federation,
    FederationEvent,
    ModelRef,
    ParticipantEvent,
    Round,
    UpdateEvent,
    Verdict,
)
from mfn_client._messages import moment
from mfn_client._resume import Backoff, is_busy
from mfn_client._streamed import AsyncStreamed, Streamed
from mfn_grpc.v1 import federation_pb2 as pb

WATCH_FEDERATION = "/mfn.v1.FederationService/WatchFederation"
_KINDS: dict[str, type[Event]] = {
    "federation_changed": Federation,
    "participant_changed": ParticipantEvent,
    "round_started": Round,
    "update_received": UpdateEvent,
    "verdict": Verdict,
    "model_published": ModelRef,
    "evaluation_received": EvaluationEvent,
    "round_ended": Round,
}
_CONNECTIONS = (pb.PARTICIPANT_CHANGE_CONNECTED, pb.PARTICIPANT_CHANGE_DISCONNECTED)


class WatchStream:
    """The state of watching, without its I/O: after a break it goes on behind the last event that came.

    Events of connections, which the server does not keep, may be missing where the stream broke. Without
    `after_sequence`, so may everything before the first event.
    """

    def __init__(self, federation: str, after_sequence: int | None, backoff: Backoff) -> None:
        self._name, self._last, self._backoff = federation_name(federation), after_sequence, backoff
        self._began = False

    def connect(self) -> tuple[pb.WatchFederationRequest, float | None]:
        """The request of the next connection; watching has no deadline."""
        return pb.WatchFederationRequest(name=self._name, after_sequence=self._last), None

    def accept(self, response: pb.WatchFederationResponse) -> FederationEvent | None:
        """Take the next event; None for one that this version does not know.

        Raises:
            StreamCorrupted: it is older than the last one.
        """
        self._began = True
        self._backoff.progress()
        self._follow(response)
        kind = response.WhichOneof("event")
        if kind is None:
            return None
        event: Any = decoded(_KINDS[kind], getattr(response, kind))
        return FederationEvent(response.sequence, moment(response.event_time), kind, event)

    def _follow(self, response: pb.WatchFederationResponse) -> None:
        kept = response.participant_changed.change not in _CONNECTIONS
        if self._last is not None and response.sequence < self._last + kept:
            raise StreamCorrupted(f"Event {response.sequence} came after event {self._last}")
        self._last = response.sequence

    def failed(self, error: RpcError) -> float:
        """Seconds to wait after a connection failed; raises what the caller should see when there is no going on."""
        passes = isinstance(error, Unavailable) or error.reason == "STREAM_IDLE"
        delay = self._backoff.delay(error.retry_after) if is_busy(error) or (self._began and passes) else None
        if delay is None:
            raise error
        return delay

    def ended(self) -> None:
        """The federation is over, or deleted."""


class FederationEvents(Streamed[FederationEvent]):
    """An iterator of `FederationEvent` that reconnects by itself; ends when the federation does.

    Leaving a `for` loop, `close()` and the end of a `with` block cancel the call.

    Raises while iterating:
        RpcError: the server refuses, or stays lost.
        StreamCorrupted: the stream cannot be trusted.
    """


class AsyncFederationEvents(AsyncStreamed[FederationEvent]):
    """As `FederationEvents`, for `async for` and `async with`; cancelling the task cancels the call."""
