"""What a suite is admitted with covers what its checks hold, and not much more."""

import tracemalloc
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from mfn_grpc.core.learning import training_cycle
from mfn_grpc.core.pieces import finish
from mfn_grpc.core.validation import CheckSpec, Suite, checks_of, run_check
from mfn_server.validation.suites import CHECK_BYTES, LARGE_CHECK_BYTES, WITH_LARGE_CHECKS, check_bytes


def peak(work: Callable[[], Any]) -> int:
    """Bytes held at most by what the work allocates."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def largest(suite: Suite) -> int:
    """Bytes that the largest check of a suite holds at most."""
    checks = [spec for spec in checks_of(suite) if spec.of_training is None]
    return max(_peak_of_check(spec) for spec in checks)


@cache
def _peak_of_check(spec: CheckSpec) -> int:
    return peak(lambda: finish(run_check(spec, 0)))


@pytest.mark.parametrize("suite", [Suite.QUICK, Suite.FRACTAL])
def test_the_room_for_a_check_is_what_the_largest_holds_or_up_to_four_times_as_much(suite: Suite) -> None:
    assert check_bytes(suite) / 4 < largest(suite) <= check_bytes(suite)


@pytest.mark.parametrize("suite", [Suite.PHYSICS, Suite.REACTION_DIFFUSION, Suite.LEARNING])
def test_no_check_of_the_other_suites_holds_more_than_it_has_room_for(suite: Suite) -> None:
    assert largest(suite) <= check_bytes(suite)


def test_the_training_cycle_fits_the_room_of_a_check() -> None:
    assert peak(lambda: finish(training_cycle(0))) <= CHECK_BYTES


def test_a_suite_of_suites_has_room_for_the_largest_of_its_checks() -> None:
    large = {spec.suite for suite in WITH_LARGE_CHECKS for spec in checks_of(suite)}
    assert {check_bytes(suite) for suite in WITH_LARGE_CHECKS} == {LARGE_CHECK_BYTES}
    assert Suite.FRACTAL in large
