"""Every rule against every attack, beside the same training without attackers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from mfn_grpc.core.aggregation import RULES, AggregationPolicy, HierarchicalKrumRule, MeanRule
from mfn_grpc.core.attacks import ATTACKS, LabelFlip
from mfn_grpc.core.attacks.base import parameter_violations
from mfn_grpc.core.limits import Violation, refuse
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.robustness.settings import Experiment
from mfn_grpc.core.robustness.shards import Federation, federation
from mfn_grpc.core.robustness.simulation import AnyAttack, Outcome, simulate

NO_ATTACK = "none"
"""Name of the attack that is none: the rule over all clients, all honest."""
CONFIDENCE = 0.95
SEEDS = tuple(range(10))
PLAIN_MEAN = AggregationPolicy(rule=MeanRule(), pre_aggregators=())


def default_rules() -> dict[str, AggregationPolicy]:
    """The policy that federations have by default, and every rule by itself.

    Hierarchical Krum runs below what it needs: 20 clients are too few for its f of 4.
    """
    alone = {
        name: AggregationPolicy(rule=rule(), pre_aggregators=(), ignore_precondition=rule is HierarchicalKrumRule)
        for name, rule in RULES.items()
    }
    return {"default": AggregationPolicy()} | alone


def default_attacks() -> dict[str, AnyAttack | None]:
    """No attack, and every attack with its defaults."""
    return {NO_ATTACK: None} | {name: attack() for name, attack in ATTACKS.items()}


@dataclass(frozen=True)
class Interval:
    """A mean over seeds and half the width of its 95 % confidence interval: Student's t, NaN for a single seed."""

    mean: float
    half_width: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Interval":
        """From one value a seed, taken to be normal around the mean."""
        count, array = len(values), np.array(values)
        if count < 2:
            return cls(float(array.mean()), float("nan"))
        quantile = float(stdtrit(count - 1, 0.5 + CONFIDENCE / 2))
        return cls(float(array.mean()), float(quantile * array.std(ddof=1) / np.sqrt(count)))


@dataclass(frozen=True)
class Row:
    """One rule against one attack. accuracies: on test samples, 0 to 1, by seed. clean: the same without attackers.

    skipped_rounds: without an aggregate, by seed.
    """

    rule: str
    attack: str
    accuracies: tuple[float, ...]
    clean: tuple[float, ...]
    skipped_rounds: tuple[int, ...]

    @property
    def accuracy(self) -> Interval:
        """Over the seeds."""
        return Interval.of(self.accuracies)

    @property
    def loss(self) -> Interval:
        """Clean accuracy minus this one, seed by seed: 0.02 is two percentage points."""
        return Interval.of([clean - found for clean, found in zip(self.clean, self.accuracies, strict=True)])


@dataclass(frozen=True)
class Table:
    """Rows by rule, then by attack. clean: accuracy by seed of the plain mean over all clients, nobody attacking."""

    experiment: Experiment
    seeds: tuple[int, ...]
    clean: tuple[float, ...]
    rows: tuple[Row, ...]

    def row(self, rule: str, attack: str) -> Row:
        """The row of a rule and an attack; KeyError where there is none."""
        return {(row.rule, row.attack): row for row in self.rows}[rule, attack]

    def worst(self, rule: str) -> Row:
        """The attack that costs a rule most on average."""
        return max((row for row in self.rows if row.rule == rule), key=lambda row: row.loss.mean)


def compare(
    features: ArrayLike,
    labels: ArrayLike,
    *,
    rules: Mapping[str, AggregationPolicy] | None = None,
    attacks: Mapping[str, AnyAttack | None] | None = None,
    seeds: Sequence[int] = SEEDS,
    experiment: Experiment | None = None,
) -> Pieces[Table]:
    """The table of all rules and attacks given, by default default_rules() and default_attacks().

    features: [samples, p]. labels: whole numbers 0 to classes - 1. A seed decides who holds which samples and which
    test the model; attackers hold theirs back, while clean trains on all. Raises InvalidInput naming every fault.
    """
    policies = default_rules() if rules is None else dict(rules)
    tried = default_attacks() if attacks is None else dict(attacks)
    fixed = experiment or Experiment()
    refuse(_violations(policies, tried, seeds))
    federations = list[Federation]()
    for seed in seeds:
        federations.append(federation(features, labels, fixed, seed))
        yield
    clean = yield from _over_seeds(federations, PLAIN_MEAN, None, fixed)
    rows = []
    for rule, policy in policies.items():
        for name, attack in tried.items():
            outcomes = yield from _over_seeds(federations, policy, attack, fixed)
            rows.append(Row(rule, name, _accuracies(outcomes), _accuracies(clean), _skipped(outcomes)))
    return Table(fixed, tuple(seeds), _accuracies(clean), tuple(rows))


def _over_seeds(
    federations: Sequence[Federation], policy: AggregationPolicy, attack: AnyAttack | None, experiment: Experiment
) -> Pieces[list[Outcome]]:
    outcomes = list[Outcome]()
    for held in federations:
        outcome = yield from simulate(held, policy, attack, experiment)
        outcomes.append(outcome)
    return outcomes


def _accuracies(outcomes: Sequence[Outcome]) -> tuple[float, ...]:
    return tuple(outcome.accuracy for outcome in outcomes)


def _skipped(outcomes: Sequence[Outcome]) -> tuple[int, ...]:
    return tuple(outcome.skipped_rounds for outcome in outcomes)


def _violations(
    policies: Mapping[str, AggregationPolicy], attacks: Mapping[str, AnyAttack | None], seeds: Sequence[int]
) -> list[Violation]:
    faults = [fault.under(f"rules[{name}]") for name, policy in policies.items() for fault in policy.violations()]
    for name, attack in attacks.items():
        if attack is not None and not isinstance(attack, LabelFlip):
            faults += (fault.under(f"attacks[{name}]") for fault in parameter_violations(attack))
    named: dict[str, Sequence[int] | Mapping[str, object]] = {"rules": policies, "attacks": attacks, "seeds": seeds}
    faults += (Violation(name, "", "is empty, must hold one at least") for name, held in named.items() if not held)
    return faults
