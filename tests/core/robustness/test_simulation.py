from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest

from mfn_grpc.core.aggregation import AggregationPolicy, CenteredClippingRule, KrumRule, MeanRule
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.attacks import (
    ATTACKS,
    Attack,
    InnerProductManipulation,
    LabelFlip,
    Mimic,
    NotFiniteValue,
    SignFlip,
    Situation,
)
from mfn_grpc.core.pieces import finish
from mfn_grpc.core.robustness import (
    PLAIN_MEAN,
    AnyAttack,
    Experiment,
    Federation,
    Outcome,
    accuracy,
    federation,
    initial_model,
    local_update,
    simulate,
)

RNG = np.random.default_rng(9)
LABELS = np.arange(600) % 3
FEATURES = RNG.normal(size=(600, 4)) + 1.5 * np.eye(3, 4)[LABELS]
SHORT = Experiment(clients=8, attackers=2, alpha=1.0, rounds=5)
DEALT = federation(FEATURES, LABELS, SHORT, seed=0)


def outcome(policy: AggregationPolicy, attack: AnyAttack | None, experiment: Experiment = SHORT) -> Outcome:
    return finish(simulate(DEALT, policy, attack, experiment))


def by_hand(dealt: Federation, first: int, lie: float | None) -> Array:
    """The plain mean's training over clients `first` on, with lies of `lie` times the honest mean for those before."""
    model = initial_model(dealt.test.inputs.shape[1], dealt.classes)
    for _ in range(SHORT.rounds):
        honest = [local_update(model, shard, SHORT.local) for shard in dealt.shards[first:]]
        lies = [] if lie is None else [lie * np.mean(honest, axis=0)] * first
        model = model + np.mean([*lies, *honest], axis=0)
    return model


def test_without_attack_every_client_is_honest() -> None:
    assert outcome(PLAIN_MEAN, None) == Outcome(accuracy(by_hand(DEALT, 0, None), DEALT.test), 0)


def test_under_attack_the_first_clients_lie_and_their_samples_are_lost() -> None:
    found = outcome(PLAIN_MEAN, InnerProductManipulation(0.9))
    assert found == Outcome(accuracy(by_hand(DEALT, SHORT.attackers, -0.9), DEALT.test), 0)


def test_without_attackers_an_attack_changes_nothing() -> None:
    nobody = replace(SHORT, attackers=0)
    assert outcome(PLAIN_MEAN, SignFlip(), nobody) == outcome(PLAIN_MEAN, None, nobody)


def test_a_reversed_mean_undoes_the_plain_mean_and_not_the_default() -> None:
    clean = outcome(PLAIN_MEAN, None).accuracy
    attack = InnerProductManipulation(4.0)
    assert outcome(PLAIN_MEAN, attack).accuracy < 0.5
    assert outcome(AggregationPolicy(faulty=2), attack).accuracy > clean - 0.1


def test_attackers_who_flip_labels_train_on_their_own_samples() -> None:
    seen = list[Array]()

    class Noted(LabelFlip):
        def labels(self, labels: object, classes: int) -> Array:
            flipped = super().labels(np.asarray(labels), classes)
            seen.append(flipped)
            return flipped

    assert outcome(PLAIN_MEAN, Noted()) != outcome(PLAIN_MEAN, None)
    assert [labels.tolist() for labels in seen] == [(2 - shard.labels).tolist() for shard in DEALT.shards[:2]]


def test_attackers_are_told_the_round_and_may_try_the_rule_on_all_updates() -> None:
    rounds, tried = list[int](), list[Array]()

    @dataclass(frozen=True)
    class Curious(Attack):
        def forge(self, honest: Array, count: int, situation: Situation) -> Array:
            rounds.append(situation.round_number)
            assert situation.aggregate is not None
            sent = np.zeros((count, honest.shape[1]))
            tried.append(situation.aggregate(np.concatenate([sent, honest])) - honest.sum(axis=0) / 8)
            return sent

    outcome(PLAIN_MEAN, Curious())
    assert rounds == [1, 2, 3, 4, 5]
    # A mean of eight numbers below 10.
    assert np.abs(tried).max() < 1e-14


def test_a_round_without_an_aggregate_leaves_the_model_as_it_is() -> None:
    """Krum needs 2 f + 3 = 9 of 8: all classes stay equally likely, and the first of them is said."""
    found = outcome(AggregationPolicy(faulty=3, rule=KrumRule(), pre_aggregators=()), SignFlip())
    assert found == Outcome(float(np.mean(DEALT.test.labels == 0)), SHORT.rounds)


def test_values_that_are_not_finite_cost_a_client_its_part_and_never_the_round() -> None:
    for rule in (MeanRule(), KrumRule()):
        found = outcome(AggregationPolicy(faulty=2, rule=rule, pre_aggregators=()), NotFiniteValue())
        assert found.skipped_rounds == 0
        assert found.accuracy > 0.6


def test_centred_clipping_starts_from_the_last_aggregate() -> None:
    """With the attackers at 0 and a tiny radius, each step moves from where the last round ended."""
    tiny = AggregationPolicy(faulty=2, rule=CenteredClippingRule(radius=1e-6, iterations=1), pre_aggregators=())
    assert outcome(tiny, None) != outcome(PLAIN_MEAN, None)
    moved = list[float]()

    @dataclass(frozen=True)
    class Watching(Attack):
        def forge(self, honest: Array, count: int, situation: Situation) -> Array:
            assert situation.aggregate is not None
            sent = np.repeat(honest[:1], count, axis=0)
            moved.append(float(np.linalg.norm(situation.aggregate(np.concatenate([sent, honest])))))
            return sent

    outcome(tiny, Watching())
    assert all(after > before for before, after in pairwise(moved))


@pytest.mark.parametrize("name", ATTACKS)
def test_equal_federations_come_to_equal_outcomes(name: str) -> None:
    policy = AggregationPolicy(faulty=2)
    assert outcome(policy, ATTACKS[name]()) == outcome(policy, ATTACKS[name]())


def test_a_training_pauses_in_every_round() -> None:
    assert sum(1 for _ in simulate(DEALT, PLAIN_MEAN, Mimic(), SHORT)) >= SHORT.rounds
