"""Rows of one transaction, made of what was decided and of what submitters add."""

from dataclasses import fields

from mfn_server.federation.live.recording import merged, of_enrolled
from mfn_server.federation.machine.policy import RoundPolicy
from mfn_server.federation.machine.state import Participant, State
from mfn_server.federation.storage.rows import (
    Batch,
    ModelRow,
    ParticipantRow,
    RequestRow,
    RoundRow,
    VerdictRow,
    WatchRow,
)


def row(name: str) -> ParticipantRow:
    return ParticipantRow(name, "uid", b"key", b"message")


def test_batches_are_put_together_in_order_and_none_of_their_rows_is_lost() -> None:
    first = Batch(
        rounds=[RoundRow(1, b"")],
        verdicts=[VerdictRow(1, "a", 1, b"")],
        watch=[WatchRow(1, 1, b"")],
        participants=[row("a")],
        removed_participants=["b"],
        models=[ModelRow(1, b"", 1, b"")],
        requests=[RequestRow("r", b"", b"", 0.0)],
        meta={"k": b"old", "only": b"first"},
    )
    second = Batch(participants=[row("c")], meta={"k": b"new"})
    both = merged([first, second])
    assert list(both.participants) == [row("a"), row("c")]
    assert dict(both.meta) == {"k": b"new", "only": b"first"}
    for field in fields(Batch):
        if field.name not in {"events", "snapshot", "participants", "meta"}:
            assert getattr(both, field.name) == list(getattr(first, field.name))
            assert getattr(both, field.name), f"{field.name} is not put together"


def test_a_participant_who_is_not_enrolled_gets_no_row() -> None:
    state = State(RoundPolicy(), participants={"a": Participant(1, 0.0)})
    assert list(of_enrolled(Batch(participants=[row("a"), row("b")], meta={"k": b"v"}), state).participants) == [
        row("a")
    ]
