"""What the machine and the journal hold, as messages of the contract.

In the machine participants have their full names, federations/{f}/participants/{p}; models are bare there, and the uid
of their federation makes a ModelRef of one.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.federation.machine import actions, records
from mfn_server.federation.machine.state import Participant, State

_MICROSECONDS = 1_000_000
_NOT_KEPT = (records.ParticipantChange.CONNECTED, records.ParticipantChange.DISCONNECTED)


def timestamp(at: float) -> Timestamp:
    """A Unix time in s, to the microsecond."""
    seconds, microseconds = divmod(round(at * _MICROSECONDS), _MICROSECONDS)
    return Timestamp(seconds=seconds, nanos=microseconds * 1000)


def kept(what: actions.Happening) -> bool:
    """Whether an event is kept for those who watch later: all but those of connections are."""
    return not (isinstance(what, actions.ParticipantChanged) and what.change in _NOT_KEPT)


def ack_message(ack: records.Ack) -> pb.UpdateAck:
    """An acknowledgement."""
    return pb.UpdateAck(
        round=ack.round,
        payload_sha256=ack.payload_sha256,
        status=number_of(pb.UpdateAckStatus, ack.status),
        counts_in_round=ack.counts_in_round,
    )


def verdict_message(verdict: records.Verdict) -> pb.Verdict:
    """What became of one participant in one round."""
    return pb.Verdict(
        participant=verdict.participant,
        round=verdict.round,
        kind=verdict_kind(verdict.kind),
        reason=number_of(pb.VerdictReason, verdict.reason),
        detail=verdict.detail,
        norm=verdict.norm,
        score=verdict.score,
        weight=verdict.weight,
        num_examples=verdict.num_examples,
        metrics=verdict.metrics,
        payload_sha256=verdict.payload_sha256,
        receive_time=_when(verdict.received_at),
    )


def verdict_kind(kind: records.VerdictKind) -> pb.VerdictKind:
    """The number of a kind of verdict, as in the journal's rows."""
    number: pb.VerdictKind = number_of(pb.VerdictKind, kind)
    return number


def participant_message(
    enrolled: pb.Participant, participant: Participant | None, *, connected: bool, heard_at: float | None = None
) -> pb.Participant:
    """A participant as it stands.

    enrolled: what was stored of it: names, key, title, time, capabilities. participant: the machine's; None once it is
    removed. heard_at: when its open session last said something, where that is known.
    """
    message = pb.Participant()
    message.CopyFrom(enrolled)
    message.connected = connected
    if participant is not None:
        message.rounds_accepted = participant.rounds_accepted
        message.rounds_rejected = participant.rounds_rejected
        message.rounds_missed = participant.rounds_missed
        seen = [at for at in (participant.last_seen_at, heard_at) if at is not None]
        if seen:
            message.last_seen_time.CopyFrom(timestamp(max(seen)))
    return message


class Messages:
    """Messages about one federation.

    created: what never changes of it: name, uid, title, policy with every default, create_time.
    """

    def __init__(self, created: pb.Federation) -> None:
        self._created = created

    def model_ref(self, model: records.Model) -> pb.ModelRef:
        """Names a version beyond this federation."""
        return pb.ModelRef(federation_uid=self._created.uid, version=model.version, sha256=model.sha256)

    def federation(self, state: State, stored_bytes: int, manifest: pb.TensorManifest | None = None) -> pb.Federation:
        """The federation as it stands; with its manifest for GetFederation."""
        message = pb.Federation(
            state=number_of(pb.FederationState, state.status),
            finish_reason=number_of(pb.FinishReason, state.finish_reason),
            model=self._ref(state.model),
            best_model=self._ref(state.best.model if state.best else None),
            best_score=state.best.score if state.best else None,
            round=state.round,
            participants_enrolled=len(state.participants),
            participants_connected=len(state.sessions),
            finish_time=_when(state.finished_at),
            stored_bytes=stored_bytes,
            manifest=manifest,
        )
        message.MergeFrom(self._created)
        return message

    def round(self, record: records.RoundRecord) -> pb.Round:
        """A round as it stands."""
        return pb.Round(
            federation=self._created.name,
            round=record.round,
            state=number_of(pb.RoundState, record.state),
            skip_reason=number_of(pb.SkipReason, record.skip_reason),
            base_model=self.model_ref(record.base_model),
            model=self._ref(record.model),
            selected=record.selected,
            counted=record.counted,
            screened=record.screened,
            rejected=record.rejected,
            f=record.f,
            start_time=timestamp(record.started_at),
            end_time=_when(record.ended_at),
            aggregate_seconds=record.aggregate_seconds,
            score=record.score,
            metrics=record.metrics,
            reports=record.reports,
        )

    def report(self, report: records.Report) -> pb.EvaluationReport:
        """What a participant measured of a model."""
        return pb.EvaluationReport(
            round=report.round,
            model=self.model_ref(report.model),
            num_examples=report.num_examples,
            metrics=report.metrics,
        )

    def round_result(self, conclusion: actions.Conclude, verdict: records.Verdict | None) -> pb.RoundResult:
        """The end of a round for one participant. verdict: its own of the conclusion's, if it has one."""
        return pb.RoundResult(
            round=conclusion.round,
            state=number_of(pb.RoundState, conclusion.state),
            verdict=None if verdict is None else verdict_message(verdict),
            model=self.model_ref(conclusion.model),
        )

    def finished(self, finish: actions.Finish) -> pb.Finished:
        """The end of the federation."""
        return pb.Finished(
            why=number_of(pb.FinishReason, finish.reason),
            model=self._ref(finish.model),
            best_model=self._ref(finish.best_model),
        )

    def happened(
        self,
        happened: actions.Happened,
        sequence: int,
        state: State,
        *,
        stored_bytes: int,
        enrolled: Mapping[str, pb.Participant],
    ) -> pb.WatchFederationResponse:
        """An event for those who watch.

        Args:
            happened: The event.
            sequence: Its own where it is kept, else that of the last kept one.
            state: The federation's, after the step that the event belongs to.
            stored_bytes: Bytes on disk, for federation_changed.
            enrolled: What is stored of the participants, those just removed among them, by name.
        """
        message = pb.WatchFederationResponse(sequence=sequence, event_time=timestamp(happened.at))
        what = happened.what
        if isinstance(what, actions.FederationChanged):
            message.federation_changed.CopyFrom(self.federation(state, stored_bytes))
        elif isinstance(what, actions.ParticipantChanged):
            message.participant_changed.CopyFrom(_participant_event(what, enrolled[what.name], state))
        else:
            getattr(message, _FIELDS[type(what)]).CopyFrom(self._event(what))
        return message

    def _event(self, what: Any) -> Any:
        """The message of an event that needs nothing but itself."""
        match what:
            case actions.RoundStarted() | actions.RoundEnded():
                return self.round(what.record)
            case actions.UpdateReceived():
                ack = ack_message(what.ack)
                return pb.UpdateEvent(participant=what.participant, ack=ack, total_bytes=what.total_bytes)
            case actions.VerdictGiven():
                return verdict_message(what.verdict)
            case actions.ModelPublished():
                return self.model_ref(what.model)
            case _:
                return pb.EvaluationEvent(participant=what.participant, report=self.report(what.report))

    def _ref(self, model: records.Model | None) -> pb.ModelRef | None:
        return None if model is None else self.model_ref(model)


_FIELDS: Mapping[type[Any], str] = {
    actions.RoundStarted: "round_started",
    actions.UpdateReceived: "update_received",
    actions.VerdictGiven: "verdict",
    actions.ModelPublished: "model_published",
    actions.EvaluationReceived: "evaluation_received",
    actions.RoundEnded: "round_ended",
}


def _participant_event(what: actions.ParticipantChanged, enrolled: pb.Participant, state: State) -> pb.ParticipantEvent:
    """A participant's event, with the participant as it then stood."""
    connected = what.change not in _GONE and what.name in state.sessions
    return pb.ParticipantEvent(
        change=number_of(pb.ParticipantChange, what.change),
        participant=participant_message(enrolled, what.participant, connected=connected),
    )


_GONE = (records.ParticipantChange.DISCONNECTED, records.ParticipantChange.REMOVED)


def number_of(message_enum: Any, member: StrEnum | None) -> Any:
    """The number of a member in the contract's enumeration of the same names; 0 for None."""
    if member is None:
        return 0
    values = message_enum.DESCRIPTOR.values
    prefix = values[0].name.removesuffix("UNSPECIFIED")
    return message_enum.Value(f"{prefix}{member.name}")


def _when(at: float | None) -> Timestamp | None:
    return None if at is None else timestamp(at)
