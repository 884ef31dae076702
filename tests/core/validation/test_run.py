"""The engine passes its checks, for more than one seed, and the same seed measures the same."""

import math

import pytest
from numba.core import event

from mfn_grpc.core import aggregation, dynamics, features, fractals, learning, reaction_diffusion
from mfn_grpc.core.learning import training_cycle
from mfn_grpc.core.pieces import finish
from mfn_grpc.core.validation import CheckSpec, Suite, checks_of, judge, run_check

each_check = pytest.mark.parametrize("check", checks_of(Suite.ALL), ids=lambda check: check.name)


@each_check
def test_the_engine_passes(check: CheckSpec) -> None:
    result = finish(run_check(check, seed=0))
    assert result.passed, result.detail
    assert result.detail == ""


@pytest.mark.parametrize("seed", [1, 2**63 - 1])
@pytest.mark.parametrize("check", checks_of(Suite.QUICK), ids=lambda check: check.name)
def test_the_quick_checks_pass_for_other_seeds_up_to_the_largest(check: CheckSpec, seed: int) -> None:
    result = finish(run_check(check, seed))
    assert result.passed, result.detail


RANDOM = (
    "conservation_gray_scott",
    "mycelium_jitter_spread",
    "noise_like_chance",
    "lag1_of_ar1",
    "krum_score_error",
    "training_gain",
)


@pytest.mark.parametrize("name", RANDOM)
def test_a_measured_value_follows_from_the_seed(name: str) -> None:
    (check,) = (check for check in checks_of(Suite.ALL) if check.name == name)
    first, again, other = (finish(run_check(check, seed)).measured for seed in (3, 3, 4))
    assert first == again
    assert math.isfinite(other)


def test_another_seed_is_another_measurement() -> None:
    values = []
    for name in RANDOM:
        (check,) = (check for check in checks_of(Suite.ALL) if check.name == name)
        values.append([finish(run_check(check, seed)).measured for seed in (3, 4)])
    # A count such as that of noisy fields may agree by chance.
    assert sum(one != other for one, other in values) >= len(RANDOM) - 1


def test_checks_of_the_training_cycle_say_the_same_of_a_cycle_that_was_run_elsewhere() -> None:
    checks = [check for check in checks_of(Suite.ALL) if check.of_training is not None]
    assert [check.name for check in checks] == ["training_gain", "training_gain_shuffled"]
    metrics = finish(training_cycle(5))
    for check in checks:
        assert check.of_training is not None
        measured = check.of_training(metrics)
        assert judge(check, measured) == finish(run_check(check, 5))


def test_no_check_compiles_anything_after_the_warm_up() -> None:
    """While health says SERVING nothing may compile."""
    for room in (reaction_diffusion, features, fractals, dynamics, aggregation, learning):
        room.warm_up()
    with event.install_recorder("numba:compile") as compiled:
        for check in checks_of(Suite.ALL):
            finish(run_check(check, seed=0))
    assert compiled.buffer == []


def test_a_long_check_pauses_many_times() -> None:
    """A server can interleave, cancel and expire it: a piece is meant to take less than 50 ms."""
    (check,) = (check for check in checks_of(Suite.ALL) if check.name == "pattern_wavelength_schnakenberg")
    # 7000 steps of 128 x 128 cells, a million cell-steps a piece.
    assert sum(1 for _ in run_check(check, seed=0)) > 100
