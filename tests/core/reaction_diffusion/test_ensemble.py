"""Ensembles, member by member, against simulations of their own."""

import pickle
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from mfn_grpc.core.reaction_diffusion import (
    Ensemble,
    GrayScott,
    Members,
    Mycelium,
    Precision,
    Simulation,
    SimulationSpec,
    Stepper,
)
from tests.core.reaction_diffusion.cases import NO_FLUX, PRECISIONS, assert_same_bits, make_spec, rough_state

SEEDS = 4, 9, 0, 2**40, 9
SPECS = [
    make_spec(GrayScott(), shape=(16, 21)),
    make_spec(GrayScott(), shape=(16, 21), boundaries=(NO_FLUX, NO_FLUX), stepper=Stepper.RK4),
    make_spec(GrayScott(), shape=(8, 8), stepper=Stepper.SEMI_IMPLICIT),
    make_spec(Mycelium(spike_probability=0.8), shape=(12, 9)),
    make_spec(Mycelium(quantum_jitter=True, jitter_var=1.0), shape=(12, 9)),
]
NAMES = ["euler", "rk4", "semi_implicit", "events", "jitter"]


def alone(spec: SimulationSpec, seed: int, steps: int) -> Simulation:
    simulation = Simulation(replace(spec, seed=seed))
    simulation.advance(steps)
    return simulation


def assert_each_is_a_simulation(ensemble: Ensemble, members: Members, steps: int) -> None:
    assert members.step == ensemble.spec.first_step + steps
    assert len(members.states) == len(members.growth_events) == len(ensemble.seeds)
    for seed, state, events in zip(ensemble.seeds, members.states, members.growth_events, strict=True):
        expected = alone(ensemble.spec, seed, steps)
        assert_same_bits(state, expected.state)
        assert events == expected.growth_events


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("spec", SPECS, ids=NAMES)
def test_each_member_is_the_simulation_of_its_seed(spec: SimulationSpec, precision: Precision) -> None:
    ensemble = Ensemble(replace(spec, precision=precision), SEEDS)
    members = ensemble.begin()
    assert_each_is_a_simulation(ensemble, members, 0)
    for steps in (7, 20):
        members = ensemble.advance(members, steps - members.step)
        assert_each_is_a_simulation(ensemble, members, steps)


@pytest.mark.parametrize(("parts", "threads"), [(1, 1), (2, 2), (3, 2), (5, 5), (9, 2)])
@pytest.mark.parametrize("spec", SPECS, ids=NAMES)
def test_neither_parts_nor_threads_change_a_bit(spec: SimulationSpec, parts: int, threads: int) -> None:
    ensemble = Ensemble(spec, SEEDS)
    with ThreadPoolExecutor(threads) as pool:
        members = ensemble.advance(ensemble.begin(), 11, parts, pool.map)
    assert_each_is_a_simulation(ensemble, members, 11)


def test_parts_hold_every_member_once_and_none_is_empty() -> None:
    ensemble, seen = Ensemble(SPECS[0], tuple(range(7))), list[range]()

    def run(work: Callable[[range], None], parts: Iterable[range]) -> list[None]:
        seen.extend(parts)
        return []

    for parts in (1, 2, 3, 7, 20):
        seen.clear()
        ensemble.advance(ensemble.begin(), 1, parts, run)
        assert [number for part in seen for number in part] == list(range(7))
        assert len(seen) == min(parts, 7)
        assert max(map(len, seen)) - min(map(len, seen)) <= 1


def test_members_with_states_of_their_own_go_on_from_them() -> None:
    ensemble = Ensemble(make_spec(Mycelium(spike_probability=1.0), shape=(12, 9)), (1, 2))
    states = np.stack([rough_state(Mycelium(), (12, 9), seed) for seed in (5, 6)])
    kept = states.copy()
    later = ensemble.advance(Members(30, states, np.array([3, 4])), 10)
    assert_same_bits(states, kept)
    for number, seed in enumerate(ensemble.seeds):
        given = replace(ensemble.spec, seed=seed, initial_state=states[number], initial_step=30)
        assert_same_bits(later.states[number], alone(given, seed, 10).state)
    assert later.growth_events.tolist() == [13, 14]


def test_an_ensemble_and_its_members_survive_a_pickle() -> None:
    ensemble = Ensemble(SPECS[3], SEEDS)
    other, members = pickle.loads(pickle.dumps((ensemble, ensemble.begin())))
    assert other == ensemble
    assert_each_is_a_simulation(other, other.advance(members, 5), 5)


def test_an_ensemble_without_members_has_none_later() -> None:
    ensemble = Ensemble(SPECS[0], ())
    assert ensemble.advance(ensemble.begin(), 5, 2).states.shape == (0, 2, 16, 21)
