import math

import pytest

from mfn_grpc.core.features import Thresholds
from mfn_grpc.core.limits import InvalidInput


def fields_of(error: InvalidInput) -> list[str]:
    return [violation.field for violation in error.violations]


def test_the_defaults_are_membrane_potentials() -> None:
    assert Thresholds() == Thresholds(-60.0, -50.0, -40.0)
    assert Thresholds().violations() == []


def test_three_rising_numbers_are_thresholds() -> None:
    assert Thresholds.of([0.1, 0.2, 0.5]) == Thresholds(0.1, 0.2, 0.5)


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 2.0, 3.0, 4.0]])
def test_any_other_number_of_them_is_refused(values: list[float]) -> None:
    with pytest.raises(InvalidInput, match="must have 3") as caught:
        Thresholds.of(values)
    assert fields_of(caught.value) == ["thresholds"]


@pytest.mark.parametrize(
    ("values", "faulty"),
    [
        ([math.nan, 1.0, math.inf], ["thresholds[0]", "thresholds[2]"]),
        ([3.0, 2.0, 1.0], ["thresholds[1]", "thresholds[2]"]),
        ([1.0, 1.0, 2.0], ["thresholds[1]"]),
        ([1.0, math.nan, 0.0], ["thresholds[1]"]),
    ],
)
def test_every_threshold_at_fault_is_named(values: list[float], faulty: list[str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        Thresholds.of(values)
    assert fields_of(caught.value) == faulty
