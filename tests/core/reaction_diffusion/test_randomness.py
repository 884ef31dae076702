"""Random numbers: where they come from, and whether they have the distributions they claim.

Statistical tests use fixed seeds and bounds of five standard errors: a sound generator fails one in 1.7 million.
"""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mfn_grpc.core.randomness import Stream, generator
from mfn_grpc.core.reaction_diffusion.randomness import (
    EVENT_BLOCK_STEPS,
    GrowthEvents,
    growth_events,
    jitter,
    jitter_block_rows,
    uniform,
)

CELLS = 64 * 64
MANY = 200_000


def same(one: GrowthEvents, other: GrowthEvents) -> bool:
    return np.array_equal(one.cell, other.cell) and np.array_equal(one.rise_mv, other.rise_mv)


def test_a_generator_is_philox_at_a_counter_that_numpy_reaches_by_advancing() -> None:
    """Counter words hold, from the lowest: numbers drawn, block, step."""
    for step, block in ((0, 0), (3, 0), (0, 5), (7, 2)):
        philox = np.random.Philox(key=[11, Stream.JITTER])
        philox.advance(block * 2**64 + step * 2**128)
        expected = np.random.Generator(philox).random(9)
        assert np.array_equal(generator(11, Stream.JITTER, step=step, block=block).random(9), expected)


def test_uniform_noise_is_that_of_numpy_where_nothing_is_fused() -> None:
    drawn = uniform(generator(1, Stream.INITIAL), -0.01, 0.01, (50, 40))
    unit = generator(1, Stream.INITIAL).random((50, 40))
    assert np.array_equal(drawn, -0.01 + 0.02 * unit)
    assert drawn.min() >= -0.01
    assert drawn.max() < 0.01
    # Generator.uniform may keep one more bit; a rounding of the sum is 2e-18 here.
    assert np.abs(drawn - generator(1, Stream.INITIAL).uniform(-0.01, 0.01, (50, 40))).max() <= 2e-18


@given(st.integers(0, 2**63 - 1), st.integers(0, 10**12), st.integers(1, 3000), st.data())
@settings(max_examples=50)
def test_any_window_holds_the_events_of_its_steps(seed: int, first: int, steps: int, data: st.DataObject) -> None:
    whole = growth_events(seed, first, steps, CELLS, 0.5)
    assert whole.cell.shape == whole.rise_mv.shape == (steps,)
    start = data.draw(st.integers(0, steps - 1))
    length = data.draw(st.integers(1, steps - start))
    part = growth_events(seed, first + start, length, CELLS, 0.5)
    assert same(part, GrowthEvents(*(column[start : start + length] for column in whole)))


def test_events_of_one_step_at_a_time_are_those_of_the_whole_run() -> None:
    steps = range(EVENT_BLOCK_STEPS - 3, EVENT_BLOCK_STEPS + 3)
    whole = growth_events(4, steps.start, len(steps), CELLS, 0.5)
    singles = [growth_events(4, step, 1, CELLS, 0.5) for step in steps]
    assert same(whole, GrowthEvents(*(np.concatenate(column) for column in zip(*singles, strict=True))))


def test_events_have_the_types_that_the_kernel_takes() -> None:
    events = growth_events(0, 1000, 100, CELLS, 0.5)
    assert events.cell.dtype == np.int64
    assert events.rise_mv.dtype == np.float64
    assert events.cell.flags.c_contiguous
    assert events.rise_mv.flags.c_contiguous


@pytest.mark.parametrize("probability", [0.01, 0.25, 0.9])
def test_events_are_as_frequent_as_their_probability(probability: float) -> None:
    happened = growth_events(1, 0, MANY, CELLS, probability).cell >= 0
    error = math.sqrt(probability * (1 - probability) / MANY)
    assert abs(happened.mean() - probability) < 5 * error
    # A step says nothing about the next: their correlation is normal with this spread.
    assert abs(np.corrcoef(happened[1:], happened[:-1])[0, 1]) < 5 / math.sqrt(MANY)


def test_probability_zero_gives_no_event_and_one_gives_one_a_step() -> None:
    assert (growth_events(1, 0, 5000, CELLS, 0.0).cell == -1).all()
    assert (growth_events(1, 0, 5000, CELLS, 1.0).cell >= 0).all()


def test_a_greater_probability_only_adds_events() -> None:
    rare, often = (growth_events(1, 0, 5000, CELLS, probability).cell for probability in (0.2, 0.6))
    assert (often[rare >= 0] == rare[rare >= 0]).all()


def test_events_rise_by_20_mv_with_a_spread_of_5() -> None:
    rise = growth_events(2, 0, MANY, CELLS, 1.0).rise_mv
    assert abs(rise.mean() - 20) < 5 * 5 / math.sqrt(MANY)
    assert abs(rise.std() - 5) < 5 * 5 / math.sqrt(2 * MANY)
    assert stats.kstest(rise, "norm", (20, 5)).pvalue > 1e-6


@pytest.mark.parametrize("cells", [16, 1000, 4096])
def test_events_hit_every_cell_alike(cells: int) -> None:
    cell = growth_events(3, 0, MANY, cells, 1.0).cell
    counts = np.bincount(cell, minlength=cells)
    assert len(counts) == cells
    assert stats.chisquare(counts).pvalue > 1e-6


def test_place_and_rise_of_an_event_are_independent() -> None:
    cell, rise = growth_events(5, 0, MANY, CELLS, 1.0)
    assert abs(np.corrcoef(cell, rise)[0, 1]) < 5 / math.sqrt(MANY)


@pytest.mark.parametrize(("cols", "rows"), [(4, 16_384), (256, 256), (1000, 65), (4096, 16), (65_536, 1), (70_000, 1)])
def test_a_block_of_jitter_is_a_number_of_whole_rows(cols: int, rows: int) -> None:
    assert jitter_block_rows(cols) == rows


def test_jitter_of_a_band_is_that_part_of_the_whole() -> None:
    cols, height = 4096, jitter_block_rows(4096)
    whole = jitter(1, 7, range(40), cols, 0.5)
    assert whole.shape == (40, cols)
    for first, last in (
        (0, height),
        (height, 2 * height),
        (2 * height, 40),
        (0, 40),
        (height, 40),
        (height, height + 3),
    ):
        assert np.array_equal(jitter(1, 7, range(first, last), cols, 0.5), whole[first:last])


def test_no_two_blocks_of_jitter_are_alike() -> None:
    height = jitter_block_rows(4096)
    first, second, third = np.split(jitter(1, 7, range(3 * height), 4096, 0.5), 3)
    for one, other in ((first, second), (second, third), (first, third)):
        assert (one != other).mean() > 0.99
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 5 / 256


def test_jitter_scales_with_its_spread_and_changes_with_step_and_seed() -> None:
    noise = jitter(1, 7, range(20), 30, 1.0)
    assert np.array_equal(jitter(1, 7, range(20), 30, 0.25), 0.25 * noise)
    for other in (jitter(1, 8, range(20), 30, 1.0), jitter(2, 7, range(20), 30, 1.0)):
        assert not (other == noise).any()


def test_jitter_is_white_and_normal() -> None:
    steps = np.array([jitter(6, step, range(128), 128, 0.1) for step in range(20)])
    count = steps.size
    assert abs(steps.mean()) < 5 * 0.1 / math.sqrt(count)
    assert abs(steps.std() - 0.1) < 5 * 0.1 / math.sqrt(2 * count)
    assert stats.kstest(steps.ravel(), "norm", (0, 0.1)).pvalue > 1e-6
    for one, other in ((steps[1:], steps[:-1]), (steps[:, 1:], steps[:, :-1]), (steps[:, :, 1:], steps[:, :, :-1])):
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 5 / math.sqrt(count)
