"""A federation driven by hand: events in, actions kept, and a fair world that answers whatever is asked."""

import hashlib
from collections.abc import Mapping
from typing import TypeVar

from mfn_server.federation.machine.actions import (
    Acknowledge,
    Action,
    Aggregate,
    AskEvaluation,
    Assign,
    Happened,
    RecordRound,
    RecordVerdicts,
    StartTimer,
    TimerKind,
)
from mfn_server.federation.machine.admitting import Admission, admit
from mfn_server.federation.machine.events import (
    Aggregated,
    Connected,
    Declined,
    Disconnected,
    Event,
    ModelUploaded,
    ParticipantEnrolled,
    ParticipantRemoved,
    Reported,
    Restarted,
    UpdateDurable,
    UpdateLate,
)
from mfn_server.federation.machine.machine import step
from mfn_server.federation.machine.policy import RoundPolicy
from mfn_server.federation.machine.records import (
    Ack,
    Claim,
    Judgement,
    Model,
    RoundRecord,
    SkipReason,
    Verdict,
    VerdictKind,
)
from mfn_server.federation.machine.state import State

A = TypeVar("A")


def digest(text: str) -> bytes:
    """A digest to tell payloads apart by."""
    return hashlib.sha256(text.encode()).digest()


def model(version: int) -> Model:
    """The model of a version, as if there were only one."""
    return Model(version, digest(f"model {version}"))


def accepted(*names: str) -> tuple[Judgement, ...]:
    """Judgements of a rule that likes everybody."""
    return tuple(Judgement(name, VerdictKind.ACCEPTED, norm=1.0, weight=1 / len(names)) for name in names)


class Federation:
    """One federation. last: what the last event led to; journal: all events; clock: rises by 1 s with each."""

    def __init__(self, policy: RoundPolicy, *connected: str) -> None:
        self.state = State.initial(policy)
        self.journal: list[Event] = []
        self.history: list[Action] = []
        self.last: tuple[Action, ...] = ()
        self.clock = 1000.0
        self.sessions = 0
        if connected:
            self.enrol(*connected)
            self.connect(*connected)
            self.happen(ModelUploaded(model(0), self.now()))

    def now(self) -> float:
        self.clock += 1.0
        return self.clock

    def happen(self, event: Event) -> tuple[Action, ...]:
        """Takes an event, as the coordinator would."""
        taken = step(self.state, event)
        self.journal.append(event)
        self.state, self.last = taken.state, taken.actions
        self.history += taken.actions
        return taken.actions

    def enrol(self, *names: str) -> None:
        for name in names:
            self.happen(ParticipantEnrolled(name, self.now()))

    def remove(self, name: str) -> None:
        self.happen(ParticipantRemoved(name, self.now()))

    def connect(self, *names: str, can_evaluate: bool = True) -> None:
        for name in names:
            self.sessions += 1
            self.happen(Connected(name, f"session {self.sessions}", can_evaluate, self.now()))

    def disconnect(self, *names: str, goodbye: bool = False) -> None:
        for name in names:
            self.happen(Disconnected(name, self.state.sessions[name].session, self.now(), goodbye))

    def restart(self) -> None:
        self.happen(Restarted(self.now()))

    def decline(self, name: str, number: int | None = None) -> None:
        self.happen(Declined(name, number or self.state.round, "no time", self.now()))

    def claim(self, name: str, number: int | None = None, payload: str = "", version: int | None = None) -> Claim:
        """What the participant would sign: of the open round and its model unless told otherwise."""
        number = number or self.state.round
        trained_on = self.asked(name, number) if version is None else model(version)
        return Claim(number, trained_on, digest(payload or f"{name} {number}"))

    def asked(self, name: str, number: int) -> Model:
        """The model that the participant was last asked to train on in a round; that of version 0 when never."""
        found = (a for a in reversed(self.history) if isinstance(a, Assign) and a.round == number)
        return next((a.model for a in found if a.selected and name in a.participants), model(0))

    def admit(self, name: str, number: int | None = None, payload: str = "", version: int | None = None) -> Admission:
        return admit(self.state, name, self.claim(name, number, payload, version))

    def send(self, *names: str, number: int | None = None, payload: str = "", version: int | None = None) -> Ack | None:
        """An update of each becomes durable; the last acknowledgement."""
        for name in names:
            claim = self.claim(name, number, payload, version)
            happened = UpdateDurable(name, claim.round, claim.model, claim.payload_sha256, 8, 10, self.now())
            self.happen(happened)
        acks = self.of(Acknowledge)
        return acks[-1].ack if acks else None

    def announce_late(self, name: str, number: int | None = None, payload: str = "") -> Ack | None:
        """An update is announced that can count no longer; the acknowledgement."""
        claim = self.claim(name, number, payload)
        self.happen(UpdateLate(name, claim.round, claim.model, claim.payload_sha256, 10, self.now()))
        acks = self.of(Acknowledge)
        return acks[-1].ack if acks else None

    def time_out(self, kind: TimerKind) -> None:
        """The timer of this kind, as last started, runs out."""
        timers = (a for a in reversed(self.history) if isinstance(a, StartTimer) and a.kind is kind)
        self.happen(next(timers).due(self.now()))

    def aggregate(self, outcome: SkipReason | None = None, *judgements: Judgement) -> None:
        """The rule answers the last Aggregate: with the next model and everybody accepted unless told otherwise."""
        asked = next(a for a in reversed(self.history) if isinstance(a, Aggregate))
        names = [weighted.contribution.participant for weighted in asked.contributions]
        judged = judgements or (() if outcome else accepted(*names))
        f = None if outcome else 1
        made = outcome or model(asked.base.version + 1)
        self.happen(Aggregated(asked.round, made, judged, f, 0.25, self.now()))

    def report(self, name: str, metrics: Mapping[str, float]) -> None:
        """A report on what the participant was last asked to measure."""
        asked = next(a for a in reversed(self.history) if isinstance(a, AskEvaluation))
        self.happen(Reported(name, asked.round, asked.model, 5, metrics, self.now()))

    def of(self, kind: type[A]) -> list[A]:
        """The actions of a kind that the last event led to."""
        return [action for action in self.last if isinstance(action, kind)]

    def told(self, kind: type[A]) -> list[A]:
        """What those who watch were told of the last event."""
        return [action.what for action in self.of(Happened) if isinstance(action.what, kind)]

    def verdicts(self) -> dict[str, Verdict]:
        """The verdicts that the last event led to, by participant."""
        return {verdict.participant: verdict for action in self.of(RecordVerdicts) for verdict in action.verdicts}

    def record(self) -> RoundRecord:
        """The record of a round that was last kept."""
        return next(action.record for action in reversed(self.history) if isinstance(action, RecordRound))
