"""Fields of messages as the core's values, with whatever is wrong with them noted once and under its own name."""

import pytest

from mfn_grpc.core.fractals import BoxBase, Estimator
from mfn_grpc.core.limits import Faults, InvalidInput
from mfn_grpc.v1 import features_pb2 as pb
from mfn_server.decoding import bounded, choice, choices, stated

BOX, BOUNDARY = Estimator.BOX_COUNT, Estimator.BOUNDARY_COUNT


def faults_of(faults: Faults) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        faults.refuse()
    return {violation.field: violation.description for violation in caught.value.violations}


@pytest.mark.parametrize(("number", "expected"), [(0, BoxBase.TRIADIC), (1, BoxBase.DYADIC), (2, BoxBase.TRIADIC)])
def test_a_number_is_the_member_of_its_name_and_0_the_default(number: int, expected: BoxBase) -> None:
    faults = Faults()
    assert choice(pb.BoxBase, BoxBase, "base", number, BoxBase.TRIADIC, faults) is expected
    faults.refuse()


@pytest.mark.parametrize("number", [3, 99, -1])
def test_an_unknown_number_is_a_fault_that_names_the_known_ones(number: int) -> None:
    faults = Faults()
    choice(pb.BoxBase, BoxBase, "base", number, BoxBase.DYADIC, faults)
    assert faults_of(faults) == {"base": f"is {number}, must be one of BOX_BASE_DYADIC, BOX_BASE_TRIADIC"}


def test_a_list_of_numbers_is_taken_in_its_order_and_an_empty_one_is_the_default() -> None:
    faults = Faults()
    for numbers, expected in (([2, 1], (BOUNDARY, BOX)), ([], (BOX,)), ([2], (BOUNDARY,))):
        assert choices(pb.FractalEstimator, Estimator, "estimators", numbers, (BOX,), faults) == expected
    faults.refuse()


def test_in_a_list_0_is_a_fault_too_and_each_fault_has_its_place() -> None:
    faults = Faults()
    choices(pb.FractalEstimator, Estimator, "estimators", [0, 7], (BOX,), faults)
    assert set(faults_of(faults)) == {"estimators[0]", "estimators[1]"}


def test_a_list_that_is_too_long_is_cut_before_it_is_looked_at() -> None:
    faults = Faults()
    assert list(bounded(range(10**9), 3, "edges", faults)) == [0, 1, 2]
    assert faults_of(faults) == {"edges": "has 1000000000 entries, must have at most 3"}


def test_only_what_was_set_is_stated() -> None:
    message = pb.BoxCountOptions(min_box_edge_cells=0, crop_to_bounding_box=False)
    names = "crop_to_bounding_box", "min_box_edge_cells", "max_box_edge_cells"
    assert stated(message, *names) == {"crop_to_bounding_box": False, "min_box_edge_cells": 0}
