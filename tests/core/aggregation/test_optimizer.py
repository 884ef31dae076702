import numpy as np
import pytest

from mfn_grpc.core.aggregation import ServerOptimizer
from mfn_grpc.core.limits import violations_of
from tests.core.aggregation.cases import normal


def test_the_default_adds_the_aggregate_as_it_is() -> None:
    model, aggregate = normal(2, 5)
    moved, velocity = ServerOptimizer().apply(model, aggregate, None)
    assert moved.tolist() == (model + aggregate).tolist()
    assert velocity.tolist() == aggregate.tolist()


def test_steps_with_momentum_add_up_as_the_recursion_says() -> None:
    optimizer, model, velocity = ServerOptimizer(0.5, 0.9), np.zeros(1), None
    for _ in range(3):
        model, velocity = optimizer.apply(model, np.ones(1), velocity)
    # Velocities 1, 1.9, 2.71.
    assert model[0] == pytest.approx(0.5 * (1 + 1.9 + 2.71), rel=1e-15)


def test_blocks_give_what_the_whole_gives() -> None:
    model, aggregate, velocity = normal(3, 100)
    optimizer = ServerOptimizer(0.1, 0.5)
    whole = optimizer.apply(model, aggregate, velocity)
    parts = [optimizer.apply(model[s], aggregate[s], velocity[s]) for s in (slice(0, 33), slice(33, 100))]
    for k in range(2):
        assert np.concatenate([part[k] for part in parts]).tolist() == whole[k].tolist()


def test_its_ranges() -> None:
    assert [v.field for v in violations_of(ServerOptimizer(0.0, 1.0))] == ["learning_rate", "momentum"]
    assert violations_of(ServerOptimizer(10.0, 0.9999)) == []
