import math
from dataclasses import dataclass, is_dataclass
from importlib import import_module
from pkgutil import walk_packages
from typing import Any, get_type_hints

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mfn_grpc.core
from mfn_grpc.core.limits import (
    Faults,
    InvalidInput,
    Limit,
    UnstableSpec,
    Violation,
    limits_of,
    parameter,
    refuse,
    violations_of,
)

LENGTH = Limit(0, 10, "mm", "a length")
COUNT = Limit(0, 10, "1", "a count", whole=True)


@dataclass(frozen=True)
class Cell:
    width: float = parameter(1.0, 0.5, 2, "mm", "width of a cell")
    name: str = "cell"
    charge: int = parameter(0, -1, 1, "1", "charge")


def raises(error: InvalidInput) -> None:
    raise error


def test_a_violation_seen_from_outside_names_the_whole_path() -> None:
    inner = Violation("dt", "2", "is 2, must be 1")
    assert inner.under("spec").under("request") == Violation("request.spec.dt", "2", "is 2, must be 1")


def test_invalid_input_says_every_fault_in_one_sentence() -> None:
    error = InvalidInput(Violation(name, "0", "must not be 0") for name in ("a", "b"))
    assert [violation.field for violation in error.violations] == ["a", "b"]
    assert str(error) == "a: must not be 0; b: must not be 0"
    assert isinstance(error, ValueError)


@pytest.mark.parametrize("value", [0, 0.0, -0.0, 10, 1e-300, 9.999999999999998, True])
def test_both_ends_of_a_range_belong_to_it(value: float) -> None:
    assert LENGTH.violation("length", value) is None


@pytest.mark.parametrize("value", [-5e-324, 10.000000000000002, 11, -math.inf, math.inf, math.nan, 2**62])
def test_values_outside_a_range_are_refused(value: float) -> None:
    violation = LENGTH.violation("length", value)
    assert violation is not None
    assert violation.field == "length"
    assert violation.description.endswith("must be 0 to 10 mm (a length)")


@given(st.floats() | st.integers(-(2**63), 2**64))
def test_a_value_is_refused_exactly_when_it_lies_outside(value: float) -> None:
    assert (LENGTH.violation("x", value) is None) == (0 <= value <= 10)


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**63), 2**64))
def test_a_refused_number_is_shown_with_all_its_digits(value: float) -> None:
    violation = Limit(20, 10, "1", "nothing is allowed").violation("x", value)
    assert violation is not None
    assert type(value)(violation.value) == value
    assert violation.description.startswith(f"is {violation.value}, must be 20 to 10 (")


def test_nan_is_shown_by_its_name() -> None:
    violation = LENGTH.violation("length", math.nan)
    assert violation is not None
    assert violation.description == "is nan, must be 0 to 10 mm (a length)"


@pytest.mark.parametrize(
    ("maximum", "shown"),
    [(1e-6, "1e-06"), (100_000_000, "100000000"), (2**63 - 1, "9223372036854775807"), (0.25, "0.25")],
)
def test_a_bound_is_shown_as_what_it_is(maximum: float, shown: str) -> None:
    violation = Limit(-1, maximum, "1", "x").violation("x", 1e30)
    assert violation is not None
    assert violation.description == f"is 1e+30, must be -1 to {shown} (x)"


def test_a_value_just_beyond_a_bound_does_not_look_like_the_bound() -> None:
    violation = Limit(0, 100_000_000, "1", "steps").violation("steps", 100_000_001)
    assert violation is not None
    assert "is 100000001," in violation.description


@pytest.mark.parametrize("value", [0, 10, np.int64(7), np.uint8(0), True])
def test_whole_numbers_within_the_range_are_whole(value: int) -> None:
    assert COUNT.violation("count", value) is None


@pytest.mark.parametrize("value", [0.0, 8.5, 10.0, np.float64(3), -0.5, 11.5, math.nan, math.inf, "3", None])
def test_a_count_that_is_no_whole_number_is_refused_whatever_its_value(value: Any) -> None:
    assert COUNT.violation("count", value) == Violation(
        "count", str(value), f"is {value}, must be a whole number, 0 to 10 (a count)"
    )


@pytest.mark.parametrize("value", [-1, 11, 2**70, np.int64(-5)])
def test_a_whole_number_outside_the_range_is_told_its_range_alone(value: int) -> None:
    violation = COUNT.violation("count", value)
    assert violation is not None
    assert violation.description == f"is {value}, must be 0 to 10 (a count)"


def test_every_parameter_of_the_core_that_is_an_integer_takes_whole_numbers_only() -> None:
    found = {
        (kind.__name__, name): (limit.whole, get_type_hints(kind)[name] in {int, int | None})
        for module in walk_packages(mfn_grpc.core.__path__, "mfn_grpc.core.")
        for kind in vars(import_module(module.name)).values()
        if isinstance(kind, type) and is_dataclass(kind)
        for name, limit in limits_of(kind).items()
    }
    assert found["NullOptions", "seed"] == (True, True)
    assert found["GrayScott", "feed"] == (False, False)
    assert [key for key, (whole, integer) in found.items() if whole != integer] == []


def test_a_parameter_keeps_its_default_and_its_limit() -> None:
    assert Cell().width == 1.0
    assert (
        limits_of(Cell)
        == limits_of(Cell())
        == {
            "width": Limit(0.5, 2, "mm", "width of a cell"),
            "charge": Limit(-1, 1, "1", "charge"),
        }
    )


def test_every_field_outside_its_range_is_named_in_field_order() -> None:
    assert violations_of(Cell()) == []
    assert [violation.field for violation in violations_of(Cell(width=3, charge=2))] == ["width", "charge"]
    assert [violation.field for violation in violations_of(Cell(width=math.nan))] == ["width"]


def test_only_violations_are_refused_and_all_of_an_iterator() -> None:
    refuse([])
    refuse(iter(()))
    with pytest.raises(InvalidInput) as caught:
        refuse(Violation(name, "", "is bad") for name in "ab")
    assert [violation.field for violation in caught.value.violations] == ["a", "b"]


def test_without_faults_nothing_is_refused() -> None:
    faults = Faults()
    assert faults.collect(max, 1, 2, key=lambda number: -number) == 1
    faults.refuse()


def test_faults_of_nested_messages_carry_their_path() -> None:
    faults = Faults()
    faults.add(Violation("first", "", "is bad"))
    with faults.under("spec"):
        with faults.under("grid"):
            faults.add(Violation("shape", "", "is bad"))
        faults.collect(raises, InvalidInput([Violation("dt", "", "is bad"), Violation("steps", "", "is bad")]))
    faults.add(Violation("last", "", "is bad"))
    with pytest.raises(InvalidInput) as caught:
        faults.refuse()
    fields = [violation.field for violation in caught.value.violations]
    assert fields == ["first", "spec.grid.shape", "spec.dt", "spec.steps", "last"]


def test_a_check_that_fails_gives_none() -> None:
    faults = Faults()
    assert faults.collect(raises, InvalidInput([Violation("a", "", "is bad")])) is None


def test_the_path_is_restored_when_the_block_fails() -> None:
    faults = Faults()
    with pytest.raises(KeyError), faults.under("spec"):
        raise KeyError("unrelated")
    faults.add(Violation("a", "", "is bad"))
    with pytest.raises(InvalidInput, match=r"^a: is bad$"):
        faults.refuse()


def test_other_errors_of_a_check_are_not_swallowed() -> None:
    with pytest.raises(ZeroDivisionError):
        Faults().collect(divmod, 1, 0)


UNSTABLE = UnstableSpec([Violation("dt", "2", "must be at most 1")])
INVALID = InvalidInput([Violation("steps", "0", "must be 1 or more")])


@pytest.mark.parametrize(
    ("errors", "kind"),
    [
        ([UNSTABLE], UnstableSpec),
        ([UNSTABLE, UNSTABLE], UnstableSpec),
        ([UNSTABLE, INVALID], InvalidInput),
        ([INVALID, UNSTABLE], InvalidInput),
        ([INVALID], InvalidInput),
    ],
)
def test_only_instability_by_itself_is_called_unstable(errors: list[InvalidInput], kind: type[InvalidInput]) -> None:
    faults = Faults()
    for error in errors:
        faults.collect(raises, error)
    with pytest.raises(InvalidInput) as caught:
        faults.refuse()
    assert type(caught.value) is kind


def test_an_added_fault_beside_instability_is_invalid_input() -> None:
    faults = Faults()
    faults.collect(raises, UNSTABLE)
    faults.add(Violation("steps", "0", "must be 1 or more"))
    with pytest.raises(InvalidInput) as caught:
        faults.refuse()
    assert type(caught.value) is InvalidInput
