from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.limits import InvalidInput
from mfn_grpc.core.robustness import Experiment, LocalTraining, PreparationOptions, federation

RNG = np.random.default_rng(8)
FEATURES, LABELS = RNG.normal(size=(400, 5)), np.arange(400) % 4
SMALL = Experiment(clients=6, attackers=1)


def test_every_sample_is_tested_on_or_held_by_one_client() -> None:
    dealt = federation(FEATURES, LABELS, SMALL, seed=0)
    sizes = [len(shard.labels) for shard in dealt.shards]
    assert len(dealt.test.labels) == 80
    assert sum(sizes) == 320
    counts = sum(np.bincount(shard.labels, minlength=4) for shard in (*dealt.shards, dealt.test))
    assert np.array_equal(counts, [100] * 4)
    assert dealt.classes == 4


def test_labels_stay_with_their_features() -> None:
    # A feature that is the label: after any linear map without products it still tells the classes apart.
    marked = LABELS[:, None] * np.ones((1, 2))
    dealt = federation(marked, LABELS, replace(SMALL, preparation=PreparationOptions(products=0)), seed=1)
    places = dict[int, list[Array]]()
    for shard in (*dealt.shards, dealt.test):
        for x, y in zip(shard.inputs, shard.labels, strict=True):
            places.setdefault(int(y), []).append(x)
    spread = [np.ptp(np.array(found), axis=0).max() for found in places.values()]
    assert max(spread) < 1e-9


def test_the_test_samples_have_no_part_in_the_preparation() -> None:
    dealt = federation(FEATURES, LABELS, SMALL, seed=2)
    held = np.concatenate([shard.inputs for shard in dealt.shards])
    assert held.mean(axis=0) == pytest.approx(np.zeros(held.shape[1]), abs=1e-12)
    assert np.mean(np.sum(held * held, axis=1)) == pytest.approx(1.0, rel=1e-12)
    assert np.abs(dealt.test.inputs.mean(axis=0)).max() > 1e-3


def test_the_seed_decides_who_tests_and_who_holds() -> None:
    one, again, other = (federation(FEATURES, LABELS, SMALL, seed) for seed in (0, 0, 1))
    assert np.array_equal(one.test.inputs, again.test.inputs)
    assert all(np.array_equal(a.inputs, b.inputs) for a, b in zip(one.shards, again.shards, strict=True))
    assert not np.array_equal(one.test.inputs, other.test.inputs)


@pytest.mark.parametrize(
    ("features", "labels", "field"),
    [
        (np.full((400, 5), np.nan), LABELS, "features"),
        (np.ones((400, 5)), LABELS, "features"),
        (np.ones(400), LABELS, "features"),
        (np.array([["a"] * 5] * 400), LABELS, "features"),
        (FEATURES, LABELS[:-1], "labels"),
        (FEATURES, LABELS * 1.0, "labels"),
        (FEATURES, LABELS - 1, "labels"),
        (FEATURES, np.where(LABELS == 2, 3, LABELS), "labels"),
    ],
)
def test_samples_that_cannot_be_learnt_from_are_refused(features: Any, labels: Any, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        federation(features, labels, SMALL, seed=0)
    assert {fault.field for fault in refused.value.violations} == {field}


def test_every_fault_of_an_experiment_is_named_in_its_place() -> None:
    faulty = Experiment(
        clients=4,
        attackers=4,
        alpha=0.0,
        local=LocalTraining(steps=0),
        preparation=PreparationOptions(ridge=0.0),
    )
    with pytest.raises(InvalidInput) as refused:
        federation(FEATURES, LABELS, faulty, seed=-1)
    named = {fault.field for fault in refused.value.violations}
    assert named == {"alpha", "local.steps", "preparation.ridge", "attackers", "seed"}
