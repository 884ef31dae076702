import numpy as np
import pytest

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.robustness import LocalTraining, Shard, accuracy, initial_model, local_update
from mfn_grpc.core.robustness.softmax_regression import cohort, local_updates

CLASSES, INPUTS = 4, 3
RNG = np.random.default_rng(6)
MODEL = RNG.normal(size=(INPUTS, CLASSES))


def shard(labels: list[int]) -> Shard:
    return Shard(RNG.normal(size=(len(labels), INPUTS)), np.array(labels))


MANY = [shard([0, 1, 1, 3, 2]), shard([2, 2, 0]), shard([3]), shard([1, 0, 0, 0, 0, 0, 3])]


def loss(model: Array, held: Shard, power: float) -> float:
    """Cross-entropy, sample by sample, over the classes that the holder has, odds times its class shares to a power."""
    counts = np.bincount(held.labels, minlength=CLASSES)
    total = 0.0
    for x, y in zip(held.inputs, held.labels, strict=True):
        odds = {c: np.exp(x @ model[:, c]) * (counts[c] / len(held.labels)) ** power for c in np.flatnonzero(counts)}
        total -= np.log(odds[y] / sum(odds.values()))
    return total / len(held.labels)


def descended(held: Shard, local: LocalTraining) -> Array:
    """The update by central differences of the loss."""
    model, step = MODEL.copy(), 1e-6
    for _ in range(local.steps):
        slope = np.empty_like(model)
        for place in np.ndindex(model.shape):
            shift = np.zeros_like(model)
            shift[place] = step
            rise = loss(model + shift, held, local.prior_strength) - loss(model - shift, held, local.prior_strength)
            slope[place] = rise / (2 * step)
        model = model - local.learning_rate * slope
    return model - MODEL


@pytest.mark.parametrize("power", [0.0, 0.8, 1.0])
@pytest.mark.parametrize("held", MANY, ids=lambda held: str(held.labels))
def test_an_update_is_gradient_descent_on_the_clients_own_loss(held: Shard, power: float) -> None:
    local = LocalTraining(steps=3, learning_rate=0.7, prior_strength=power)
    # Central differences of a step of 1e-6 err by 1e-10, three times over.
    assert local_update(MODEL, held, local) == pytest.approx(descended(held, local), abs=1e-8)


def test_clients_side_by_side_train_as_each_by_itself() -> None:
    local = LocalTraining(steps=5)
    together = local_updates(MODEL, cohort(MANY, CLASSES, local), local)
    alone = [local_update(MODEL, held, local).ravel() for held in MANY]
    # The same products, of matrices of the same shapes.
    assert together == pytest.approx(np.array(alone), abs=1e-14)


def test_classes_that_a_client_does_not_have_keep_their_weights() -> None:
    update = local_update(MODEL, MANY[1], LocalTraining())
    assert np.array_equal(update[:, [1, 3]], np.zeros((INPUTS, 2)))
    assert update[:, [0, 2]].all()


def test_a_client_of_one_class_has_nothing_to_tell() -> None:
    assert not local_update(MODEL, MANY[2], LocalTraining()).any()


def test_training_leaves_the_model_it_was_given_alone() -> None:
    before = MODEL.copy()
    local_update(MODEL, MANY[0], LocalTraining())
    assert np.array_equal(MODEL, before)


def test_with_their_own_shares_in_the_odds_clients_agree_on_the_best_model_where_only_the_shares_differ() -> None:
    """Two clients draw from the same two densities in shares of 10 : 1 and 1 : 10."""
    steps, sizes = LocalTraining(400, 2.0, 1.0), (4000, 400)

    def trained(counts: tuple[int, int], prior_strength: float) -> Array:
        rng = np.random.default_rng(0)
        inputs = np.concatenate([rng.normal(-0.5, 1, counts[0]), rng.normal(0.5, 1, counts[1])])
        held = Shard(np.column_stack([inputs, np.ones(len(inputs))]), np.repeat([0, 1], counts))
        local = LocalTraining(steps.steps, steps.learning_rate, prior_strength)
        return local_update(initial_model(2, 2), held, local)

    def gap(prior_strength: float) -> float:
        return float(np.abs(trained(sizes, prior_strength) - trained(sizes[::-1], prior_strength)).max())

    # Without them the offsets differ by the logarithm of the shares' ratio: ln 10 in each of two classes.
    assert gap(0.0) > 2.0
    # Sampling error of a logistic fit to 400 samples of the rarer class is about 0.1 in each offset.
    assert gap(1.0) < 0.3


def test_accuracy_is_the_share_of_labels_with_the_largest_logit() -> None:
    model = np.eye(2)
    held = Shard(np.array([[2.0, 1.0], [0.0, 1.0], [3.0, 4.0], [1.0, 0.0]]), np.array([0, 1, 0, 0]))
    assert accuracy(model, held) == 0.75
