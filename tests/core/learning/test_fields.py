import numpy as np
import pytest
from scipy import stats

from mfn_grpc.core.features import FEATURE_NAMES, Thresholds, extract_features
from mfn_grpc.core.learning.fields import (
    ALPHA,
    COUPLING_MV,
    FIELDS,
    SPIKE_PROBABILITY,
    STEPS,
    draw,
    field_seeds,
    field_spec,
    is_test,
    simulate_samples,
)
from mfn_grpc.core.pieces import finish
from mfn_grpc.core.reaction_diffusion import Simulation, validate

LAST_SEED = 2**63 - 1
SEEDS = [0, 1, 7, 2**40, LAST_SEED]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_fields_of_a_cycle_have_seeds_of_their_own(seed: int) -> None:
    seeds = field_seeds(seed)
    assert len(np.unique(seeds)) == len(seeds) == FIELDS
    assert seeds.min() >= 0


def test_neighbouring_cycles_share_no_field() -> None:
    assert not set(field_seeds(4)) & set(field_seeds(5))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_third_of_the_fields_is_for_testing_and_none_of_them_for_training(seed: int) -> None:
    seeds = field_seeds(seed)
    test = is_test(seeds)
    # 192 seeds in a row hold 64 multiples of 3; where they wrap around 2^63, one more or less.
    assert abs(np.count_nonzero(test) - FIELDS // 3) <= 1
    assert not set(seeds[test]) & set(seeds[~test])


def test_the_side_of_a_field_follows_from_its_seed_alone() -> None:
    seeds = field_seeds(3)
    order = np.random.default_rng(0).permutation(FIELDS)
    assert np.array_equal(is_test(seeds[order]), is_test(seeds)[order])
    assert [bool(is_test(seeds[i : i + 1])[0]) for i in range(9)] == is_test(seeds)[:9].tolist()


def test_parameters_are_uniform_over_their_ranges_and_independent() -> None:
    models = [draw(seed) for seed in range(1000)]
    columns = np.array([(m.alpha, m.spike_probability, m.turing_coupling_mv) for m in models]).T
    for column, (low, high) in zip(columns, (ALPHA, SPIKE_PROBABILITY, COUPLING_MV), strict=True):
        # Fixed seeds: no chance in it. A wrong distribution of 1000 draws has p far below this.
        assert stats.kstest(column, stats.uniform(low, high - low).cdf).pvalue > 1e-3
    # Four standard errors of a correlation of 1000 pairs.
    assert np.abs(np.corrcoef(columns) - np.eye(3)).max() < 4 / np.sqrt(1000)


@pytest.mark.parametrize("seed", [0, 1, LAST_SEED])
def test_every_field_is_a_valid_run(seed: int) -> None:
    validate(field_spec(seed))
    simulation = Simulation(field_spec(seed))
    simulation.advance(STEPS)
    assert simulation.is_finite()


def test_a_sample_is_what_the_features_of_the_whole_history_say() -> None:
    seeds = np.array([11, 12])
    samples = finish(simulate_samples(seeds))
    for i, seed in enumerate(seeds.tolist()):
        simulation = Simulation(field_spec(seed))
        history = [simulation.state[0].copy()]
        for _ in range(STEPS):
            simulation.advance(1)
            history.append(simulation.state[0].copy())
        expected = finish(extract_features(np.array(history), Thresholds())).features.as_array()
        assert np.array_equal(samples.inputs[i], expected, equal_nan=True)
        assert samples.targets[i] == draw(seed).alpha
    assert np.array_equal(samples.last_potential_mv, history[-1])


def test_growth_events_are_counted_over_all_fields() -> None:
    one, other, both = (finish(simulate_samples(np.array(seeds))).growth_events for seeds in ([5], [6], [5, 6]))
    assert both == one + other
    # The expected number is probability x steps; four standard deviations of a binomial count.
    probability = draw(5).spike_probability
    assert one == pytest.approx(STEPS * probability, abs=4 * np.sqrt(STEPS * probability * (1 - probability)))


def test_no_single_feature_gives_the_answer_away() -> None:
    samples = finish(simulate_samples(field_seeds(1000)[:96]))
    for name, column in zip(FEATURE_NAMES, samples.inputs.T, strict=True):
        known = np.isfinite(column)
        if len(np.unique(column[known])) > 2:
            assert abs(stats.spearmanr(column[known], samples.targets[known]).statistic) < 0.95, name


def test_a_pause_follows_every_field() -> None:
    assert sum(1 for _ in simulate_samples(np.array([1, 2, 3]))) >= 3
