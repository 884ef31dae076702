"""Checks of the mycelium's potential: its leak, diffusion and coupling, its range, its events and its noise."""

import math
from functools import partial

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.reaction_diffusion import Mycelium, Simulation, SimulationSpec
from mfn_grpc.core.validation.checks import CheckSpec, Measure, Suite
from mfn_grpc.core.validation.expected import mycelium as expected
from mfn_grpc.core.validation.expected import turing
from mfn_grpc.core.validation.expected.turing import HEAT_EDGE, HEAT_MODE
from mfn_grpc.core.validation.measuring import advance_in_pieces, final_state
from mfn_grpc.core.validation.reaction_diffusion.growth import amplitude, wave

DESIGN = "design choice of the model, docs/science.md"

# Neither diffusion nor leak nor pattern: only what falls on a cell changes it.
STILL = Mycelium(alpha=0.0, leak_rate=0.0, turing_enabled=False, spike_probability=0.0)
QUIET = Mycelium(spike_probability=0.0)
LINEAR = Mycelium(turing_enabled=False, spike_probability=0.0)

check = partial(CheckSpec, suite=Suite.REACTION_DIFFUSION)


def _level(model: Mycelium, potential_mv: float, edge: int, seed: int, *, bumps: Array | float = 0.0) -> Simulation:
    """A simulation that starts with one potential everywhere, and `bumps` [edge, edge] in mV on it."""
    state = np.empty((3, edge, edge))
    state[0], state[1], state[2] = potential_mv + bumps, *turing.GIERER_MEINHARDT.steady
    return Simulation(SimulationSpec(model, shape=(edge, edge), seed=seed, initial_state=state))


def _leaked(seed: int) -> Pieces[float]:
    simulation = _level(LINEAR, expected.LEAK_START_MV, 16, seed)
    yield from advance_in_pieces(simulation, expected.LEAK_STEPS)
    return float(simulation.state[0, 3, 4])


def _wave_factor(seed: int) -> Pieces[float]:
    """Of a wave about rest, without pattern and events."""
    shape = wave(HEAT_MODE, HEAT_EDGE)
    simulation = _level(LINEAR, expected.REST_MV, HEAT_EDGE, seed, bumps=expected.WAVE_MV * shape)
    yield from advance_in_pieces(simulation, 1)
    return amplitude(simulation.state[0] - expected.REST_MV, shape) / expected.WAVE_MV


def _under_activator(level: float) -> Measure:
    """The potential of a cell one step after rest, with one level of the activator everywhere."""

    def measure(seed: int) -> Pieces[float]:
        state = np.stack([np.full((8, 8), value) for value in (expected.REST_MV, level, 1.0)])
        spec = SimulationSpec(QUIET, shape=(8, 8), seed=seed, initial_state=state)
        return float((yield from final_state(spec, 1))[0, 3, 4])

    return measure


def _extreme(model: Mycelium, start_mv: float, *, highest: bool) -> Measure:
    """The largest or smallest potential that any cell has in 600 steps."""

    def measure(seed: int) -> Pieces[float]:
        simulation, extremes = _level(model, start_mv, 8, seed), []
        for _ in range(600):
            simulation.advance(1)
            extremes.append(float(simulation.state[0].max() if highest else simulation.state[0].min()))
        yield
        return max(extremes) if highest else min(extremes)

    return measure


def _event_rate(seed: int) -> Pieces[float]:
    simulation = _level(Mycelium(), expected.REST_MV, 4, seed)
    yield from advance_in_pieces(simulation, 20_000)
    return simulation.growth_events / 20_000


def _rise(seed: int) -> Pieces[float]:
    """Mean rise of a growth event; of 400 on 128 x 128 cells few fall on one cell, none reaches the upper end."""
    simulation = _level(
        Mycelium(alpha=0.0, leak_rate=0.0, turing_enabled=False, spike_probability=1.0), -70.0, 128, seed
    )
    yield from advance_in_pieces(simulation, 400)
    return float((simulation.state[0] - expected.REST_MV).sum() / 400)


def _jitter_spread(seed: int) -> Pieces[float]:
    noisy = Mycelium(turing_enabled=False, spike_probability=0.0, quantum_jitter=True)
    simulation = _level(noisy, expected.REST_MV, expected.JITTER_EDGE, seed)
    yield from advance_in_pieces(simulation, expected.JITTER_STEPS)
    return math.sqrt(float(np.mean((simulation.state[0] - expected.REST_MV) ** 2)))


CHECKS = (
    check(
        name="mycelium_leak",
        description="A level potential of -30 mV after 100 steps of leaking to rest: -70 + 40 * 0.98^100.",
        measure=_leaked,
        expected=expected.LEAKED_MV,
        tolerance=1e-11,
        unit="mV",
        why_this_tolerance="100 steps that round 70 mV by 1e-14 each",
        reference="geometric decay; " + DESIGN,
        in_quick=True,
    ),
    check(
        name="mycelium_wave_factor",
        description="One step's factor of the wave (3, 5) of the potential on 64 x 64 cells: 1 - leak - alpha mu.",
        measure=_wave_factor,
        expected=expected.WAVE_FACTOR,
        tolerance=1e-14,
        unit="1",
        why_this_tolerance="cells of 70 mV round by 1e-14 mV each, and the projection on a wave of 10 mV averages them",
        reference="eigenvalues of the five-point Laplacian: Strikwerda, Finite Difference Schemes, 2nd ed. (2004)",
        in_quick=True,
    ),
    check(
        name="mycelium_coupling",
        description="A potential at rest after one step under an activator of 3.5: -70 + coupling (3.5 - threshold).",
        measure=_under_activator(expected.ACTIVATOR_ABOVE),
        expected=expected.RAISED_MV,
        tolerance=0.0,
        unit="mV",
        why_this_tolerance="sums and products of halves, which float64 holds exactly",
        reference=DESIGN,
        in_quick=True,
    ),
    check(
        name="mycelium_below_threshold",
        description="The same under an activator of 1, below the threshold: it stays at rest.",
        measure=_under_activator(expected.ACTIVATOR_BELOW),
        expected=expected.REST_MV,
        tolerance=0.0,
        unit="mV",
        why_this_tolerance="nothing is added to the potential",
        reference=DESIGN,
        in_quick=True,
    ),
    check(
        name="mycelium_highest_mv",
        description="Largest potential of any cell in 600 steps with a growth event at each, 8 x 8 cells.",
        measure=_extreme(Mycelium(alpha=0.0, leak_rate=0.0, spike_probability=1.0), 0.0, highest=True),
        expected=expected.HIGHEST_MV,
        tolerance=0.0,
        unit="mV",
        why_this_tolerance="the potential is kept in its range exactly",
        reference=DESIGN,
        in_quick=True,
    ),
    check(
        name="mycelium_lowest_mv",
        description="Smallest potential of any cell in 600 steps of jitter of 5 mV that begin at -94 mV.",
        measure=_extreme(
            Mycelium(alpha=0.0, leak_rate=0.0, spike_probability=0.0, quantum_jitter=True, jitter_var=25.0),
            -94.0,
            highest=False,
        ),
        expected=expected.LOWEST_MV,
        tolerance=0.0,
        unit="mV",
        why_this_tolerance="the potential is kept in its range exactly",
        reference=DESIGN,
        in_quick=True,
    ),
    check(
        name="mycelium_event_rate",
        description="Growth events per step over 20000 steps at a probability of 0.25.",
        measure=_event_rate,
        expected=expected.SPIKE_PROBABILITY,
        tolerance=6 * math.sqrt(0.25 * 0.75 / 20_000),
        unit="1/step",
        why_this_tolerance="6 standard deviations of a binomial count: one seed in 5e8 fails by chance",
        reference="binomial distribution; " + DESIGN,
        in_quick=True,
    ),
    check(
        name="mycelium_rise",
        description="Mean rise of 400 growth events.",
        measure=_rise,
        expected=expected.RISE_MEAN_MV,
        tolerance=6 * expected.RISE_SPREAD_MV / 20,
        unit="mV",
        why_this_tolerance="6 standard deviations of the mean of 400 rises that spread by 5 mV",
        reference="law of large numbers; " + DESIGN,
        in_quick=True,
    ),
    check(
        name="mycelium_jitter_spread",
        description="Spread over the cells after 400 steps of the default jitter with diffusion and leak.",
        measure=_jitter_spread,
        expected=expected.JITTER_SPREAD_MV,
        tolerance=6 * expected.JITTER_SPREAD_ERROR_MV,
        unit="mV",
        why_this_tolerance="6 standard deviations of the sum of squares over the modes",
        reference="variance of a first-order autoregression for each Fourier mode; Parseval's theorem",
        in_quick=True,
    ),
)
