import math

import numpy as np

from mfn_grpc.core.features import FEATURE_NAMES, Features, Measured, Undefined
from mfn_grpc.v1 import types_pb2


def test_the_names_are_those_of_the_contract_in_its_order() -> None:
    names = types_pb2.Features.DESCRIPTOR.fields_by_number
    assert tuple(names[number].name for number in range(1, 19)) == FEATURE_NAMES
    assert len(names) == 18


def test_as_an_array_they_stand_in_that_order() -> None:
    array = Features(*(float(i) for i in range(18))).as_array()
    assert array.dtype == np.float64
    np.testing.assert_array_equal(array, np.arange(18.0))


def test_a_reason_in_the_place_of_a_value_makes_it_undefined() -> None:
    found: dict[str, float | str] = {**dict.fromkeys(FEATURE_NAMES, 1.0), "v_skew": "it is constant", "d_box": "empty"}
    measured = Measured.of(found)
    assert math.isnan(measured.features.v_skew)
    assert measured.features.v_kurt == 1.0
    assert measured.undefined == (Undefined("d_box", "empty"), Undefined("v_skew", "it is constant"))


def test_what_overflowed_is_undefined_too() -> None:
    measured = Measured.of({**dict.fromkeys(FEATURE_NAMES, 0.0), "v_std": math.inf, "e_trend": math.nan})
    assert [undefined.name for undefined in measured.undefined] == ["v_std", "e_trend"]
    assert all("double precision" in undefined.reason for undefined in measured.undefined)
    assert math.isnan(measured.features.v_std)
