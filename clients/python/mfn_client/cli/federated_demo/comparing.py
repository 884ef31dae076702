"""Every rule against every attack, in the simulator."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mfn_client.cli.failures import UsageError
from mfn_client.cli.federated_demo.lab import Lab, digits, finish
from mfn_client.cli.federated_demo.plan import Plan, experiment_of


@dataclass(frozen=True)
class Mean:
    """A mean over seeds and half the width of its 95 % confidence interval, None for a single seed."""

    mean: float
    half_width: float | None


@dataclass(frozen=True)
class Cell:
    """One rule against one attack. loss: clean accuracy minus this one, by seed; skipped_rounds: over all seeds."""

    rule: str
    attack: str
    accuracy: Mean
    loss: Mean
    skipped_rounds: int


@dataclass(frozen=True)
class Comparison:
    """All cells, by rule, then by attack. clean: the plain mean over all participants while nobody attacks."""

    participants: int
    attackers: int
    rounds: int
    seeds: tuple[int, ...]
    clean: Mean
    rules: tuple[str, ...]
    attacks: tuple[str, ...]
    cells: tuple[Cell, ...]

    def cell(self, rule: str, attack: str) -> Cell:
        """That of a rule and an attack."""
        return next(each for each in self.cells if (each.rule, each.attack) == (rule, attack))


@dataclass(frozen=True)
class Choice:
    """What to compare: rules and attacks by name, None for all, and how many seeds from the plan's on."""

    rules: tuple[str, ...] | None
    attacks: tuple[str, ...] | None
    seeds: int


def compare(lab: Lab, plan: Plan, choice: Choice, begin: Callable[[str], object]) -> Comparison:
    """Simulate; `begin` gets the name of each rule before its turn.

    Raises:
        UsageError: there is no such rule or attack, or a number is out of range.
    """
    experiment, robustness = experiment_of(lab, plan), lab.robustness
    rules = _chosen("--rules", choice.rules, robustness.default_rules())
    attacks = _chosen("--attacks", choice.attacks, robustness.default_attacks())
    seeds = tuple(range(plan.seed, plan.seed + choice.seeds))
    features, labels = digits()
    tables = []
    for name, policy in rules.items():
        begin(name)
        told = {name: replace(policy, faulty=plan.attackers)}
        pieces = robustness.compare(features, labels, rules=told, attacks=attacks, seeds=seeds, experiment=experiment)
        tables.append(finish(pieces))
    return Comparison(
        participants=plan.participants,
        attackers=plan.attackers,
        rounds=plan.rounds,
        seeds=seeds,
        clean=_mean(robustness.Interval.of(tables[0].clean)),
        rules=tuple(rules),
        attacks=tuple(attacks),
        cells=tuple(_cell(row) for each in tables for row in each.rows),
    )


def _chosen(option: str, words: Sequence[str] | None, known: Mapping[str, Any]) -> Mapping[str, Any]:
    if words is None:
        return known
    if strange := [word for word in words if word not in known]:
        raise UsageError(f"{option} names {strange[0]!r}, must be of {', '.join(known)}")
    return {word: known[word] for word in words}


def _cell(row: Any) -> Cell:
    return Cell(row.rule, row.attack, _mean(row.accuracy), _mean(row.loss), sum(row.skipped_rounds))


def _mean(interval: Any) -> Mean:
    known = interval.half_width == interval.half_width  # NaN for a single seed
    return Mean(float(interval.mean), float(interval.half_width) if known else None)
