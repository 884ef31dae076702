"""The round machine against every order of events that can be thought of, crashes among them.

Hypothesis looks for the shortest order that breaks something; long walks by chance reach what takes many rounds.
"""

import random
from collections.abc import Callable
from typing import TypeAlias

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from mfn_server.federation.machine import events as came
from mfn_server.federation.machine.actions import TimerKind
from mfn_server.federation.machine.policy import AsyncBuffer, EarlyStop, EvaluationPolicy, LatePolicy, RoundPolicy
from mfn_server.federation.machine.records import FederationState, SkipReason, VerdictKind, VerdictReason
from tests.server.federation.machine.world import JUDGED, NAMES, World

names = st.sampled_from(NAMES)
some = st.sets(names, min_size=1)
metrics = st.sampled_from(["loss", "loss", "other"])
scores = st.sampled_from([0.5, 0.25, 0.75, float("nan"), float("inf")])
skips = st.none() | st.none() | st.sampled_from(SkipReason)
Judged: TypeAlias = tuple[VerdictKind, VerdictReason]
Operator: TypeAlias = type[came.Paused | came.Resumed | came.Restarted | came.Deleted]
GENTLE: list[Operator] = [came.Paused, came.Resumed, came.Resumed, came.Restarted]
OPERATORS: list[Operator] = [*GENTLE * 5, came.Deleted]


def policy_by_chance(chance: random.Random, late: LatePolicy) -> RoundPolicy:
    """A policy for four participants that a walk of some rounds can explore."""
    least = chance.randint(1, 3)
    evaluated = chance.random() < 0.5
    evaluation = EvaluationPolicy(chance.randint(1, 2), chance.choice([None, 1, 3])) if evaluated else None
    buffered = late is LatePolicy.BUFFERED_ASYNC
    return RoundPolicy(
        min_participants=least,
        target_participants=chance.choice([None, least, 4]),
        over_selection=chance.choice([0.0, 0.5, 1.0]),
        late_updates=late,
        async_buffer=AsyncBuffer(chance.randint(least, 4), chance.randint(0, 2)) if buffered else None,
        evaluation=evaluation,
        early_stop=EarlyStop(3) if evaluation and chance.random() < 0.5 else None,
        max_rounds=chance.choice([3, 6, 12, 12]),
        max_skipped_rounds=chance.choice([None, None, 2, 4]),
        selection_seed=chance.randint(0, 5),
    )


class Anything(RuleBasedStateMachine):
    """All events, in any order, at any time; the test of each policy sets `late` and reads how the worlds `ended`."""

    late: LatePolicy
    ended: list[FederationState]

    @initialize(chance=st.randoms(use_true_random=False), enrolled=st.integers(2, 4))
    def create(self, chance: random.Random, enrolled: int) -> None:
        self.world = World(policy_by_chance(chance, self.late), enrolled)

    @rule(name=names, removed=st.booleans(), connected=st.booleans(), can_evaluate=st.booleans())
    def come(self, name: str, removed: bool, connected: bool, can_evaluate: bool) -> None:
        if removed:
            self.world.remove(name)
        self.world.enrol(name)
        if connected:
            self.world.connect(name, can_evaluate=can_evaluate)

    @rule(name=names, current=st.booleans(), goodbye=st.booleans(), for_good=st.booleans())
    def go(self, name: str, current: bool, goodbye: bool, for_good: bool) -> None:
        self.world.disconnect(name, current=current, goodbye=goodbye)
        if for_good:
            self.world.remove(name)

    @rule(name=names, back=st.integers(0, 3))
    def announce(self, name: str, back: int) -> None:
        self.world.announce(name, back)

    @rule(place=st.integers(0, 9), again=st.booleans())
    def arrive(self, place: int, again: bool) -> None:
        self.world.arrive(place, again=again)

    @rule(declining=some, back=st.sampled_from([0, 0, 1, 2]))
    def decline(self, declining: set[str], back: int) -> None:
        self.world.decline(declining, back)

    @rule(reporting=some, metric=metrics, score=scores)
    def report(self, reporting: set[str], metric: str, score: float) -> None:
        self.world.report(reporting, metric, score)

    @rule(kind=st.sampled_from(TimerKind))
    def time_out(self, kind: TimerKind) -> None:
        self.world.time_out(kind)

    @rule(skip=skips, kinds=st.lists(st.sampled_from(JUDGED), min_size=4, max_size=4))
    def aggregate(self, skip: SkipReason | None, kinds: list[Judged]) -> None:
        self.world.aggregate(skip, kinds)

    @rule(operator=st.sampled_from(OPERATORS))
    def operate(self, operator: Operator) -> None:
        self.world.operate(operator)

    @rule(keep_journal=st.booleans())
    def crash(self, keep_journal: bool) -> None:
        self.world.crash(keep_journal=keep_journal)

    @rule(name=names, number=st.integers(0, 12), version=st.integers(0, 6))
    def send_nonsense(self, name: str, number: int, version: int) -> None:
        self.world.send_nonsense(name, number, version)

    @rule(working=some, steps=st.integers(1, 3), skip=skips)
    def go_on(self, working: set[str], steps: int, skip: SkipReason | None) -> None:
        for _ in range(steps):
            self.world.go_on(working, skip)

    @invariant()
    def what_was_promised_holds(self) -> None:
        if hasattr(self, "world"):
            self.world.check()

    def teardown(self) -> None:
        # Once something is found, what would follow from it only hides it.
        if hasattr(self, "world") and self.world.sound:
            self.world.end_fairly()
            self.ended.append(self.world.state.status)


@pytest.mark.parametrize("late", LatePolicy)
def test_no_order_of_events_counts_twice_loses_an_update_or_gets_stuck(late: LatePolicy) -> None:
    ended = list[FederationState]()
    run_state_machine_as_test(
        type("Machine", (Anything,), {"late": late, "ended": ended}),
        settings=settings(
            max_examples=60,
            stateful_step_count=40,
            deadline=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert set(ended) == {FederationState.FINISHED}


def come(world: World, chance: random.Random, name: str) -> None:
    if chance.random() < 0.3:
        world.remove(name)
    world.enrol(name)
    if chance.random() < 0.8:
        world.connect(name, can_evaluate=chance.random() < 0.7)


def go(world: World, chance: random.Random, name: str) -> None:
    world.disconnect(name, current=chance.random() < 0.9, goodbye=chance.random() < 0.4)
    if chance.random() < 0.2:
        world.remove(name)


def skip_by_chance(chance: random.Random) -> SkipReason | None:
    return chance.choice(list(SkipReason)) if chance.random() < 0.2 else None


# What happens on a walk, and how often.
STEPS: list[tuple[int, Callable[[World, random.Random, str, list[str]], None]]] = [
    (4, lambda world, chance, name, group: come(world, chance, name)),
    (2, lambda world, chance, name, group: go(world, chance, name)),
    (12, lambda world, chance, name, group: world.announce(name, chance.choice([0, 0, 0, 1, 1, 2, 3]))),
    (8, lambda world, chance, name, group: world.arrive(chance.randrange(10), again=chance.random() < 0.2)),
    (2, lambda world, chance, name, group: world.decline(group, chance.choice([0, 0, 0, 1]))),
    (2, lambda world, chance, name, group: world.report(group, "loss", chance.choice([0.5, 0.25, float("nan")]))),
    (2, lambda world, chance, name, group: world.time_out(chance.choice(list(TimerKind)))),
    (2, lambda world, chance, name, group: world.aggregate(skip_by_chance(chance), chance.choices(JUDGED, k=4))),
    (1, lambda world, chance, name, group: world.crash(keep_journal=chance.random() < 0.5)),
    (1, lambda world, chance, name, group: world.operate(chance.choice(GENTLE))),
    (1, lambda world, chance, name, group: world.send_nonsense(name, chance.randint(0, 12), chance.randint(0, 6))),
    (12, lambda world, chance, name, group: world.go_on(group, skip_by_chance(chance))),
]


def walk(late: LatePolicy, seed: int, steps: int) -> FederationState:
    """So many things happen by chance; then the world is fair, and this is how it ends."""
    chance = random.Random(seed)
    world = World(policy_by_chance(chance, late), chance.randint(2, 4))
    weights = [weight for weight, _ in STEPS]
    for _ in range(steps):
        ((_, happen),) = chance.choices(STEPS, weights)
        happen(world, chance, chance.choice(NAMES), chance.sample(NAMES, chance.randint(1, 4)))
        world.check()
    world.end_fairly()
    return world.state.status


@pytest.mark.parametrize("late", LatePolicy)
def test_long_walks_by_chance_break_nothing(late: LatePolicy) -> None:
    for seed in range(150):
        try:
            assert walk(late, seed, 120) is FederationState.FINISHED
        except AssertionError as error:
            error.add_note(f"walk of seed {seed}")
            raise
