import dataclasses
import math
from itertools import islice
from typing import Any

import numpy as np
import pytest

from mfn_grpc.core.features import FEATURE_NAMES
from mfn_grpc.core.learning import TrainingMetrics, training_cycle
from mfn_grpc.core.learning.cycle import RECIPE, potassium_potential_mv
from mfn_grpc.core.learning.fields import (
    field_seeds,
    is_test,
    simulate_samples,
)
from mfn_grpc.core.learning.fitting import fit
from mfn_grpc.core.limits import InvalidInput
from mfn_grpc.core.pieces import finish
from mfn_grpc.core.randomness import Stream, generator
from mfn_grpc.v1 import validation_pb2

LEARNT = 0.2


@pytest.fixture(scope="module")
def metrics() -> TrainingMetrics:
    return finish(training_cycle(0))


@pytest.mark.parametrize("seed", [0, 1, 2**63 - 1])
def test_the_features_teach_and_shuffled_targets_do_not(seed: int) -> None:
    found = finish(training_cycle(seed))
    assert found.gain >= LEARNT
    assert found.shuffled_gain < LEARNT
    assert found.loss_drop == found.loss_start - found.loss_final > 0


def test_the_same_field_on_both_sides_makes_shuffled_targets_learnable() -> None:
    """The wrong recipe: each field is looked at twice, and looks are split instead of fields."""
    samples = finish(simulate_samples(field_seeds(0)))
    dealt = generator(0, Stream.DEALT_TARGETS).permutation(samples.targets)
    inputs, targets, seeds = (np.repeat(part, 2, axis=0) for part in (samples.inputs, dealt, samples.seeds))
    by_look = np.arange(len(seeds)) % 2 == 0

    wrong = finish(fit(inputs, targets, by_look, generator(0, Stream.WEIGHTS), RECIPE))
    right = finish(fit(inputs, targets, is_test(seeds), generator(0, Stream.WEIGHTS), RECIPE))

    assert wrong.gain >= LEARNT
    assert right.gain < LEARNT


def test_a_cycle_is_the_same_to_the_bit_for_one_seed_and_another_for_another(metrics: TrainingMetrics) -> None:
    assert repr(finish(training_cycle(0))) == repr(metrics)
    assert finish(training_cycle(1)).loss_final != metrics.loss_final


def test_potentials_keep_to_the_bounds_of_the_model(metrics: TrainingMetrics) -> None:
    samples = finish(simulate_samples(field_seeds(0)))
    assert -95 <= metrics.pot_min_mv < metrics.pot_max_mv <= 40
    assert metrics.pot_min_mv == np.nanmin(samples.inputs[:, FEATURE_NAMES.index("v_min")])
    assert metrics.pot_max_mv == np.nanmax(samples.inputs[:, FEATURE_NAMES.index("v_max")])
    assert samples.last_potential_mv.min() >= metrics.pot_min_mv


def test_the_field_is_measured_as_a_field(metrics: TrainingMetrics) -> None:
    assert math.isnan(metrics.fractal_dimension) or 0 <= metrics.fractal_dimension <= 2
    # The activator's pair leaves its unstable steady state slowly; the potential alone contracts.
    assert 0 < metrics.lyapunov_exponent < 0.05
    assert metrics.growth_events > 0


def test_potassium_has_the_potential_of_the_textbook_from_both_sources(metrics: TrainingMetrics) -> None:
    assert metrics.nernst_symbolic_mv == potassium_potential_mv()
    # Hille 2001 gives two decimals.
    assert metrics.nernst_symbolic_mv == pytest.approx(-89.06, abs=0.005)
    # R and F stand in the engine with 15 digits and are divided: a few units of the last place.
    assert metrics.nernst_numeric_mv == pytest.approx(metrics.nernst_symbolic_mv, rel=1e-14)


def test_the_symbolic_potential_takes_nothing_from_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mfn_grpc.core.electrochemistry.nernst.MV_PER_KELVIN", 8.0)
    monkeypatch.setattr("mfn_grpc.core.constants.GAS_CONSTANT_J_PER_MOL_K", 8.0)
    assert potassium_potential_mv() == pytest.approx(-89.06, abs=0.005)


def test_the_metrics_carry_every_field_of_the_protocol() -> None:
    wanted = {field.name for field in validation_pb2.TrainingMetrics.DESCRIPTOR.fields}
    assert wanted <= {field.name for field in dataclasses.fields(TrainingMetrics)}


@pytest.mark.parametrize("seed", [-1, 2**63, math.nan, 1.5, 3.0])
def test_a_seed_out_of_range_or_with_a_fraction_is_refused(seed: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        finish(training_cycle(seed))
    assert [violation.field for violation in caught.value.violations] == ["seed"]


def test_a_cycle_is_cut_into_many_pieces() -> None:
    assert sum(1 for _ in islice(training_cycle(0), 100)) == 100
