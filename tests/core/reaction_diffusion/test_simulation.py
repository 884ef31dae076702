from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfn_grpc.core.features.kernels.watching import watch_rows, watch_step
from mfn_grpc.core.pieces import finish
from mfn_grpc.core.reaction_diffusion import (
    Checkpoint,
    Model,
    Mycelium,
    Precision,
    Simulation,
    SimulationSpec,
    Stepper,
    simulate_reference,
    state_bytes,
    warm_up,
)
from mfn_grpc.core.reaction_diffusion.simulation import MAX_MARCH_STEPS
from tests.core.reaction_diffusion.advancing import advance_by, advances
from tests.core.reaction_diffusion.cases import (
    ALL_MODELS,
    BOUNDARY_NAMES,
    BY_MODEL_AND_STEPPER,
    NO_FLUX,
    PERIODIC,
    PRECISIONS,
    Array,
    assert_same_bits,
    boundaries_of,
    compiled_kernels,
    make_spec,
    run,
)

NOISY = Mycelium(spike_probability=0.7, quantum_jitter=True, jitter_var=1.0)


def start(model: Model, stepper: Stepper = Stepper.EULER, **settings: Any) -> SimulationSpec:
    """A spec on an odd grid with unlike boundaries."""
    fitting = {Stepper.SEMI_IMPLICIT: (PERIODIC, NO_FLUX)}
    edges = fitting.get(stepper, boundaries_of(model)["periodic_and_mixed"])
    given = {"shape": (19, 26), "seed": 3, "steps": 40, "boundaries": edges, "stepper": stepper}
    return make_spec(model, **given | settings)


Begin = Callable[..., SimulationSpec]
RUNS: list[Begin] = [
    *(partial(start, model(), stepper) for model, stepper in BY_MODEL_AND_STEPPER),
    partial(start, NOISY),
]
NAMES = [*(f"{model.name}-{stepper}" for model, stepper in BY_MODEL_AND_STEPPER), "mycelium_with_jitter"]
each_run = pytest.mark.parametrize("begin", RUNS, ids=NAMES)


def after(spec: SimulationSpec, *advances: Callable[[Simulation], object]) -> Simulation:
    simulation = Simulation(spec)
    for advance in advances:
        advance(simulation)
    return simulation


def assert_same_run(actual: Simulation, expected: Simulation) -> None:
    assert actual.step == expected.step
    assert actual.growth_events == expected.growth_events
    if actual.history is not None and expected.history is not None and not actual.is_amid_a_step:
        assert_same_bits(actual.history.record, expected.history.record)
    assert_same_bits(actual.state, expected.state)


@each_run
def test_a_simulation_begins_with_the_initial_state_of_its_seed(begin: Begin) -> None:
    spec = begin()
    simulation = Simulation(spec)
    assert simulation.step == simulation.growth_events == 0
    assert_same_bits(simulation.state, spec.model.initial_state(3, (19, 26)))


@each_run
def test_a_simulation_opened_in_bands_of_rows_begins_with_the_same_bits(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = begin().model.initial_state(8, (19, 26))
    whole, taken = Simulation(begin(), watched=1), Simulation(begin(initial_state=given), watched=1)
    monkeypatch.setattr("mfn_grpc.core.reaction_diffusion.models.base.DRAWN_CELLS", 60)
    for spec, expected in ((begin(), whole), (begin(initial_state=given), taken)):
        opened = finish(Simulation.opening(spec, watched=1))
        assert_same_bits(opened.state, expected.state)
        assert opened.history is not None
        assert expected.history is not None
        assert_same_bits(opened.history.record, expected.history.record)
        again = finish(Simulation.opening(spec, replace(expected.checkpoint(), step=5), watched=1))
        assert again.step == 5
        assert_same_bits(again.state, expected.state)


@pytest.mark.parametrize("model", ALL_MODELS, ids=lambda model: model.name)
def test_a_large_simulation_is_opened_and_checked_in_pieces(model: type[Model]) -> None:
    """Of 2^17 cells each at most where numbers are drawn, 2^21 where a state is copied or looked at."""
    spec = make_spec(model(), shape=(1024, 1024))
    assert sum(1 for _ in Simulation.opening(spec)) >= 8 * len(model.species)
    given = np.zeros((len(model.species), 4096, 1024), np.float32)
    large = replace(spec, shape=(4096, 1024), initial_state=given, precision=Precision.FLOAT32)
    simulation = Simulation(large)
    for pieces in (Simulation.opening(large), simulation.finiteness()):
        assert sum(1 for _ in pieces) >= 2 * len(model.species)


def test_a_value_that_is_not_finite_is_found_wherever_it_is() -> None:
    simulation = Simulation(make_spec(ALL_MODELS[1](), shape=(8, 8)))
    assert simulation.is_finite()
    for place in ((0, 0, 0), (1, 7, 7)):
        kept = simulation.state[place]
        for value in (np.nan, np.inf):
            simulation.state[place] = value
            assert not simulation.is_finite()
        simulation.state[place] = kept


def test_a_given_initial_state_is_taken_over_and_not_changed() -> None:
    given = np.full((2, 8, 8), 0.5)
    spec = make_spec(ALL_MODELS[1](), shape=(8, 8), initial_state=given, initial_step=70, steps=5)
    simulation = Simulation(spec)
    assert simulation.step == spec.first_step == 70
    assert spec.last_step == 75
    assert_same_bits(simulation.state, given)
    simulation.advance(5)
    assert simulation.step == 75
    assert (given == 0.5).all()
    assert not (simulation.state == 0.5).all()


@each_run
@pytest.mark.parametrize("precision", PRECISIONS)
def test_n_and_then_m_steps_are_n_plus_m_steps(begin: Begin, precision: Precision) -> None:
    spec = begin(precision=precision)
    whole = after(spec, lambda s: s.advance(40))
    assert_same_run(after(spec, lambda s: s.advance(13), lambda s: s.advance(27)), whole)
    assert_same_run(after(spec, *[lambda s: s.advance(1)] * 40), whole)


@each_run
@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("step", [0, 1, 17, 40])
def test_a_checkpoint_continues_the_run(begin: Begin, precision: Precision, step: int) -> None:
    spec = begin(precision=precision)
    saved = after(spec, lambda s: s.advance(step)).checkpoint()
    assert saved.step == step
    continued = Simulation(spec, saved)
    continued.advance(40 - step)
    assert_same_run(continued, after(spec, lambda s: s.advance(40)))


def test_a_checkpoint_is_a_copy() -> None:
    simulation = Simulation(start(NOISY))
    saved = simulation.checkpoint()
    before = saved.state.copy()
    simulation.advance(3)
    assert_same_bits(saved.state, before)
    resumed = Simulation(simulation.spec, saved)
    resumed.advance(1)
    assert_same_bits(saved.state, before)


@each_run
@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_new_spec_continues_from_a_state_and_its_step(begin: Begin, precision: Precision) -> None:
    spec = begin(precision=precision)
    first = after(spec, lambda s: s.advance(17))
    second = Simulation(replace(spec, initial_state=first.state.copy(), initial_step=17, steps=23))
    second.advance(23)
    whole = after(spec, lambda s: s.advance(40))
    assert second.step == whole.step
    assert_same_bits(second.state, whole.state)
    assert first.growth_events + second.growth_events == whole.growth_events


def test_the_step_of_the_initial_state_decides_the_events_that_follow() -> None:
    spec = start(NOISY)
    state = spec.model.initial_state(3, (19, 26))
    early, late = (run(replace(spec, initial_state=state, initial_step=step), 5) for step in (0, 17))
    assert not np.array_equal(early[0], late[0])


@settings(max_examples=60)
@given(st.sampled_from(RUNS), st.sampled_from(PRECISIONS), advances(steps=9, units=120, bands=24))
def test_no_mixture_of_steps_units_and_bands_changes_a_bit_of_state_or_history(
    begin: Begin, precision: Precision, mixture: list[tuple[str, int]]
) -> None:
    spec = begin(precision=precision)
    simulation, whole = Simulation(spec, watched=1), Simulation(spec, watched=1)
    for kind, amount in mixture:
        advance_by(simulation, kind, amount)
    whole.advance(simulation.step)
    assert_same_run(simulation, whole)


@each_run
@pytest.mark.parametrize("portion", [1, 2, 7, 18, 19, 75, 76, 200])
def test_a_step_made_in_portions_is_the_same_step(begin: Begin, portion: int) -> None:
    simulation = Simulation(begin())
    done = []
    while simulation.step < 3:
        before = simulation.step
        done.append(simulation.advance_units(portion))
        # As much as was asked for, unless the step has ended.
        assert done[-1] >= portion or simulation.step == before + 1
    assert sum(done) == 3 * simulation.units_per_step
    assert_same_run(simulation, after(simulation.spec, lambda s: s.advance(3)))


def test_a_unit_of_an_explicit_step_is_a_row_of_a_stage() -> None:
    for stepper, stages in ((Stepper.EULER, 1), (Stepper.RK4, 4)):
        simulation = Simulation(start(ALL_MODELS[1](), stepper))
        assert simulation.units_per_step == 19 * stages
        calls = 0
        while simulation.step < 2:
            assert simulation.advance_units(1) == 1
            calls += 1
        assert calls == 2 * 19 * stages


def test_until_all_units_are_done_the_state_is_the_old_one() -> None:
    simulation = Simulation(start(ALL_MODELS[0]()))
    before = simulation.state.copy()
    simulation.advance_units(18)
    assert simulation.step == simulation.growth_events == 0
    assert_same_bits(simulation.state, before)
    assert_same_bits(simulation.checkpoint().state, before)
    simulation.advance_units(1)
    assert simulation.step == 1
    assert not np.array_equal(simulation.state, before)


def test_advancing_completes_a_step_begun_in_units() -> None:
    spec = start(ALL_MODELS[0]())
    assert_same_run(
        after(spec, lambda s: s.advance_units(5), lambda s: s.advance(10)), after(spec, lambda s: s.advance(10))
    )


@each_run
@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize(("bands", "threads"), [(1, 1), (2, 2), (3, 2), (7, 4), (19, 8), (64, 3)])
def test_neither_bands_nor_threads_change_a_bit(begin: Begin, precision: Precision, bands: int, threads: int) -> None:
    spec = begin(precision=precision)
    with ThreadPoolExecutor(threads) as pool:
        simulation = after(spec, lambda s: s.advance_in_bands(20, bands, pool.map))
    assert_same_run(simulation, after(spec, lambda s: s.advance(20)))


def test_bands_of_a_jittered_run_are_whole_blocks_and_change_no_bit() -> None:
    """A block of jitter is 16 rows of 4,096 cells: three blocks among two bands, portions of rows, and whole steps."""
    spec = make_spec(NOISY, shape=(40, 4096), seed=3)
    whole = after(spec, lambda s: s.advance(2))
    with ThreadPoolExecutor(2) as pool:
        assert_same_run(after(spec, lambda s: s.advance_in_bands(2, 2, pool.map)), whole)
    in_units = Simulation(spec)
    done = []
    while in_units.step < 2:
        done.append(in_units.advance_units(1))
    assert done == [16, 16, 8] * 2
    assert_same_run(in_units, whole)


def bands_of(simulation: Simulation, count: int) -> list[range]:
    seen: list[range] = []

    def share_out(update: Callable[[range], None], parts: Iterable[range]) -> Iterable[None]:
        seen.extend(parts)
        return map(update, seen)

    simulation.advance_in_bands(1, count, share_out)
    return seen


@pytest.mark.parametrize("count", [1, 2, 5, 19, 40])
def test_bands_cover_every_row_once_and_evenly(count: int) -> None:
    bands = bands_of(Simulation(start(ALL_MODELS[1]())), count)
    assert len(bands) == min(count, 19)
    assert [row for band in bands for row in band] == list(range(19))
    assert max(map(len, bands)) - min(map(len, bands)) <= 1


def test_advancing_by_nothing_changes_nothing() -> None:
    simulation = Simulation(start(NOISY))
    before = simulation.state.copy()
    simulation.advance(0)
    assert simulation.step == 0
    assert_same_bits(simulation.state, before)


def test_a_long_run_is_the_same_across_the_blocks_of_a_march() -> None:
    """Marches end, and blocks of events change, after 1,024 steps."""
    spec = make_spec(Mycelium(), shape=(8, 8), seed=9)
    steps = 2 * MAX_MARCH_STEPS + 100
    pieces = [1, MAX_MARCH_STEPS - 2, 3, MAX_MARCH_STEPS, 98]
    assert sum(pieces) == steps
    sliced = after(spec, *[lambda s, n=n: s.advance(n) for n in pieces])
    whole = after(spec, lambda s: s.advance(steps))
    assert_same_run(sliced, whole)
    assert 0.2 * steps < whole.growth_events < 0.3 * steps


@each_run
def test_another_seed_is_another_run(begin: Begin) -> None:
    states = [run(begin(seed=seed), 5) for seed in (0, 1, 2**63 - 1)]
    for one, other in pairwise([*states, states[0]]):
        assert all((one[s] != other[s]).mean() > 0.5 for s in range(len(one)))


@each_run
def test_numpys_global_random_state_is_neither_read_nor_moved(begin: Begin) -> None:
    def seeded(seed: int) -> Array:
        np.random.seed(seed)  # noqa: NPY002 # the global generator is the subject
        before = np.random.get_state(legacy=False)["state"]["key"].tolist()  # noqa: NPY002 # the same
        state = run(begin(), 10)
        assert np.random.get_state(legacy=False)["state"]["key"].tolist() == before  # noqa: NPY002 # the same
        return state

    assert_same_bits(seeded(1), seeded(2))


def test_the_reference_starts_where_the_spec_does() -> None:
    spec = start(NOISY)
    first = simulate_reference(spec, 5)
    second = simulate_reference(replace(spec, initial_state=first, initial_step=5), 5)
    assert_same_bits(second, simulate_reference(spec, 10))
    assert_same_bits(second, run(spec, 10))


def test_a_checkpoint_counts_on_from_its_growth_events() -> None:
    spec = start(replace(NOISY, spike_probability=1.0))
    simulation = Simulation(spec, Checkpoint(6, Simulation(spec).state.copy(), 1000))
    simulation.advance(10)
    assert (simulation.step, simulation.growth_events) == (16, 1010)


def test_the_bytes_of_a_state_are_those_of_its_buffers() -> None:
    for begin in RUNS:
        for precision in PRECISIONS:
            spec = begin(precision=precision)
            assert state_bytes(spec) == sum(buffer.nbytes for buffer in Simulation(spec)._buffers)
    grid, state = {"shape": (100, 200), "boundaries": (PERIODIC, PERIODIC)}, 2 * 102 * 202 * 8
    sizes = [state_bytes(start(ALL_MODELS[1](), stepper, **grid)) for stepper in Stepper]
    assert sizes == [2 * state, 4 * state, 2 * state + 2 * 100 * 101 * 16]


def test_after_warming_up_nothing_compiles() -> None:
    def compiled() -> dict[str, int]:
        return {kernel.__qualname__: len(kernel.signatures) for kernel in [*compiled_kernels(), watch_rows, watch_step]}

    warm_up()
    before = compiled()
    assert min(before.values()) >= 1
    assert sorted(before.values())[1] >= len(PRECISIONS)  # closing a step knows doubles only
    for begin in RUNS:
        for precision in PRECISIONS:
            for boundary in BOUNDARY_NAMES:
                try_all_ways(begin, precision, boundary)
    assert compiled() == before


def try_all_ways(begin: Begin, precision: Precision, boundary: str) -> None:
    """Advance a spec by every method, watched and not, from states of another type and layout."""
    spec = begin(precision=precision)
    if spec.stepper is not Stepper.SEMI_IMPLICIT:
        spec = replace(spec, boundaries=boundaries_of(spec.model)[boundary])
    given = np.asfortranarray(Simulation(spec).state.astype(np.float32))
    simulation = Simulation(replace(spec, initial_state=given, initial_step=1023), watched=1)
    simulation.advance(3)
    simulation.advance_units(7)
    simulation.advance_in_bands(2, 3, map)
    Simulation(spec, simulation.checkpoint()).advance(1)
