"""Every rule against every attack, as the command prints it."""

import json
from typing import Any

import pytest

from mfn_client.cli.federated_demo import comparing
from mfn_client.cli.federated_demo.lab import Lab, digits, finish
from mfn_client.cli.federated_demo.plan import Plan
from tests.client.cli.running import mfn

TINY = ("--participants", 6, "--attackers", 1, "--rounds", 2)
COMPARE = ("federated-demo", "--compare", *TINY, "--rules", "default,mean", "--attacks", "none,scaled")


def test_the_numbers_are_those_of_the_simulator(lab: Lab) -> None:
    done = mfn(*COMPARE, "--seeds", 2, "--seed", 5, "--json")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    robustness = lab.robustness
    expected = finish(
        robustness.compare(
            *digits(),
            rules={"mean": robustness.PLAIN_MEAN},
            attacks={"scaled": lab.attacks.Scaled()},
            seeds=(5, 6),
            experiment=robustness.Experiment(clients=6, attackers=1, rounds=2),
        )
    ).row("mean", "scaled")
    cells = {(each["rule"], each["attack"]): each for each in found["cells"]}
    assert list(cells) == [("default", "none"), ("default", "scaled"), ("mean", "none"), ("mean", "scaled")]
    assert cells["mean", "scaled"]["accuracy"] == {
        "mean": expected.accuracy.mean,
        "half_width": expected.accuracy.half_width,
    }
    assert cells["mean", "scaled"]["loss"]["mean"] == expected.loss.mean
    assert cells["mean", "none"]["accuracy"] == found["clean"]
    assert found["seeds"] == [5, 6]


def test_the_rules_are_told_how_many_attack(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []

    def compare(*_: object, rules: dict[str, object], **more: object) -> object:
        told.extend(rules.values())
        return original(*_, rules=rules, **more)

    original = lab.robustness.compare
    monkeypatch.setattr(lab.robustness, "compare", compare)
    plan = Plan(participants=6, attackers=2, rounds=1)
    comparing.compare(lab, plan, comparing.Choice(("default",), ("none",), 1), lambda rule: None)
    assert [policy.faulty for policy in told] == [2]


def test_as_markdown_the_table_has_a_row_a_rule_and_a_column_an_attack(installed: None) -> None:
    done = mfn(*COMPARE, "--seeds", 2, "--markdown")
    title, empty, head, line, first, second = done.stdout.splitlines()
    assert "6 participants, 1 of them attacking, 2 rounds" in title
    assert "over 2 seeds" in title
    assert empty == ""
    assert (head, line) == ("| rule | none | scaled |", "| --- | ---: | ---: |")
    assert first.startswith("| default | ")
    assert second.startswith("| mean | ")
    assert all(row.count(" ± ") == 2 for row in (first, second))


def test_a_single_seed_has_no_interval(installed: None) -> None:
    done = mfn(*COMPARE, "--seeds", 1)
    assert done.exit_code == 0
    assert "±" not in done.stdout.splitlines()[-2]
    assert "Accuracy in %" in done.stdout
    spread = json.loads(mfn(*COMPARE, "--seeds", 1, "--json").stdout)["clean"]["half_width"]
    assert spread is None


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--compare", "--rules", "krumm"), "--rules names 'krumm', must be of default, "),
        (("--compare", "--attacks", "none,lie"), "--attacks names 'lie', must be of none, "),
        (("--compare", "--rule", "krum"), "with --compare, say --rules and --attacks"),
        (("--compare", "--attackers", 20), "--attackers is 20, must leave honest ones among 20"),
        (("--compare", "--seeds", 0), "--seeds"),
        (("--seeds", 3), "go with --compare"),
        (("--rules", "krum"), "go with --compare"),
        (("--markdown",), "go with --compare"),
    ],
)
def test_what_cannot_be_compared_is_bad_usage(installed: None, options: tuple[object, ...], sentence: str) -> None:
    done = mfn("federated-demo", *options)
    assert done.exit_code == 2
    assert sentence in " ".join(done.stderr.split())
