"""The task of the training cycle: from the features of a field, tell how fast its potential spreads.

Every field is a short run of the mycelium model whose parameters are drawn from the field's own seed. The diffusion
number alpha is the target. How often the field grows and how strongly its activator raises it vary as well, and are
not told: no one feature gives the answer away.
"""

from typing import NamedTuple

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.features import FEATURE_NAMES, Thresholds, measure
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.randomness import Stream, generator
from mfn_grpc.core.reaction_diffusion import Mycelium, Simulation, SimulationSpec

FIELDS = 192
SHAPE = 32, 32
STEPS = 200

ALPHA = 0.02, 0.22
SPIKE_PROBABILITY = 0.1, 0.9
COUPLING_MV = 0.0, 4.0
# Below the activator's steady state of 1.1: the coupling acts from the first step, a pattern would take thousands.
THRESHOLD = 1.0

_SEEDS = 2**63
_TEST_SHARE = 3


class Samples(NamedTuple):
    """What was measured of fields: seeds int64 [n], inputs float64 [n, 18], targets (alpha) float64 [n].

    last_potential_mv: the field of the last seed, float64 [rows, cols]. growth_events: of all fields.
    """

    seeds: Array
    inputs: Array
    targets: Array
    last_potential_mv: Array
    growth_events: int


def field_seeds(seed: int) -> Array:
    """The seeds of a cycle's fields, int64 [FIELDS]: consecutive, all different, shared with no nearby cycle."""
    return np.array([(seed * FIELDS + i) % _SEEDS for i in range(FIELDS)], dtype=np.int64)


def is_test(seeds: Array) -> Array:
    """Which fields are for testing, bool: every third seed, so that a field's side follows from its seed alone."""
    return np.asarray(seeds % _TEST_SHARE == 0)


def draw(field_seed: int) -> Mycelium:
    """The parameters of one field, each uniform over its range."""
    rng = generator(field_seed, Stream.FIELD_PARAMETERS)
    return Mycelium(
        alpha=float(rng.uniform(*ALPHA)),
        spike_probability=float(rng.uniform(*SPIKE_PROBABILITY)),
        turing_coupling_mv=float(rng.uniform(*COUPLING_MV)),
        turing_threshold=THRESHOLD,
    )


def field_spec(field_seed: int) -> SimulationSpec:
    """The run of one field."""
    return SimulationSpec(draw(field_seed), steps=STEPS, shape=SHAPE, seed=field_seed)


def simulate_samples(seeds: Array) -> Pieces[Samples]:
    """Run and measure the field of each seed; a pause after each."""
    inputs, targets = np.empty((len(seeds), len(FEATURE_NAMES))), np.empty(len(seeds))
    potential, events = np.empty(SHAPE), 0
    for i, seed in enumerate(seeds.tolist()):
        simulation = Simulation(field_spec(seed), watched=0)
        simulation.advance(STEPS)
        potential = simulation.state[0]
        measured = yield from measure(potential, simulation.history, Thresholds())
        inputs[i], targets[i] = measured.features.as_array(), draw(seed).alpha
        events += simulation.growth_events
        yield
    return Samples(seeds, inputs, targets, potential.copy(), events)
