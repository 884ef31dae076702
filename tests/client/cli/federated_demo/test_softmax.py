"""The sample training beside the simulator's, and what an attacker's process sends."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mfn_client._federation_results import ModelRef
from mfn_client.cli.federated_demo import forged, softmax
from mfn_client.cli.federated_demo.forging import Forger
from mfn_client.cli.federated_demo.lab import Lab, digits
from mfn_client.federated import RoundConfig


@pytest.fixture
def held(lab: Lab) -> Any:
    return lab.robustness.federation(*digits(), lab.robustness.Experiment(clients=5, attackers=2), 0)


@pytest.fixture
def model(held: Any) -> Any:
    """Some weights."""
    return np.random.default_rng(1).normal(size=(held.test.inputs.shape[1], held.classes)) / 10


def config(round_number: int = 1, **values: Any) -> RoundConfig:
    return RoundConfig(values, round_number, ModelRef("uid", 0, b""), None)


def forger(lab: Lab, held: Any, attack: Any, folder: Path, **policy: Any) -> Forger:
    chosen = lab.aggregation.AggregationPolicy(**({"faulty": 2} | policy))
    return Forger(lab, held, attack, 2, chosen, lab.robustness.LocalTraining(), folder)


def test_the_sample_trains_as_the_simulator_does(
    lab: Lab, held: Any, model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = lab.robustness.LocalTraining()
    shard = min(held.shards, key=lambda each: len(np.unique(each.labels)))
    assert len(np.unique(shard.labels)) < 10
    np.savez(tmp_path / "mine.npz", inputs=shard.inputs, labels=shard.labels)
    monkeypatch.setenv(softmax.SAMPLES, str(tmp_path / "mine.npz"))
    settings = config(steps=local.steps, learning_rate=local.learning_rate, prior_strength=local.prior_strength)
    arrays, examples, metrics = softmax.fit({"weights": model}, settings)
    # The same formulas with sums in another order, over a dozen steps.
    expected = model + lab.robustness.local_update(model, shard, local)
    np.testing.assert_allclose(arrays["weights"], expected, rtol=0, atol=1e-10)
    assert examples == len(shard.labels)
    assert metrics["accuracy"] == lab.robustness.accuracy(arrays["weights"], shard)
    assert softmax.evaluate(arrays, settings) == (examples, metrics)


def test_each_attacker_sends_its_own_row_of_what_was_forged(
    lab: Lab, held: Any, model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attack = lab.attacks.Scaled()
    forger(lab, held, attack, tmp_path).forge(3, model, np.zeros_like(model))
    local = lab.robustness.LocalTraining()
    honest = np.stack([lab.robustness.local_update(model, each, local).ravel() for each in held.shards[2:]])
    monkeypatch.setenv(forged.FORGED, str(tmp_path))
    monkeypatch.setenv(forged.EXAMPLES, "17")
    for place in range(2):
        monkeypatch.setenv(forged.PLACE, str(place))
        arrays, examples, metrics = forged.fit({"weights": model}, config(3))
        # What is sent is model + update, which rounds.
        np.testing.assert_allclose((arrays["weights"] - model).ravel(), -10 * honest[place], rtol=0, atol=1e-13)
        assert (examples, metrics) == (17, {})
    assert [each.name for each in tmp_path.iterdir()] == ["round-3.npy"]


def test_flipped_labels_are_trained_on(lab: Lab, held: Any, model: Any, tmp_path: Path) -> None:
    forger(lab, held, lab.attacks.LabelFlip(), tmp_path).forge(1, model, np.zeros_like(model))
    shard = lab.robustness.Shard(held.shards[1].inputs, 9 - held.shards[1].labels)
    expected = lab.robustness.local_update(model, shard, lab.robustness.LocalTraining()).ravel()
    np.testing.assert_array_equal(np.load(tmp_path / "round-1.npy")[1], expected)


def test_without_an_attack_the_attackers_train_as_all_others_do(
    lab: Lab, held: Any, model: Any, tmp_path: Path
) -> None:
    forger(lab, held, None, tmp_path).forge(1, model, np.zeros_like(model))
    expected = lab.robustness.local_update(model, held.shards[0], lab.robustness.LocalTraining()).ravel()
    np.testing.assert_array_equal(np.load(tmp_path / "round-1.npy")[0], expected)


def test_an_optimised_attack_goes_farther_than_the_plain_one(lab: Lab, held: Any, model: Any, tmp_path: Path) -> None:
    local, aggregate_arrays = lab.robustness.LocalTraining(), lab.aggregation.aggregate_arrays
    honest = np.stack([lab.robustness.local_update(model, each, local).ravel() for each in held.shards[2:]])
    policy = lab.aggregation.AggregationPolicy(faulty=2)

    def damage(attack: Any) -> float:
        forger(lab, held, attack, tmp_path).forge(1, model, np.zeros_like(model))
        sent = np.concatenate([np.load(tmp_path / "round-1.npy"), honest])
        return float(np.linalg.norm(aggregate_arrays(sent, policy, round_number=1)[0] - honest.mean(axis=0)))

    assert damage(lab.attacks.OptimisedInnerProduct()) > damage(lab.attacks.InnerProductManipulation())


def test_a_rule_that_gives_no_aggregate_is_known_to_leave_the_model(
    lab: Lab, held: Any, model: Any, tmp_path: Path
) -> None:
    known = []

    def curious(honest: Any, count: int, situation: Any) -> Any:
        known.append(situation.aggregate(np.full((5, honest.shape[1]), np.nan)))
        return honest[:count]

    forger(lab, held, curious, tmp_path).forge(1, model, np.zeros_like(model))
    np.testing.assert_array_equal(known, np.zeros((1, model.size)))
