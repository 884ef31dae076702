"""What the demo can be asked for, and what it needs."""

import sys

import pytest

from mfn_client.cli.federated_demo import lab as lab_module
from mfn_client.cli.federated_demo.lab import Lab
from mfn_client.cli.federated_demo.plan import Plan, attack_of, policy_of
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
    assert done.stderr == "Error: There is no simulator of federations here: install mfn-grpc[demo].\n"


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
