"""What the machine holds, as messages: every field filled from what it means, absent where it means nothing."""

from enum import StrEnum
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.federation.machine import actions, records
from mfn_server.federation.machine.policy import RoundPolicy
from mfn_server.federation.machine.state import Best, Participant, Session, State
from mfn_server.federation.messages import (
    Messages,
    ack_message,
    kept,
    number_of,
    participant_message,
    timestamp,
    verdict_message,
)

ADA = "federations/digits/participants/ada"
CREATED = pb.Federation(
    name="federations/digits",
    uid="uid-1",
    title="Digits",
    policy=pb.FederationPolicy(max_rounds=9),
    create_time=Timestamp(seconds=5),
)
MESSAGES = Messages(CREATED)
FIRST, SECOND = records.Model(0, b"a" * 32), records.Model(1, b"b" * 32)
FIRST_REF = pb.ModelRef(federation_uid="uid-1", version=0, sha256=b"a" * 32)
SECOND_REF = pb.ModelRef(federation_uid="uid-1", version=1, sha256=b"b" * 32)
ACK = records.Ack(3, b"p" * 32, records.UpdateAckStatus.DEFERRED, counts_in_round=4)
VERDICT = records.Verdict(
    ADA,
    3,
    records.VerdictKind.REJECTED,
    records.VerdictReason.OUTLIER,
    "too far",
    norm=2.5,
    score=0.0,
    weight=0.0,
    num_examples=10,
    metrics={"loss": 0.5},
    payload_sha256=b"p" * 32,
    received_at=7.25,
)
RECORD = records.RoundRecord(
    round=3,
    state=records.RoundState.DONE,
    base_model=FIRST,
    started_at=6.0,
    selected=4,
    counted=3,
    screened=1,
    rejected=1,
    model=SECOND,
    f=0,
    ended_at=9.5,
    aggregate_seconds=0.25,
    score=0.0,
    metrics={"loss": 0.5},
    reports=2,
)
ENROLLED = pb.Participant(name=ADA, uid="uid-2", public_key=b"k" * 32, title="Ada", create_time=Timestamp(seconds=4))


@pytest.mark.parametrize(
    ("at", "seconds", "nanos"), [(0, 0, 0), (1.5, 1, 500_000_000), (1.9999999, 2, 0), (-0.25, -1, 750_000_000)]
)
def test_a_time_is_told_to_the_microsecond(at: float, seconds: int, nanos: int) -> None:
    assert timestamp(at) == Timestamp(seconds=seconds, nanos=nanos)


ENUMERATIONS: list[tuple[Any, type[StrEnum]]] = [
    (pb.FederationState, records.FederationState),
    (pb.FinishReason, records.FinishReason),
    (pb.RoundState, records.RoundState),
    (pb.SkipReason, records.SkipReason),
    (pb.VerdictKind, records.VerdictKind),
    (pb.VerdictReason, records.VerdictReason),
    (pb.UpdateAckStatus, records.UpdateAckStatus),
    (pb.ParticipantChange, records.ParticipantChange),
]


@pytest.mark.parametrize(("message_enum", "machine_enum"), ENUMERATIONS)
def test_every_member_has_the_number_of_its_name_and_all_numbers_are_used(
    message_enum: Any, machine_enum: type[StrEnum]
) -> None:
    numbers = {number_of(message_enum, member) for member in machine_enum}
    assert numbers | {0} == set(message_enum.values())
    for member in machine_enum:
        assert message_enum.Name(number_of(message_enum, member)).endswith(f"_{member.name}")
    assert number_of(message_enum, None) == 0


def test_an_acknowledgement_says_where_it_counts_only_when_that_is_elsewhere() -> None:
    status = pb.UPDATE_ACK_STATUS_DEFERRED
    assert ack_message(ACK) == pb.UpdateAck(round=3, payload_sha256=b"p" * 32, status=status, counts_in_round=4)
    counted = records.Ack(3, b"p" * 32, records.UpdateAckStatus.COUNTED)
    assert not ack_message(counted).HasField("counts_in_round")


def test_a_verdict_keeps_numbers_that_are_0_and_lacks_those_that_nobody_measured() -> None:
    assert verdict_message(VERDICT) == pb.Verdict(
        participant=ADA,
        round=3,
        kind=pb.VERDICT_KIND_REJECTED,
        reason=pb.VERDICT_REASON_OUTLIER,
        detail="too far",
        norm=2.5,
        score=0,
        weight=0,
        num_examples=10,
        metrics={"loss": 0.5},
        payload_sha256=b"p" * 32,
        receive_time=Timestamp(seconds=7, nanos=250_000_000),
    )
    missing = verdict_message(records.Verdict(ADA, 3, records.VerdictKind.MISSING, records.VerdictReason.SILENT))
    assert not any(missing.HasField(name) for name in ("norm", "score", "weight", "receive_time"))


def test_a_round_has_every_field_of_its_record() -> None:
    assert MESSAGES.round(RECORD) == pb.Round(
        federation="federations/digits",
        round=3,
        state=pb.ROUND_STATE_DONE,
        base_model=FIRST_REF,
        model=SECOND_REF,
        selected=4,
        counted=3,
        screened=1,
        rejected=1,
        f=0,
        start_time=Timestamp(seconds=6),
        end_time=Timestamp(seconds=9, nanos=500_000_000),
        aggregate_seconds=0.25,
        score=0,
        metrics={"loss": 0.5},
        reports=2,
    )


def test_a_round_that_has_only_begun_lacks_what_is_not_known_yet() -> None:
    begun = MESSAGES.round(records.RoundRecord(1, records.RoundState.COLLECTING, FIRST, started_at=6.0, selected=4))
    assert not any(begun.HasField(name) for name in ("model", "f", "end_time", "score"))
    assert begun.skip_reason == pb.SKIP_REASON_UNSPECIFIED


def test_a_federation_is_what_was_created_and_how_it_stands() -> None:
    state = State(
        RoundPolicy(),
        status=records.FederationState.FINISHED,
        finish_reason=records.FinishReason.EARLY_STOP,
        finished_at=8.0,
        model=SECOND,
        best=Best(FIRST, 0.0),
        participants={ADA: Participant(1, 4.0), "b": Participant(2, 4.0)},
        sessions={ADA: Session("s", can_evaluate=False)},
        round=3,
    )
    manifest = pb.TensorManifest(tensors=[pb.Tensor(name="w")])
    found = MESSAGES.federation(state, 77, manifest)
    assert found == pb.Federation(
        name="federations/digits",
        uid="uid-1",
        title="Digits",
        policy=pb.FederationPolicy(max_rounds=9),
        create_time=Timestamp(seconds=5),
        state=pb.FEDERATION_STATE_FINISHED,
        finish_reason=pb.FINISH_REASON_EARLY_STOP,
        finish_time=Timestamp(seconds=8),
        model=SECOND_REF,
        best_model=FIRST_REF,
        best_score=0,
        participants_enrolled=2,
        participants_connected=1,
        round=3,
        stored_bytes=77,
        manifest=manifest,
    )
    new = MESSAGES.federation(State(RoundPolicy()), 0)
    assert not any(new.HasField(name) for name in ("model", "best_model", "best_score", "finish_time", "manifest"))


def test_a_participant_is_what_was_enrolled_and_what_became_of_it() -> None:
    machine = Participant(1, 4.0, last_seen_at=6.0, rounds_accepted=1, rounds_rejected=2, rounds_missed=3)
    found = participant_message(ENROLLED, machine, connected=True)
    expected = pb.Participant(
        connected=True,
        last_seen_time=Timestamp(seconds=6),
        rounds_accepted=1,
        rounds_rejected=2,
        rounds_missed=3,
    )
    expected.MergeFrom(ENROLLED)
    assert found == expected
    assert not ENROLLED.connected


def test_a_participant_was_last_seen_when_its_open_session_last_spoke() -> None:
    machine = Participant(1, 4.0, last_seen_at=6.0)
    later = participant_message(ENROLLED, machine, connected=True, heard_at=8.0)
    assert later.last_seen_time == Timestamp(seconds=8)
    never = participant_message(ENROLLED, Participant(1, 4.0), connected=False)
    assert not never.HasField("last_seen_time")


def test_the_end_of_a_round_has_ones_own_verdict_or_none() -> None:
    conclusion = actions.Conclude(3, records.RoundState.EVALUATING, SECOND, (VERDICT,))
    own = pb.RoundResult(round=3, state=pb.ROUND_STATE_EVALUATING, verdict=verdict_message(VERDICT), model=SECOND_REF)
    assert MESSAGES.round_result(conclusion, VERDICT) == own
    assert not MESSAGES.round_result(conclusion, None).HasField("verdict")


def test_the_end_of_a_deleted_federation_names_no_model() -> None:
    over = MESSAGES.finished(actions.Finish((ADA,), records.FinishReason.DELETED, None, None))
    assert over == pb.Finished(why=pb.FINISH_REASON_DELETED)
    over = MESSAGES.finished(actions.Finish((ADA,), records.FinishReason.MAX_ROUNDS, SECOND, FIRST))
    assert (over.model, over.best_model) == (SECOND_REF, FIRST_REF)


REPORT = records.Report(3, SECOND, 20, {"loss": 0.25})
EVENTS: list[tuple[actions.Happening, pb.WatchFederationResponse]] = [
    (actions.RoundStarted(RECORD), pb.WatchFederationResponse(round_started=MESSAGES.round(RECORD))),
    (actions.RoundEnded(RECORD), pb.WatchFederationResponse(round_ended=MESSAGES.round(RECORD))),
    (
        actions.UpdateReceived(ADA, ACK, 99),
        pb.WatchFederationResponse(
            update_received=pb.UpdateEvent(participant=ADA, ack=ack_message(ACK), total_bytes=99)
        ),
    ),
    (actions.VerdictGiven(VERDICT), pb.WatchFederationResponse(verdict=verdict_message(VERDICT))),
    (actions.ModelPublished(SECOND), pb.WatchFederationResponse(model_published=SECOND_REF)),
    (
        actions.EvaluationReceived(ADA, REPORT),
        pb.WatchFederationResponse(
            evaluation_received=pb.EvaluationEvent(
                participant=ADA,
                report=pb.EvaluationReport(round=3, model=SECOND_REF, num_examples=20, metrics={"loss": 0.25}),
            )
        ),
    ),
    (
        actions.FederationChanged(records.FederationState.AWAITING_MODEL, None),
        pb.WatchFederationResponse(federation_changed=MESSAGES.federation(State(RoundPolicy()), 5)),
    ),
    (
        actions.ParticipantChanged(ADA, records.ParticipantChange.REMOVED, Participant(1, 4.0)),
        pb.WatchFederationResponse(
            participant_changed=pb.ParticipantEvent(change=pb.PARTICIPANT_CHANGE_REMOVED, participant=ENROLLED)
        ),
    ),
]


@pytest.mark.parametrize(("what", "expected"), EVENTS)
def test_an_event_is_told_with_its_time_and_its_place(
    what: actions.Happening, expected: pb.WatchFederationResponse
) -> None:
    happened = actions.Happened(what, at=2.5)
    told = MESSAGES.happened(happened, 12, State(RoundPolicy()), stored_bytes=5, enrolled={ADA: ENROLLED})
    assert (told.sequence, told.event_time) == (12, Timestamp(seconds=2, nanos=500_000_000))
    told.ClearField("sequence")
    told.ClearField("event_time")
    assert told == expected


def test_every_kind_of_event_that_the_contract_has_is_told() -> None:
    fields = {field.name for field in pb.WatchFederationResponse.DESCRIPTOR.oneofs_by_name["event"].fields}
    assert {str(expected.WhichOneof("event")) for _, expected in EVENTS} == fields


@pytest.mark.parametrize("change", list(records.ParticipantChange))
def test_events_of_connections_are_not_kept(change: records.ParticipantChange) -> None:
    event = actions.ParticipantChanged(ADA, change, Participant(1, 4.0))
    assert kept(event) == (change.name in {"ENROLLED", "REMOVED"})
    assert kept(actions.ModelPublished(SECOND))
