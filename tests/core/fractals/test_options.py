import math

import pytest

from mfn_grpc.core.fractals import BoxBase, BoxCountOptions, NullOptions
from mfn_grpc.core.limits import limits_of


@pytest.mark.parametrize("options", [BoxCountOptions(), NullOptions()])
def test_defaults_are_within_their_limits(options: BoxCountOptions | NullOptions) -> None:
    assert options.violations() == []
    assert limits_of(options)


@pytest.mark.parametrize(("options", "fields"), [
    (BoxCountOptions(min_box_edge_cells=8192, max_box_edge_cells=8192, confidence_level=0.5), []),
    (BoxCountOptions(min_box_edge_cells=8193), ["min_box_edge_cells"]),
    (BoxCountOptions(max_box_edge_cells=8193), ["max_box_edge_cells"]),
    (BoxCountOptions(max_box_edge_cells=0), ["max_box_edge_cells"]),
    (BoxCountOptions(min_box_edge_cells=3, max_box_edge_cells=2), ["max_box_edge_cells"]),
    (BoxCountOptions(confidence_level=0.9991), ["confidence_level"]),
    (BoxCountOptions(confidence_level=math.nan), ["confidence_level"]),
    (NullOptions(samples=10, seed=2**63 - 1), []),
    (NullOptions(samples=9, seed=2**63), ["samples", "seed"]),
    (NullOptions(samples=1001), ["samples"]),
])  # fmt: skip  # one case a line
def test_limits_are_those_of_the_contract(options: BoxCountOptions | NullOptions, fields: list[str]) -> None:
    assert [violation.field for violation in options.violations()] == fields


def test_a_largest_edge_below_the_smallest_says_which_is_which() -> None:
    (violation,) = BoxCountOptions(min_box_edge_cells=3, max_box_edge_cells=2).violations()
    assert violation.value == "2"
    assert "min_box_edge_cells (3)" in violation.description


def test_bases_are_the_ratios_of_their_names() -> None:
    assert (BoxBase.DYADIC.ratio, BoxBase.TRIADIC.ratio) == (2, 3)
