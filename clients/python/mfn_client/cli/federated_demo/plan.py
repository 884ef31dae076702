"""What the demo was asked for, and the policy, the experiment and the attack that follow from it."""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from typing import Any

from mfn_client.cli.failures import UsageError
from mfn_client.cli.federated_demo.lab import Lab

DEFAULT_RULE = "trimmed_mean"
NO_ATTACK = "none"


@dataclass(frozen=True)
class Plan:
    """One demo. rule: None for the federations' default, or for its rule behind other steps. attack: "none" for none.

    seed: decides who holds which digits.
    """

    participants: int = 20
    attackers: int = 4
    rounds: int = 20
    rule: str | None = None
    pre: tuple[str, ...] = ()
    attack: str = "scaled"
    seed: int = 0

    @property
    def liars(self) -> tuple[str, ...]:
        """The names of the attackers; they sort before those of the honest."""
        return tuple(f"attacker-{place:03d}" for place in range(1, self.attackers + 1))

    @property
    def honest(self) -> tuple[str, ...]:
        """The names of all others."""
        return tuple(f"honest-{place:03d}" for place in range(self.attackers + 1, self.participants + 1))

    @property
    def names(self) -> tuple[str, ...]:
        """Everybody, in the order of the shards."""
        return self.liars + self.honest


def experiment_of(lab: Lab, plan: Plan) -> Any:
    """The simulator's settings.

    Raises:
        UsageError: a number is out of range.
    """
    experiment = lab.robustness.Experiment(clients=plan.participants, attackers=plan.attackers, rounds=plan.rounds)
    if faults := experiment.violations():
        words = {"clients": "participants"}
        told = (f"--{words.get(fault.field, fault.field)} {fault.description}" for fault in faults)
        raise UsageError("; ".join(told))
    return experiment


def policy_of(lab: Lab, plan: Plan) -> Any:
    """The rule with its steps, told how many attack.

    Raises:
        UsageError: there is no such rule or step, or the rule needs more participants.
    """
    default = lab.aggregation.AggregationPolicy(faulty=plan.attackers)
    if plan.rule is None and not plan.pre:
        policy = default
    else:
        rule = _made("--rule", plan.rule or DEFAULT_RULE, lab.aggregation.RULES)
        steps = tuple(_made("--pre", word, lab.aggregation.PRE_AGGREGATORS) for word in plan.pre)
        policy = replace(default, rule=rule, pre_aggregators=steps)
    needed = policy.needed(plan.attackers)
    if needed > plan.participants:
        raise UsageError(f"this rule needs {needed} participants against {plan.attackers} attackers")
    return policy


def attack_of(lab: Lab, word: str) -> Any:
    """An attack with its defaults; None for "none".

    Raises:
        UsageError: there is no such attack.
    """
    return None if word == NO_ATTACK else _made("--attack", word, lab.attacks.ATTACKS, extra=(NO_ATTACK,))


def _made(option: str, word: str, known: Mapping[str, type], extra: Iterable[str] = ()) -> Any:
    """The object of a word, of those that need no more said than the word."""
    plain = {name: kind for name, kind in known.items() if not any(_must_be_given(each) for each in fields(kind))}
    if word not in plain:
        raise UsageError(f"{option} is {word!r}, must be one of {', '.join([*extra, *plain])}")
    return plain[word]()


def _must_be_given(field: Any) -> bool:
    return field.default is MISSING and field.default_factory is MISSING
