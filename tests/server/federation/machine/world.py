"""A federation in a world where anything can happen: each method is something that may, at any time.

Books kept from the outside (bookkeeping.py) check every step. `check` says what holds at any time, `end_fairly` that
a world which keeps its word brings any state to the finish.
"""

from collections.abc import Iterable, Sequence
from functools import reduce

from mfn_server.federation.machine import events as came
from mfn_server.federation.machine.actions import TimerKind
from mfn_server.federation.machine.admitting import Admission, Expected, Settled, admit, is_news
from mfn_server.federation.machine.codecs import decode_event, decode_state, encode_event, encode_state
from mfn_server.federation.machine.discarding import payloads_in_use
from mfn_server.federation.machine.machine import step
from mfn_server.federation.machine.policy import RoundPolicy
from mfn_server.federation.machine.records import (
    Ack,
    FederationState,
    FinishReason,
    Judgement,
    Model,
    RoundState,
    SkipReason,
    UpdateAckStatus,
    VerdictKind,
    VerdictReason,
)
from mfn_server.federation.machine.state import OpenRound, State
from tests.server.federation.machine.bookkeeping import Books
from tests.server.federation.machine.driving import digest, model

NAMES = ("ada", "ben", "cyd", "dee")
JUDGED = (
    (VerdictKind.ACCEPTED, VerdictReason.UNSPECIFIED),
    (VerdictKind.REJECTED, VerdictReason.OUTLIER),
    (VerdictKind.SCREENED, VerdictReason.NORM),
)


class World:
    """One federation, its journal, its books, and the updates on their way to it. sound: until the books object."""

    def __init__(self, policy: RoundPolicy, enrolled: int) -> None:
        self.policy = policy
        self.state = State.initial(policy)
        self.snapshot, self.journal = encode_state(self.state), list[bytes]()
        self.books = Books(policy, model(0))
        self.in_flight: list[came.UpdateDurable] = []
        self.made, self.clock, self.sound = 0, 0.0, True
        for name in NAMES[:enrolled]:
            self.enrol(name)
            self.connect(name, can_evaluate=True)
        self.happen(came.ModelUploaded(model(0), self.clock))

    def happen(self, event: came.Event) -> None:
        taken = step(self.state, event)
        self.journal.append(encode_event(event))
        self.state = taken.state
        self.sound = False
        self.books.enter(event, taken.actions)
        self.sound = True

    def fresh(self, what: str) -> str:
        self.made += 1
        return f"{what} {self.made}"

    # Participants come and go.

    def enrol(self, name: str) -> None:
        if name not in self.books.enrolled:
            # What was on its way from another participant of this name came over a session that is gone.
            self.in_flight = [update for update in self.in_flight if update.participant != name]
        self.happen(came.ParticipantEnrolled(name, self.clock))

    def remove(self, name: str) -> None:
        self.happen(came.ParticipantRemoved(name, self.clock))

    def connect(self, name: str, *, can_evaluate: bool) -> None:
        self.happen(came.Connected(name, self.fresh("session"), can_evaluate, self.clock))

    def disconnect(self, name: str, *, current: bool, goodbye: bool = False) -> None:
        session = self.books.connected.get(name, "") if current else "another"
        self.happen(came.Disconnected(name, session, self.clock, goodbye))

    # They work.

    def announce(self, name: str, back: int) -> None:
        """An update of so many rounds ago is announced; its bytes may take their time."""
        update = self.update(name, self.state.round - back)
        answer = admit(self.state, name, update.claim)
        self.check_admission(answer, update)
        if isinstance(answer, Expected):
            self.in_flight.append(update)
        elif is_news(self.state, name, update.claim):
            self.come_late(update)

    def come_late(self, update: came.UpdateDurable) -> None:
        """An update can count no longer, before its bytes are there."""
        model, metrics, digest = update.model, update.metrics, update.payload_sha256
        self.happen(came.UpdateLate(update.participant, update.round, model, digest, 10, self.clock, metrics))

    def update(self, name: str, number: int) -> came.UpdateDurable:
        asked = self.books.rounds.get(number)
        payload, base = digest(self.fresh("payload")), asked.base if asked else model(0)
        return came.UpdateDurable(name, number, base, payload, 8, 10, self.clock, {"loss": 0.5})

    def arrive(self, place: int, *, again: bool) -> None:
        """The bytes of an update on its way are there; those of some twice."""
        if self.in_flight:
            update = self.in_flight[place % len(self.in_flight)]
            if not again:
                self.in_flight.remove(update)
            self.happen(update)

    def send(self, names: Iterable[str]) -> None:
        """Of these, all who have a task do it."""
        for name, number in sorted(self.books.tasks.items()):
            if name in names:
                update = self.update(name, number)
                if isinstance(admit(self.state, name, update.claim), Expected):
                    self.happen(update)

    def decline(self, names: Iterable[str], back: int) -> None:
        for name in sorted(names):
            self.happen(came.Declined(name, self.state.round - back, "", self.clock))

    def report(self, names: Iterable[str], metric: str, value: float) -> None:
        for name in sorted(names):
            self.happen(came.Reported(name, self.state.round, self.books.model, 5, {metric: value}, self.clock))

    # Time, the rule, operators.

    def time_out(self, kind: TimerKind) -> None:
        if timer := self.books.timers.get(kind):
            self.happen(timer.due(self.clock))

    def aggregating(self) -> OpenRound | None:
        opened = self.state.open
        return opened if opened and opened.state is RoundState.AGGREGATING else None

    def aggregate(
        self, skip: SkipReason | None, kinds: Sequence[tuple[VerdictKind, VerdictReason]] = JUDGED[:1]
    ) -> None:
        """The rule answers, if it was asked."""
        if (opened := self.aggregating()) is not None and self.books.rule_at_work:
            contributors = enumerate(sorted(opened.contributions))
            judged = tuple(Judgement(name, *kinds[place % len(kinds)]) for place, name in contributors)
            outcome = skip or Model(opened.base.version + 1, digest(self.fresh("model")))
            self.happen(came.Aggregated(opened.number, outcome, judged, 1, 0.5, self.clock))

    def go_on(self, names: Iterable[str], skip: SkipReason | None) -> None:
        """What has to be done next is done, by these participants at least."""
        opened = self.state.open
        if self.aggregating():
            self.aggregate(skip)
        elif opened is None:
            self.happen(came.Resumed(self.clock))
            self.gather(names)
        elif opened.state is RoundState.COLLECTING:
            self.send(names)
            self.time_out(TimerKind.ROUND)
        else:
            self.report(names, "loss", 0.5)
            self.time_out(TimerKind.EVALUATION)

    def gather(self, names: Iterable[str]) -> None:
        for name in sorted(set(names) & self.books.enrolled - set(self.books.connected)):
            self.connect(name, can_evaluate=True)

    def operate(self, event: type[came.Paused | came.Resumed | came.Restarted | came.Deleted]) -> None:
        self.happen(event(self.clock))

    def send_nonsense(self, name: str, number: int, version: int) -> None:
        """Updates and models of no round, timers of a round that is over."""
        none = Model(version, digest("no model"))
        claim = self.update(name, number)
        self.happen(came.UpdateDurable(name, number, none, claim.payload_sha256, 8, 10, self.clock))
        self.happen(came.Aggregated(number, none, (), None, 0.5, self.clock))
        self.happen(came.Aggregated(number, none, (Judgement("eve", VerdictKind.LATE),), None, 0.5, self.clock))
        self.happen(came.ModelUploaded(none, self.clock))
        if number != self.state.round:
            for due in (came.RoundDeadline, came.StallDeadline, came.EvaluationDeadline):
                self.happen(due(number, self.clock))

    def crash(self, *, keep_journal: bool) -> None:
        """The process dies: the journal and the snapshot before it are all there is."""
        found = decode_state(self.snapshot)
        rebuilt = reduce(lambda state, text: step(state, decode_event(text)).state, self.journal, found)
        assert encode_state(rebuilt) == encode_state(self.state)
        self.state = rebuilt
        if not keep_journal:
            self.snapshot, self.journal = encode_state(rebuilt), []
        self.happen(came.Restarted(self.clock))

    # What holds.

    def check_admission(self, answer: Admission, update: came.UpdateDurable) -> None:
        """Whoever owes an update to the open round is let in, whoever has sent it hears so."""
        name, number, opened = update.participant, update.round, self.books.rounds.get(update.round)
        said = self.books.said.get((name, self.books.lives.get(name, 0), number))
        if name not in self.books.enrolled or self.books.finished is not None:
            assert not isinstance(answer, Expected)
        elif said is not None:
            assert answer == Settled(Ack(number, said, UpdateAckStatus.DUPLICATE))
        elif opened and opened.handed is None and not opened.concluded:
            assert self.books.tasks.get(name) != number or answer == Expected(number)

    def check(self) -> None:
        """Nothing acknowledged is lost, whatever waits has a timer, nothing grows."""
        self.sound = False
        deleted = self.books.finished is FinishReason.DELETED
        owed = set() if deleted else {(p.participant, p.round, p.digest) for p in self.books.open_promises().values()}
        assert {(key.participant, key.round, key.sha256) for key in payloads_in_use(self.state)} == owed
        assert not owed or self.state.status is not FederationState.FINISHED
        self._check_that_all_goes_on()
        assert len(self.state.pending) <= len(NAMES)
        assert all(len(participant.tasks) <= 2 for participant in self.state.participants.values())
        assert all(len(participant.acknowledged) <= 8 for participant in self.state.participants.values())
        self.sound = True

    def _check_that_all_goes_on(self) -> None:
        opened = self.state.open
        match opened and opened.state:
            case RoundState.EVALUATING:
                assert self.books.timers[TimerKind.EVALUATION].round == self.state.round
            case RoundState.COLLECTING if self.policy.async_buffer is None:
                collecting = self.books.rounds[self.state.round]
                short_of_a_quorum = len(opened.contributions if opened else ()) < self.policy.min_participants
                assert short_of_a_quorum or not self.books.nobody_owes(collecting)
                assert self.books.timers[TimerKind.ROUND].round == self.state.round
            case RoundState.COLLECTING:
                assert self.books.forgotten(self.state.round) == set()
            case RoundState.AGGREGATING:
                assert self.books.rule_at_work

    def end_fairly(self) -> None:
        """From here on everybody keeps their word: it must end, and every promise with it."""
        for _ in range(12 * self.policy.max_rounds):
            if self.state.status is FederationState.FINISHED:
                break
            self.be_fair()
        assert self.state.status is FederationState.FINISHED
        self.check()

    def be_fair(self) -> None:
        self.happen(came.Resumed(self.clock))
        for name in NAMES:
            self.enrol(name)
        self.gather(NAMES)
        self.send(NAMES)
        self.aggregate(None)
        for kind in TimerKind:
            self.time_out(kind)
