import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from mfn_grpc.core.aggregation import RULES, AggregationPolicy, BulyanRule, TrimmedMeanRule
from mfn_grpc.core.attacks import ATTACKS, Gaussian, LabelFlip, SignFlip
from mfn_grpc.core.limits import InvalidInput
from mfn_grpc.core.pieces import finish
from mfn_grpc.core.robustness import (
    NO_ATTACK,
    PLAIN_MEAN,
    Experiment,
    Interval,
    Row,
    compare,
    default_attacks,
    default_rules,
    federation,
    simulate,
)

RNG = np.random.default_rng(10)
LABELS = np.arange(400) % 4
FEATURES = RNG.normal(size=(400, 5)) + np.eye(4, 5)[LABELS]
SHORT = Experiment(clients=6, attackers=1, alpha=1.0, rounds=2)


def test_an_interval_is_students_around_the_mean() -> None:
    values = [0.91, 0.95, 0.93, 0.97]
    low, high = stats.t.interval(0.95, 3, loc=np.mean(values), scale=stats.sem(values))
    found = Interval.of(values)
    # Two implementations of one quantile.
    assert found.mean == pytest.approx((low + high) / 2, rel=1e-12)
    assert found.half_width == pytest.approx((high - low) / 2, rel=1e-9)


def test_one_seed_has_a_mean_and_no_interval() -> None:
    found = Interval.of([0.5])
    assert found.mean == 0.5
    assert math.isnan(found.half_width)


def test_a_loss_is_taken_seed_by_seed() -> None:
    row = Row("default", "none", accuracies=(0.9, 0.7), clean=(0.92, 0.72), skipped_rounds=(0, 0))
    assert row.loss.mean == pytest.approx(0.02, rel=1e-12)
    # Accuracies differ by 0.2 between the seeds, losses not at all.
    assert row.loss.half_width < 1e-14
    assert row.accuracy.half_width > 1.0


def test_the_table_holds_every_rule_under_every_attack_as_simulated() -> None:
    rules = {"mean": PLAIN_MEAN, "trimmed": AggregationPolicy(faulty=1, rule=TrimmedMeanRule(), pre_aggregators=())}
    attacks = {"none": None, "flip": SignFlip(), "labels": LabelFlip()}
    table = finish(compare(FEATURES, LABELS, rules=rules, attacks=attacks, seeds=(3, 5), experiment=SHORT))
    assert [(row.rule, row.attack) for row in table.rows] == [(rule, name) for rule in rules for name in attacks]
    for row in table.rows:
        for k, seed in enumerate((3, 5)):
            dealt = federation(FEATURES, LABELS, SHORT, seed)
            outcome = finish(simulate(dealt, rules[row.rule], attacks[row.attack], SHORT))
            clean = finish(simulate(dealt, PLAIN_MEAN, None, SHORT))
            assert (row.accuracies[k], row.skipped_rounds[k]) == (outcome.accuracy, outcome.skipped_rounds)
            assert row.clean[k] == table.clean[k] == clean.accuracy
    assert table.row("mean", "none").accuracies == table.clean
    assert table.worst("mean").loss.mean == max(row.loss.mean for row in table.rows if row.rule == "mean")


def test_a_row_says_how_many_rounds_were_skipped_by_seed() -> None:
    """Bulyan with f = 2 needs 11 of the 6 clients that there are: no round of the two has an aggregate."""
    rules = {"bulyan": AggregationPolicy(2, BulyanRule()), "mean": PLAIN_MEAN}
    table = finish(compare(FEATURES, LABELS, rules=rules, attacks={"none": None}, seeds=(3, 5), experiment=SHORT))
    assert table.row("bulyan", "none").skipped_rounds == (2, 2)
    assert table.row("mean", "none").skipped_rounds == (0, 0)


def test_the_defaults_are_the_default_policy_every_rule_and_every_attack() -> None:
    rules, attacks = default_rules(), default_attacks()
    assert list(rules) == ["default", *RULES]
    assert rules["default"] == AggregationPolicy()
    assert all(
        not policy.pre_aggregators and type(policy.rule) is RULES[name]
        for name, policy in rules.items()
        if name != "default"
    )
    assert [name for name, policy in rules.items() if policy.ignore_precondition] == ["hierarchical_krum"]
    assert list(attacks) == [NO_ATTACK, *ATTACKS]
    assert attacks[NO_ATTACK] is None


def test_every_default_rule_but_one_has_clients_enough_in_the_default_experiment() -> None:
    clients = Experiment().clients
    for name, policy in default_rules().items():
        assert policy.needed(policy.f(clients), clients) == clients, name


def test_every_fault_is_named_in_its_place() -> None:
    with pytest.raises(InvalidInput) as refused:
        finish(
            compare(
                FEATURES,
                LABELS,
                rules={"odd": AggregationPolicy(faulty=0.7)},
                attacks={"loud": Gaussian(scale=-1.0)},
                seeds=(),
            )
        )
    assert [fault.field for fault in refused.value.violations] == [
        "rules[odd].f_fraction",
        "attacks[loud].scale",
        "seeds",
    ]


@pytest.mark.parametrize("empty", ["rules", "attacks"])
def test_an_empty_table_is_refused(empty: str) -> None:
    given: dict[str, Any] = {empty: {}}
    with pytest.raises(InvalidInput, match="must hold one at least"):
        finish(compare(FEATURES, LABELS, **given))
