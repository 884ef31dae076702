"""Faults built into the fractal analysis on purpose: each makes the checks fail that are named here, and no others."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.bands import bands
from mfn_grpc.core.fractals import NullComparison, NullOptions, counting, dimension, generalized, nulls
from mfn_grpc.core.fractals.fitting import Line, half_width
from mfn_grpc.core.fractals.kernels.boxes import tally_offsets
from mfn_grpc.core.pieces import Pieces, finish
from mfn_grpc.core.validation import Suite, checks_of, run_check
from mfn_grpc.core.validation.fractal import chance

QUICK = [check for check in checks_of(Suite.FRACTAL) if "drawn" not in check.name]


def failing() -> set[str]:
    return {check.name for check in QUICK if not finish(run_check(check, 0)).passed}


def test_the_largest_count_over_offsets_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def most(codes: Array, cols: int, edge: int, wanted: int) -> Pieces[int]:
        tallies = np.zeros((edge, edge), np.int32)
        for band in bands(codes.shape):
            tally_offsets(codes, cols, edge, wanted, tallies, band.start, band.stop)
            yield
        return int(tallies.max())

    monkeypatch.setattr(counting, "_fewest", most)
    assert failing() == {"dimension_moved_vicsek"}


def test_an_interval_of_half_the_width_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = half_width

    def halved(line: Line, confidence_level: float) -> float:
        return exact(line, confidence_level) / 2

    monkeypatch.setattr(dimension, "half_width", halved)
    assert failing() == {"interval_of_outline"}


@pytest.mark.parametrize("factor", [1 / 3, 3.0])
def test_a_p_value_that_is_off_is_caught(factor: float, monkeypatch: pytest.MonkeyPatch) -> None:
    exact = nulls.compare

    def off(own: float, others: Sequence[float], options: NullOptions) -> NullComparison:
        found = exact(own, others, options)
        return replace(found, p_value=factor * found.p_value)

    monkeypatch.setattr(nulls, "compare", off)
    assert "carpet_unlike_chance" in failing()


def test_patterns_that_are_finer_than_the_set_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The length of a mask taken for that of the field that it was cut from."""
    exact = nulls.diffusion_time

    def finer(length: float, share: float) -> float:
        return exact(length, share) * (4.7 / 6.0) ** 4

    monkeypatch.setattr(nulls, "diffusion_time", finer)
    assert failing() == {"noise_like_chance", "noise_masks_like_chance"}


def test_another_set_in_the_carpets_place_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """One seed in a hundred passes by chance, more than 2 of 20 for one choice of seeds in a thousand."""
    passed = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        monkeypatch.setattr(chance, "grown", lambda *_, rng=rng: chance._smooth_noise(rng) > 0)
        (check,) = (check for check in QUICK if check.name == "carpet_unlike_chance")
        passed += finish(run_check(check, 0)).passed
    assert passed <= 2


def test_cut_boxes_taken_for_whole_ones_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def as_if_they_fitted(shape: Any, edge: int, q: float) -> float:
        return float(np.log(edge))

    monkeypatch.setattr(generalized, "_log_edge", as_if_they_fitted)
    assert failing() == {"generalized_uniform_minus_2", "generalized_uniform_0"}


def test_mutants_leave_nothing_behind() -> None:
    """After the tests above: what was patched is taken out again."""
    assert failing() == set()
