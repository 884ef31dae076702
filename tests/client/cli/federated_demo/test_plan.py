"""What the demo can be asked for, and what it needs."""

import sys
from typing import Any

import pytest

from mfn_client.cli.demo_runs import FEDERATED
from mfn_client.cli.federated_demo import lab as lab_module
from mfn_client.cli.federated_demo.lab import Lab, digits, finish
from mfn_client.cli.federated_demo.plan import Plan, attack_of, experiment_of, policy_of
from tests.client.cli.installing import entry_points
from tests.client.cli.running import mfn


def test_without_a_word_the_policy_is_the_default_told_how_many_attack(lab: Lab) -> None:
    assert policy_of(lab, Plan()) == lab.aggregation.AggregationPolicy(faulty=4)


def test_a_rule_stands_alone_unless_steps_are_named(lab: Lab) -> None:
    alone = policy_of(lab, Plan(rule="krum"))
    assert (alone.rule, alone.pre_aggregators) == (lab.aggregation.KrumRule(), ())
    behind = policy_of(lab, Plan(pre=("nearest_neighbor_mixing", "adaptive_clipping")))
    steps = (lab.aggregation.NearestNeighborMixing(), lab.aggregation.AdaptiveClipping())
    assert (behind.rule, behind.pre_aggregators) == (lab.aggregation.TrimmedMeanRule(), steps)


def test_every_attack_of_the_registry_has_its_word(lab: Lab) -> None:
    assert all(isinstance(attack_of(lab, word), kind) for word, kind in lab.attacks.ATTACKS.items())
    assert attack_of(lab, "none") is None


@pytest.mark.parametrize("plan", [Plan(), FEDERATED])
def test_what_is_shown_by_default_breaks_the_mean_and_not_the_default_rule(lab: Lab, plan: Plan) -> None:
    held = lab.robustness.federation(*digits(), experiment_of(lab, plan), plan.seed)

    def accuracy(policy: Any) -> float:
        pieces = lab.robustness.simulate(held, policy, attack_of(lab, plan.attack), experiment_of(lab, plan))
        return float(finish(pieces).accuracy)

    assert plan.attackers == plan.participants // 5
    assert accuracy(lab.robustness.PLAIN_MEAN) < 0.2
    assert accuracy(policy_of(lab, plan)) > 0.9


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--rule", "krumm"), "--rule is 'krumm', must be one of mean, weighted_mean, "),
        (("--pre", "static_clipping"), "--pre is 'static_clipping', must be one of nearest_neighbor_mixing, "),
        (("--attack", "lie"), "--attack is 'lie', must be one of none, sign_flip, "),
        (("--participants", 0), "--participants is 0, "),
        (("--rounds", 0), "--rounds is 0, "),
        (("--attackers", 20), "--attackers is 20, must leave honest ones"),
        (("--rule", "bulyan", "--participants", 10), "this rule needs 19 participants against 4 attackers"),
        (("--seed", -1), "--seed"),
    ],
)
def test_a_demo_that_cannot_be_is_bad_usage(installed: None, options: tuple[object, ...], sentence: str) -> None:
    done = mfn("federated-demo", *options)
    assert done.exit_code == 2
    assert sentence in " ".join(done.stderr.split())


def test_without_a_simulator_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab_module, "entry_points", lambda **_: [])
    done = mfn("federated-demo")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "There is no simulator of federations here: install mfn-grpc[demo]. " in done.stderr
    assert "run `pip install -e '.[demo]'` there again" in done.stderr


def test_a_simulator_that_cannot_be_loaded_names_the_extra_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab_module, "entry_points", entry_points)
    monkeypatch.setitem(sys.modules, "mfn_grpc.core.robustness", None)
    done = mfn("federated-demo")
    assert done.exit_code == 2
    assert "install mfn-grpc[demo]. (import of mfn_grpc.core.robustness halted" in done.stderr


def test_without_scikit_learn_the_extra_is_named(installed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    done = mfn("federated-demo")
    assert done.exit_code == 2
    assert "The digits come with scikit-learn, which is missing: install mfn-grpc[demo]." in done.stderr
