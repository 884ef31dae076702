"""From what the machine decided to the rows of one transaction, and to what those who watch are told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.federation.machine.actions import Action, Happened, RecordRound, RecordVerdicts
from mfn_server.federation.machine.records import RoundRecord, Verdict
from mfn_server.federation.machine.state import State
from mfn_server.federation.messages import Messages, kept, verdict_kind, verdict_message
from mfn_server.federation.storage.rows import Batch, RoundRow, VerdictRow, WatchRow


@dataclass(frozen=True)
class Stepped:
    """One step: the state after it and its actions."""

    state: State
    actions: tuple[Action, ...]


@dataclass
class Recording:
    """What some steps leave behind. told: for those who watch, kept or not. sequence: of the last one that is kept."""

    sequence: int
    told: list[pb.WatchFederationResponse] = field(default_factory=list)
    rounds: dict[int, RoundRow] = field(default_factory=dict)
    verdicts: list[VerdictRow] = field(default_factory=list)
    watch: list[WatchRow] = field(default_factory=list)

    @property
    def batch(self) -> Batch:
        """The rows."""
        return Batch(rounds=tuple(self.rounds.values()), verdicts=self.verdicts, watch=self.watch)


@dataclass(frozen=True)
class Recorder:
    """Writes down what happens in one federation."""

    messages: Messages

    def record(
        self, steps: Iterable[Stepped], sequence: int, stored_bytes: int, enrolled: Mapping[str, pb.Participant]
    ) -> Recording:
        """What these steps leave behind, after the event of this sequence.

        enrolled: what is stored of the participants, those whom these steps remove among them.
        """
        recording = Recording(sequence)
        for stepped in steps:
            for action in stepped.actions:
                self._note(action, stepped.state, recording)
                if isinstance(action, Happened):
                    self._tell(action, stepped.state, recording, stored_bytes, enrolled)
        return recording

    def _note(self, action: Action, state: State, recording: Recording) -> None:
        match action:
            case RecordRound(record):
                recording.rounds[record.round] = self._round_row(record)
            case RecordVerdicts(verdicts):
                recording.verdicts += map(_verdict_row, verdicts)

    def _tell(
        self,
        happened: Happened,
        state: State,
        recording: Recording,
        stored_bytes: int,
        enrolled: Mapping[str, pb.Participant],
    ) -> None:
        is_kept = kept(happened.what)
        recording.sequence += is_kept
        message = self.messages.happened(
            happened, recording.sequence, state, stored_bytes=stored_bytes, enrolled=enrolled
        )
        recording.told.append(message)
        if is_kept:
            recording.watch.append(WatchRow(recording.sequence, state.round, message.SerializeToString()))

    def _round_row(self, record: RoundRecord) -> RoundRow:
        return RoundRow(record.round, self.messages.round(record).SerializeToString())


def of_enrolled(rows: Batch, state: State) -> Batch:
    """The rows without those of participants who are not enrolled: one may join while it is being removed."""
    if all(row.name in state.participants for row in rows.participants):
        return rows
    return replace(rows, participants=[row for row in rows.participants if row.name in state.participants])


def _verdict_row(verdict: Verdict) -> VerdictRow:
    message = verdict_message(verdict).SerializeToString()
    return VerdictRow(verdict.round, verdict.participant, verdict_kind(verdict.kind), message)
