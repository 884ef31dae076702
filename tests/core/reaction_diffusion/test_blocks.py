"""Blocks of steps, made by a wavefront, against single steps and the plain numpy reference: the same bits, always."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfn_grpc.core.reaction_diffusion import (
    GrayScott,
    Model,
    Mycelium,
    Precision,
    Simulation,
    SimulationSpec,
    Stepper,
    simulate_reference,
    state_bytes,
)
from mfn_grpc.core.reaction_diffusion.kernels.buffers import ALIAS_BYTES
from mfn_grpc.core.reaction_diffusion.programs import blocks, mycelium, program
from mfn_grpc.core.reaction_diffusion.programs.blocks import MOST_STEPS, even_block
from mfn_grpc.core.reaction_diffusion.randomness import GrowthEvents
from tests.core.reaction_diffusion.advancing import STEPS_IN_BANDS, advance_by, advances
from tests.core.reaction_diffusion.cases import (
    ALL_MODELS,
    BOUNDARY_NAMES,
    PRECISIONS,
    assert_same_bits,
    boundaries_of,
    gentle_dt,
    make_spec,
    rough_state,
)

SHAPES = [(4, 4), (5, 37), (37, 53), (40, 9)]


@pytest.fixture(autouse=True)
def blocks_pay_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "PAYS_FROM_BYTES", 0)
    monkeypatch.setattr(blocks, "ROWS_A_LEVEL", 1)


def rough(model: Model, shape: tuple[int, int], boundary: str, **rest: Any) -> SimulationSpec:
    """A valid spec far from rest, on cells that are not square where the model allows it."""
    spacing = (1.0, 1.0) if isinstance(model, Mycelium) else (0.7, 1.3)
    given = {"shape": shape, "spacing": spacing, "dt": gentle_dt(model, spacing), "seed": 5}
    edges, state = boundaries_of(model)[boundary], rough_state(model, shape)
    return make_spec(model, **given, boundaries=edges, initial_state=state, **rest)


def marked(simulation: Simulation, made: list[int]) -> Simulation:
    """The same simulation, whose blocks note how many steps they are of."""
    finish_block = simulation._finish_block

    def noting(steps: int) -> None:
        made.append(steps)
        finish_block(steps)

    simulation._finish_block = noting  # type: ignore[method-assign]  # watched, not replaced
    return simulation


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("boundary", BOUNDARY_NAMES)
@pytest.mark.parametrize("model", ALL_MODELS, ids=lambda model: model.name)
def test_a_block_equals_the_reference_bit_for_bit(model: type[Model], boundary: str, precision: Precision) -> None:
    for shape in SHAPES:
        spec = rough(model(), shape, boundary, precision=precision)
        for steps in (2, 9, 21):
            made: list[int] = []
            simulation = marked(Simulation(spec), made)
            simulation.advance(steps)
            assert sum(made) == steps
            assert_same_bits(simulation.state, simulate_reference(spec, steps))


@settings(max_examples=80)
@given(
    st.sampled_from(ALL_MODELS),
    st.tuples(st.integers(4, 30), st.integers(4, 30)),
    st.sampled_from(BOUNDARY_NAMES),
    st.sampled_from(PRECISIONS),
    st.integers(2, 20),
    st.integers(1, 5),
)
def test_no_grid_and_no_bands_make_block_and_reference_differ(
    model: type[Model], shape: tuple[int, int], boundary: str, precision: Precision, steps: int, bands: int
) -> None:
    spec = rough(model(), shape, boundary, precision=precision)
    simulation = Simulation(spec)
    simulation.advance_in_bands(steps, bands, map)
    assert simulation.step == steps
    assert_same_bits(simulation.state, simulate_reference(spec, steps))


@pytest.mark.parametrize("boundary", BOUNDARY_NAMES)
@pytest.mark.parametrize("model", ALL_MODELS, ids=lambda model: model.name)
@pytest.mark.parametrize("height", [1, 2, 13])
def test_bands_of_any_height_are_those_rows_of_the_reference(model: type[Model], boundary: str, height: int) -> None:
    """More steps than a band, and than the grid, has rows: what a band reads goes round the grid more than once."""
    spec = rough(model(), (13, 8), boundary)
    expected = simulate_reference(spec, MOST_STEPS)
    simulation, running = Simulation(spec), program(spec)
    assert running.blocks is not None
    running.prepare(simulation._buffers, 0)
    for first in range(0, 13, height):
        band = range(first, min(13, first + height))
        running.blocks.work(simulation._buffers, running.blocks.ring(), band, range(MOST_STEPS))
        made = simulation._buffers[1][:, 1:-1, 1:-1]
        assert_same_bits(made[:, first : band.stop], expected[:, first : band.stop])


@pytest.mark.parametrize("boundary", BOUNDARY_NAMES)
@pytest.mark.parametrize("cell", [0, 7, 8 * 11, 8 * 11 + 7, 8 * 6 + 3])
def test_events_in_the_first_and_the_last_row_reach_the_bands_beside_them(
    cell: int, boundary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event at every step, always in the same cell: in a corner, and in a row that another band repeats."""

    def events(seed: int, first_step: int, steps: int, cells: int, probability: float) -> Any:
        return GrowthEvents(np.full(steps, cell), 10.0 + np.arange(first_step, first_step + steps))

    monkeypatch.setattr(mycelium, "growth_events", events)
    spec = rough(Mycelium(alpha=0.2), (12, 8), boundary)
    expected = simulate_reference(spec, 11)
    for bands in (1, 2, 3, 12):
        simulation = Simulation(spec)
        simulation.advance_in_bands(11, bands, map)
        assert simulation.growth_events == 11
        assert_same_bits(simulation.state, expected)


@settings(max_examples=80)
@given(
    st.sampled_from([GrayScott(), Mycelium(spike_probability=0.7), Mycelium(quantum_jitter=True, jitter_var=1.0)]),
    st.sampled_from(BOUNDARY_NAMES),
    advances(steps=40, units=60, units_until=700, towards=1000, bands=6),
)
def test_no_mixture_of_blocks_parts_of_them_and_steps_changes_a_bit(
    model: Model, boundary: str, portions: list[tuple[str, int]]
) -> None:
    spec = rough(model, (19, 14), boundary)
    simulation = Simulation(spec)
    for kind, amount in portions:
        before = simulation.step
        advance_by(simulation, kind, amount)
        if kind in ("steps", "bands"):
            assert simulation.step == before + (amount if kind == "steps" else STEPS_IN_BANDS)
    assert_same_bits(simulation.state, simulate_reference(spec, simulation.step))
    expected = Simulation(replace(spec, initial_state=None))
    expected.advance(simulation.step)
    assert simulation.growth_events == expected.growth_events


@pytest.mark.parametrize("portion", [1, 5, 19, 100, 10_000])
def test_a_block_made_in_parts_ends_where_it_must(portion: int) -> None:
    """A frame is due after 20 steps: two blocks of 10, and the state is the old one until each is complete."""
    spec = rough(GrayScott(), (19, 14), "mixed")
    simulation, seen = Simulation(spec), set[int]()
    while simulation.step < 20:
        state = simulation.state.copy()
        done = simulation.advance_units(portion, 20)
        assert done >= portion or not simulation.is_amid_a_step
        if simulation.is_amid_a_step:
            assert_same_bits(simulation.state, state)
        seen.add(simulation.step)
    assert seen - {0} == {10, 20}
    assert_same_bits(simulation.state, simulate_reference(spec, 20))


def test_a_block_that_goes_too_far_is_given_up() -> None:
    spec = rough(Mycelium(spike_probability=1.0), (19, 14), "periodic")
    simulation = Simulation(spec)
    simulation.advance_units(100, 16)
    assert simulation.is_amid_a_step
    simulation.advance(3)
    assert simulation.step == simulation.growth_events == 3
    assert (simulation._block, simulation._line) == (0, 0)
    assert_same_bits(simulation.state, simulate_reference(spec, 3))


def test_a_checkpoint_amid_a_block_is_of_the_state_before_it() -> None:
    spec = rough(GrayScott(), (19, 14), "periodic")
    simulation = Simulation(spec)
    simulation.advance(4)
    simulation.advance_units(60, 12)
    saved = simulation.checkpoint()
    assert saved.step == 4
    continued = Simulation(spec, saved)
    for each in (simulation, continued):
        each.advance(8)
        assert_same_bits(each.state, simulate_reference(spec, 12))


@pytest.mark.parametrize(("bands", "threads"), [(1, 1), (2, 2), (3, 2), (5, 4)])
@pytest.mark.parametrize("model", ALL_MODELS, ids=lambda model: model.name)
def test_threads_make_the_same_blocks(model: type[Model], bands: int, threads: int) -> None:
    spec = rough(model(), (37, 53), "periodic_and_mixed")
    simulation = Simulation(spec)
    with ThreadPoolExecutor(threads) as pool:
        simulation.advance_in_bands(30, bands, pool.map)
    assert_same_bits(simulation.state, simulate_reference(spec, 30))


def test_bands_wait_for_one_another_once_a_block() -> None:
    shared: list[list[range]] = []

    def run(work: Callable[[range], None], parts: Iterable[range]) -> Iterator[None]:
        shared.append(list(parts))
        return map(work, shared[-1])

    simulation = Simulation(rough(GrayScott(), (40, 9), "periodic"))
    simulation.advance_in_bands(2 * MOST_STEPS, 2, run)
    assert shared == [[range(20), range(20, 40)]] * 2


@pytest.mark.parametrize("stepper", [Stepper.RK4, Stepper.SEMI_IMPLICIT])
def test_other_steppers_are_stepped_one_by_one(stepper: Stepper) -> None:
    assert program(make_spec(GrayScott(), shape=(8, 8), stepper=stepper)).blocks is None


def test_jitter_and_what_is_watched_are_stepped_one_by_one() -> None:
    assert program(make_spec(Mycelium(quantum_jitter=True), shape=(8, 8))).blocks is None
    made: list[int] = []
    simulation = marked(Simulation(make_spec(GrayScott(), shape=(8, 8)), watched=0), made)
    simulation.advance(5)
    simulation.advance_in_bands(5, 2, map)
    assert made == []
    assert simulation.history is not None
    assert simulation.history.steps == 10


def test_work_towards_a_step_is_whole_steps_where_a_block_fits_and_else_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    simulation = Simulation(rough(GrayScott(), (19, 14), "periodic"))
    assert simulation.advance_towards(100, 19 * 20 + 5) == 19 * 20
    assert simulation.step == 20
    assert 19 * 10 <= simulation.advance_towards(100, 19 * 10) < 19 * 10 + MOST_STEPS
    assert simulation.is_amid_a_step
    monkeypatch.setattr(blocks, "PAYS_FROM_BYTES", 10**9)
    small = Simulation(rough(GrayScott(), (19, 14), "periodic"))
    assert small.advance_towards(100, 19 * 3) == 19 * 3
    assert small.step == 3
    assert small.advance_towards(100, 7) == 7
    assert small.is_amid_a_step


def test_small_grids_are_stepped_one_by_one_on_one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    spec, made = rough(GrayScott(), (19, 14), "periodic"), list[int]()
    monkeypatch.setattr(blocks, "PAYS_FROM_BYTES", 10**9)
    marked(Simulation(spec), made).advance(20)
    assert made == []


def test_the_bytes_of_a_state_hold_the_rows_of_a_block() -> None:
    spec = rough(GrayScott(), (19, 14), "periodic")
    simulation = Simulation(spec)
    simulation.advance(20)
    assert len(simulation._rings) == 1
    assert state_bytes(spec) == sum(each.nbytes for each in (*simulation._buffers, *simulation._rings))


@pytest.mark.parametrize("cols", [4, 512, 2046, 4096])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_rows_of_the_ring_begin_apart(cols: int, precision: Precision) -> None:
    running = program(make_spec(GrayScott(), shape=(4, cols), precision=precision))
    assert running.blocks is not None
    ring = running.blocks.ring()
    assert ring.shape[:3] == (2, 2, MOST_STEPS + 2)
    assert ring.shape[3] >= cols + 2
    starts = [ring.strides[2] * number % ALIAS_BYTES for number in range(64)]
    assert len(set(starts)) == 64


@pytest.mark.parametrize(("left", "most", "steps"), [(1, 16, 1), (16, 16, 16), (17, 16, 9), (20, 16, 10), (33, 16, 11)])
def test_blocks_of_what_is_left_are_few_and_even(left: int, most: int, steps: int) -> None:
    assert even_block(left, most) == steps
