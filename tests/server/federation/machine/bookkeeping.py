"""Books kept beside a federation, from its events and actions alone: whatever the machine promises is checked here.

Every payload of the test has a digest of its own, so an update is known by it from its acknowledgement to its fate.
"""

from dataclasses import dataclass, field
from math import ceil, isclose

from mfn_server.federation.machine import actions as did
from mfn_server.federation.machine import events as came
from mfn_server.federation.machine.policy import LatePolicy, RoundPolicy
from mfn_server.federation.machine.records import (
    Ack,
    FinishReason,
    Model,
    ParticipantChange,
    RoundState,
    UpdateAckStatus,
    Verdict,
    VerdictKind,
)

# A verdict is given once. Only these may take the place of another on the same round and participant.
_SECOND_THOUGHTS = {
    (VerdictKind.MISSING, VerdictKind.DEFERRED),
    (VerdictKind.MISSING, VerdictKind.LATE),
    (VerdictKind.DEFERRED, VerdictKind.LATE),
}


@dataclass
class Round:
    """A round as seen from outside: whom it asked, what it handed to the rule, whether its time was up."""

    base: Model
    eligible: frozenset[str] = frozenset()
    asked: set[str] = field(default_factory=set)
    counted: set[str] = field(default_factory=set)
    released: set[str] = field(default_factory=set)
    overdue: bool = False
    stalled: bool = False
    handed: tuple[did.Weighted, ...] | None = None
    concluded: bool = False


@dataclass
class Promise:
    """An acknowledgement that an update counts, and what became of it."""

    participant: str
    round: int
    digest: bytes
    counts_in: int
    fates: list[VerdictKind] = field(default_factory=list)


class Books:
    """Asserts, event by event, that what the machine does is right."""

    def __init__(self, policy: RoundPolicy, first: Model) -> None:
        self.policy, self.model = policy, first
        self.lives: dict[str, int] = {}
        self.enrolled: set[str] = set()
        self.connected: dict[str, str] = {}
        self.gone: set[str] = set()
        self.promises: dict[bytes, Promise] = {}
        self.asked: set[tuple[str, int, int]] = set()
        self.said: dict[tuple[str, int, int], bytes] = {}
        self.rounds: dict[int, Round] = {}
        self.verdicts: dict[tuple[int, str], tuple[VerdictKind, int]] = {}
        self.tasks: dict[str, int] = {}
        self.timers: dict[did.TimerKind, did.StartTimer] = {}
        self.rule_at_work = False
        self.finished: FinishReason | None = None

    # What came.

    def enter(self, event: came.Event, actions: tuple[did.Action, ...]) -> None:
        """Books one event and what it led to."""
        self._note(event)
        for action in actions:
            self._enter(action)
        if isinstance(event, came.UpdateDurable | came.UpdateLate):
            self._check_record(event, [a.ack for a in actions if isinstance(a, did.Acknowledge)])
        if isinstance(event, came.UpdateDurable):
            self._check_answer(event, [a.ack for a in actions if isinstance(a, did.Acknowledge)])

    def _note(self, event: came.Event) -> None:
        match event:
            case came.ParticipantEnrolled(name) if name not in self.enrolled and self.finished is None:
                self.enrolled.add(name)
                self.lives[name] = self.lives.get(name, 0) + 1
            case came.ParticipantRemoved(name):
                self.enrolled.discard(name)
                self.gone.discard(name)
                self.connected.pop(name, None)
                self.tasks.pop(name, None)
                self._release(name)
            case came.Connected(name, session) if name in self.enrolled:
                self.connected[name] = session
                self.gone.discard(name)
            case came.Disconnected(name, session, _, goodbye) if self.connected.get(name) == session:
                del self.connected[name]
                self.gone |= {name} if goodbye else set()
            case came.Restarted():
                self.connected.clear()
                self.timers.clear()
                self.rule_at_work = False
            case came.Declined(name, number) if number in self.rounds:
                self._decline(name, number)
            case came.RoundDeadline(number) | came.StallDeadline(number) if number in self.rounds:
                self._time_out(event, number)

    def _release(self, name: str) -> None:
        for opened in self.rounds.values():
            opened.released.add(name)

    def _decline(self, name: str, number: int) -> None:
        self.rounds[number].released.add(name)
        if self.tasks.get(name) == number:
            del self.tasks[name]

    def _time_out(self, event: came.RoundDeadline | came.StallDeadline, number: int) -> None:
        if isinstance(event, came.StallDeadline):
            self.rounds[number].stalled = True
        else:
            self.rounds[number].overdue = True

    # What was done.

    def _enter(self, action: did.Action) -> None:
        match action:
            case did.Happened(what):
                self._hear(what)
            case did.StartTimer(kind):
                self.timers[kind] = action
            case did.Acknowledge(name, ack):
                self._acknowledge(name, ack)
            case did.Discard(payloads):
                deleted = self.finished is FinishReason.DELETED
                assert deleted or all(key.sha256 not in self.open_promises() for key in payloads)
            case did.Finish(names):
                assert set(names) <= set(self.connected)
            case _:
                self._enter_of_round(action)

    def _enter_of_round(self, action: did.Action) -> None:
        match action:
            case did.Assign():
                self._assign(action)
            case did.Aggregate():
                self._hand_over(action)
            case did.RecordVerdicts(verdicts):
                for verdict in verdicts:
                    self._judge(verdict)
            case did.Conclude():
                self._conclude(action)

    def _hear(self, what: did.Happening) -> None:
        match what:
            case did.RoundStarted(record):
                assert record.round == len(self.rounds) + 1 <= self.policy.max_rounds
                assert len(self.connected) >= self.policy.min_participants
                assert record.base_model == self.model
                self.rounds[record.round] = Round(record.base_model, frozenset(self.connected) - self._taken())
            case did.ModelPublished(published):
                assert published.version == self.model.version + 1
                self.model = published
            case did.FederationChanged(_, reason):
                self.finished = reason
            case did.ParticipantChanged(name, change):
                assert (name in self.connected) == (change is ParticipantChange.CONNECTED)

    def _taken(self) -> frozenset[str]:
        """Names under which an update of a participant removed since waits."""
        waiting = self.open_promises().values()
        return frozenset(p.participant for p in waiting if self.said.get(self._key(p.participant, p.round)) != p.digest)

    def _key(self, name: str, number: int) -> tuple[str, int, int]:
        return name, self.lives[name], number

    def _assign(self, action: did.Assign) -> None:
        opened = self.rounds[action.round]
        assert set(action.participants) <= set(self.connected)
        assert not action.selected or action.model == opened.base
        if not action.selected:
            return
        for name in action.participants:
            assert self._key(name, action.round) not in self.said
            assert opened.handed is None or self.policy.async_buffer is not None
            assert self.tasks.get(name, action.round) == action.round or self._stale(self.tasks[name])
            self.tasks[name] = action.round
            self.asked.add(self._key(name, action.round))
            opened.released.discard(name)
        opened.asked |= set(action.participants)

    def _stale(self, number: int) -> bool:
        buffer = self.policy.async_buffer
        if buffer is None:
            return True
        return self.model.version - self.rounds[number].base.version > buffer.max_staleness_versions

    def _acknowledge(self, name: str, ack: Ack) -> None:
        key = self._key(name, ack.round)
        match ack.status:
            case UpdateAckStatus.COUNTED | UpdateAckStatus.DEFERRED:
                assert key not in self.said, "one update of a participant for a round counts"
                self._promise(name, ack)
            case UpdateAckStatus.DUPLICATE:
                assert self.said[key] == ack.payload_sha256
            case UpdateAckStatus.LATE:
                assert ack.payload_sha256 not in self.promises

    def _promise(self, name: str, ack: Ack) -> None:
        opened = self.rounds[ack.round]
        assert self._key(name, ack.round) in self.asked
        late = opened.handed is not None or opened.concluded
        assert (ack.status is UpdateAckStatus.DEFERRED) == late
        counts_in = ack.counts_in_round if late else ack.round
        assert counts_in is not None
        if late:
            assert self.policy.late_updates is not LatePolicy.REJECT
            assert counts_in == ack.round + 1 or self.policy.late_updates is LatePolicy.BUFFERED_ASYNC
            assert ack.round < counts_in <= min(len(self.rounds) + 1, self.policy.max_rounds)
        self.said[self._key(name, ack.round)] = ack.payload_sha256
        self.promises[ack.payload_sha256] = Promise(name, ack.round, ack.payload_sha256, counts_in)
        self.tasks.pop(name, None)
        if not late:
            opened.counted.add(name)

    def _hand_over(self, action: did.Aggregate) -> None:
        opened = self.rounds[action.round]
        self.rule_at_work = True
        if opened.handed is not None:
            assert opened.handed == action.contributions, "asked again for the same"
            return
        names = [weighted.contribution.participant for weighted in action.contributions]
        assert names == sorted(set(names)), "sorted, one each"
        assert len(names) >= self.policy.min_participants
        waiting = {p.digest for p in self.open_promises().values() if p.counts_in == action.round}
        assert {weighted.contribution.payload_sha256 for weighted in action.contributions} == waiting
        self._check_weights(action)
        opened.handed = action.contributions
        assert self._may_close(opened, len(names))

    def _check_weights(self, action: did.Aggregate) -> None:
        buffer = self.policy.async_buffer
        for weighted in action.contributions:
            lag = action.base.version - self.rounds[weighted.contribution.round].base.version
            assert weighted.staleness == lag
            assert isclose(weighted.weight, 1 / (1 + lag) ** buffer.staleness_exponent if buffer else 1.0)
            # One version may be published between the arrival of an update and the round in which it counts.
            assert buffer is None or lag <= buffer.max_staleness_versions + 1

    def _may_close(self, opened: Round, count: int) -> bool:
        buffer = self.policy.async_buffer
        if buffer is not None:
            owing = any(name not in self.gone and not self._stale(number) for name, number in self.tasks.items())
            return count >= buffer.buffer_size or opened.stalled or not owing
        wanted = self.policy.target_participants or len(opened.eligible)
        assert len(opened.asked) == self._selection_size(len(opened.eligible))
        return opened.overdue or self.nobody_owes(opened) or len(opened.counted) >= min(wanted, len(opened.eligible))

    def nobody_owes(self, opened: Round) -> bool:
        """Whether of those asked nobody can be expected to send for a round any more."""
        return opened.asked <= opened.counted | opened.released | self.gone

    def _selection_size(self, connected: int) -> int:
        target = min(self.policy.target_participants or connected, connected)
        # The shares of the test are exact in binary.
        return min(connected, target + ceil(self.policy.over_selection * target))

    def _judge(self, verdict: Verdict) -> None:
        place, life = (verdict.round, verdict.participant), self.lives[verdict.participant]
        before, whose = self.verdicts.get(place, (None, life))
        another = before is VerdictKind.MISSING and whose != life and self.policy.async_buffer is not None
        assert before is None or (before, verdict.kind) in _SECOND_THOUGHTS or another
        self.verdicts[place] = verdict.kind, life
        promise = self.promises.get(verdict.payload_sha256)
        if promise is not None and verdict.kind is not VerdictKind.DEFERRED:
            promise.fates.append(verdict.kind)
            assert len(promise.fates) == 1, "one fate"
            assert (verdict.round == promise.counts_in) == (verdict.kind is not VerdictKind.LATE)

    def _conclude(self, action: did.Conclude) -> None:
        opened = self.rounds[action.round]
        assert not opened.concluded
        opened.concluded = True
        self.rule_at_work = False
        published = action.state is not RoundState.SKIPPED
        assert opened.handed is not None or opened.overdue
        assert action.model == self.model
        assert (action.model.version == opened.base.version + 1) == published
        named = [verdict.participant for verdict in action.verdicts]
        contributors = {p.participant for p in self.promises.values() if p.counts_in == action.round}
        expected = contributors if self.policy.async_buffer else opened.asked | contributors
        assert sorted(named) == sorted(expected), "one verdict each"
        assert not any(p.counts_in == action.round for p in self.open_promises().values()), "nothing is left behind"

    def _check_answer(self, event: came.UpdateDurable, acks: list[Ack]) -> None:
        assert len(acks) <= 1
        answered = bool(acks) or event.participant not in self.enrolled or self.finished is FinishReason.DELETED
        asked = answered or self._key(event.participant, event.round) in self.asked
        assert answered or not asked or event.model != self.rounds[event.round].base

    def _check_record(self, event: came.UpdateDurable | came.UpdateLate, acks: list[Ack]) -> None:
        """An update that was acknowledged as late is missing in no record of the two rounds last asked for."""
        late = any(ack.status is UpdateAckStatus.LATE for ack in acks)
        if not late or self.finished is not None or self.policy.async_buffer is not None:
            return
        life, verdict = self.lives[event.participant], self.verdicts.get((event.round, event.participant))
        remembered = sorted(n for name, whose, n in self.asked if (name, whose) == (event.participant, life))[-2:]
        assert event.round not in remembered or verdict != (VerdictKind.MISSING, life)

    # What is still owed.

    def forgotten(self, number: int) -> set[str]:
        """In a buffered round that collects: who is connected and has neither a task, nor given it back, nor sent."""
        waiting = {promise.participant for promise in self.open_promises().values() if promise.counts_in == number}
        busy = {name for name, task in self.tasks.items() if not self._stale(task)}
        return set(self.connected) - waiting - busy - self.rounds[number].released

    def open_promises(self) -> dict[bytes, Promise]:
        """Updates that count in a round which is not over."""
        return {digest: promise for digest, promise in self.promises.items() if not promise.fates}
