"""Rows of one transaction, made of what was decided and of what submitters add."""

from mfn_server.federation.live.recording import of_enrolled
from mfn_server.federation.machine.policy import RoundPolicy
from mfn_server.federation.machine.state import Participant, State
from mfn_server.federation.storage.rows import (
    Batch,
    ParticipantRow,
)


def row(name: str) -> ParticipantRow:
    return ParticipantRow(name, "uid", b"key", b"message")


def test_a_participant_who_is_not_enrolled_gets_no_row() -> None:
    state = State(RoundPolicy(), participants={"a": Participant(1, 0.0)})
    assert list(of_enrolled(Batch(participants=[row("a"), row("b")], meta={"k": b"v"}), state).participants) == [
        row("a")
    ]
