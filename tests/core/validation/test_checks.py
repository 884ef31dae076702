"""What passes and what does not, and what becomes of a measurement that fails."""

import math
from typing import Any

import pytest

from mfn_grpc.core.limits import InvalidInput, Violation
from mfn_grpc.core.pieces import Pieces, finish
from mfn_grpc.core.validation import CheckResult, CheckSpec, Relation, Suite, run_check


def spec(measured: float | Exception = 0.0, **settings: Any) -> CheckSpec:
    def measure(seed: int) -> Pieces[float]:
        yield
        if isinstance(measured, Exception):
            raise measured
        return measured

    declared: dict[str, Any] = {
        "name": "example",
        "suite": Suite.PHYSICS,
        "description": "An example.",
        "expected": 10.0,
        "tolerance": 0.5,
        "unit": "mV",
        "why_this_tolerance": "so that both sides can be tried",
        "reference": "none",
    }
    return CheckSpec(measure=measure, **declared | settings)


def result(measured: float | Exception, **settings: Any) -> CheckResult:
    return finish(run_check(spec(measured, **settings), seed=0))


@pytest.mark.parametrize(
    ("relation", "passing", "failing"),
    [
        (Relation.WITHIN, [9.5, 10.0, 10.5], [9.25, 10.75, math.inf, -math.inf]),
        (Relation.AT_LEAST, [9.5, 10.0, 1e9, math.inf], [9.25, -math.inf]),
        (Relation.AT_MOST, [10.5, 10.0, -1e9, -math.inf], [10.75, math.inf]),
    ],
)
def test_a_value_passes_up_to_the_tolerance_and_not_beyond(
    relation: Relation, passing: list[float], failing: list[float]
) -> None:
    assert all(result(value, relation=relation).passed for value in passing)
    assert not any(result(value, relation=relation).passed for value in failing)


@pytest.mark.parametrize("relation", Relation)
def test_a_nan_never_passes_and_says_that_there_is_no_number(relation: Relation) -> None:
    found = result(math.nan, relation=relation, tolerance=math.inf)
    assert not found.passed
    assert found.detail == "the measurement gave no number"


@pytest.mark.parametrize(
    "error",
    [
        InvalidInput([Violation("dt", "7", "is 7, must be at most 1")]),
        ValueError("no spectrum"),
        ZeroDivisionError("division by zero"),
        OverflowError("too large"),
    ],
)
def test_an_error_of_the_engine_is_a_failed_check_with_its_words(error: Exception) -> None:
    found = result(error)
    assert math.isnan(found.measured)
    assert not found.passed
    assert found.detail == f"{type(error).__name__}: {error}"


@pytest.mark.parametrize("error", [KeyError("x"), TypeError("x"), MemoryError(), RuntimeError("x")])
def test_a_fault_of_the_check_itself_is_not_swallowed(error: Exception) -> None:
    with pytest.raises(type(error)):
        result(error)


def test_a_failed_check_says_by_how_much_and_a_passed_one_nothing() -> None:
    assert result(10.25).detail == ""
    assert result(11.0).detail == "measured 11 mV, must be within 10 with a tolerance of 0.5; off by 1"
    assert "must be at least 10" in result(9.0, relation=Relation.AT_LEAST).detail


def test_the_measurement_is_given_the_seed_and_its_pauses_are_passed_on() -> None:
    def measure(seed: int) -> Pieces[float]:
        yield
        yield
        return float(seed)

    pieces = run_check(CheckSpec(**vars(spec()) | {"measure": measure}), seed=17)
    assert [next(pieces), next(pieces)] == [None, None]
    with pytest.raises(StopIteration) as ended:
        next(pieces)
    assert ended.value.value.measured == 17.0
