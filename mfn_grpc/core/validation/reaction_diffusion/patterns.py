"""Checks of patterns that stand, and of the mycelium model: its range, its events, its noise and its pattern."""

import math
from functools import partial

import numpy as np

from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.reaction_diffusion import Mycelium, Schnakenberg, Simulation, SimulationSpec
from mfn_grpc.core.validation.checks import CheckSpec, Measure, Relation, Suite
from mfn_grpc.core.validation.expected import mycelium as expected
from mfn_grpc.core.validation.expected import turing
from mfn_grpc.core.validation.measuring import Array, advance_in_pieces, final_state

DESIGN = "design choice of the model, docs/science.md"
CROSS_HOHENBERG = "Cross & Hohenberg, Rev. Mod. Phys. 65:851 (1993)"

PATTERN_EDGE, PATTERN_STEPS = 128, 7000
MYCELIUM_EDGE, MYCELIUM_STEPS = 96, 6000

# Neither diffusion nor leak nor pattern: only what falls on a cell changes it.
STILL = Mycelium(alpha=0.0, leak_rate=0.0, turing_enabled=False, spike_probability=0.0)
LINEAR = Mycelium(turing_enabled=False, spike_probability=0.0)

check = partial(CheckSpec, suite=Suite.REACTION_DIFFUSION)


def wavelength(field: Array) -> float:
    """Of the peak of the power spectrum of a square field, averaged over rings one wavenumber wide, in cells.

    A parabola through the logarithms refines the peak.
    """
    edge = len(field)
    power = np.abs(np.fft.fft2(field - field.mean())) ** 2
    numbers = np.fft.fftfreq(edge, 1 / edge)
    rings = np.rint(np.hypot.outer(numbers, numbers)).astype(int).ravel()
    spectrum = (np.bincount(rings, power.ravel()) / np.bincount(rings))[: edge // 2]
    peak = min(1 + int(spectrum[1:].argmax()), len(spectrum) - 2)
    if not spectrum[peak - 1 : peak + 2].all():
        raise ValueError("the field has no spectrum: it is uniform")
    below, top, above = np.log(spectrum[peak - 1 : peak + 2])
    return float(edge / (peak + 0.5 * (below - above) / (below - 2 * top + above)))


def _schnakenberg_wavelength(seed: int) -> Pieces[float]:
    spec = SimulationSpec(Schnakenberg(), shape=(PATTERN_EDGE, PATTERN_EDGE), seed=seed)
    return wavelength((yield from final_state(spec, PATTERN_STEPS))[0])


def _mycelium_final(seed: int, *, turing: bool) -> Pieces[Array]:
    shape = MYCELIUM_EDGE, MYCELIUM_EDGE
    return (
        yield from final_state(SimulationSpec(Mycelium(turing_enabled=turing), shape=shape, seed=seed), MYCELIUM_STEPS)
    )


def _mycelium_wavelength(seed: int) -> Pieces[float]:
    return wavelength((yield from _mycelium_final(seed, turing=True))[1])


def _mycelium_contrast(seed: int) -> Pieces[float]:
    return float((yield from _mycelium_final(seed, turing=True))[1].std())


def _turing_changes(seed: int) -> Pieces[float]:
    """Standard deviation of the difference between the potentials with and without the pattern."""
    with_pattern = yield from _mycelium_final(seed, turing=True)
    without = yield from _mycelium_final(seed, turing=False)
    return float(np.std(with_pattern[0] - without[0]))


def _level(model: Mycelium, potential_mv: float, edge: int, seed: int) -> Simulation:
    """A simulation that starts with one potential everywhere."""
    state = np.empty((3, edge, edge))
    state[0], state[1], state[2] = potential_mv, *turing.GIERER_MEINHARDT.steady
    return Simulation(SimulationSpec(model, shape=(edge, edge), seed=seed, initial_state=state))


def _leaked(seed: int) -> Pieces[float]:
    simulation = _level(LINEAR, expected.LEAK_START_MV, 16, seed)
    yield from advance_in_pieces(simulation, expected.LEAK_STEPS)
    return float(simulation.state[0, 3, 4])


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


PATTERNS = (
    check(
        name="pattern_wavelength_schnakenberg",
        description="Wavelength of the pattern that stands after 7000 steps, against the wave that grows fastest.",
        measure=_schnakenberg_wavelength,
        expected=turing.SCHNAKENBERG.fastest_wavelength,
        tolerance=0.1 * turing.SCHNAKENBERG.fastest_wavelength,
        unit="cells",
        why_this_tolerance="linear theory knows what grows first, not what stands: over seeds they differ by up to 6 %",
        reference=CROSS_HOHENBERG,
    ),
    check(
        name="pattern_wavelength_mycelium",
        description="Wavelength of the mycelium's activator after 6000 steps, against the wave that grows fastest.",
        measure=_mycelium_wavelength,
        expected=turing.MYCELIUM_PAIR.fastest_wavelength,
        tolerance=0.15 * turing.MYCELIUM_PAIR.fastest_wavelength,
        unit="cells",
        why_this_tolerance="at a ratio of 20, far above 8.2, the standing wave is up to 12 % shorter or longer",
        reference=CROSS_HOHENBERG,
    ),
    check(
        name="mycelium_pattern_contrast",
        description="Standard deviation of the mycelium's activator after 6000 steps, from 0.006 at the start.",
        measure=_mycelium_contrast,
        expected=0.5,
        tolerance=0.0,
        unit="1",
        why_this_tolerance="a bound, half of what is seen; a pair that forms no pattern falls below 0.001",
        reference="saturation of a Turing instability: " + CROSS_HOHENBERG,
        relation=Relation.AT_LEAST,
    ),
    check(
        name="mycelium_turing_changes_field",
        description="Standard deviation over the cells of what the pattern does to the potential after 6000 steps.",
        measure=_turing_changes,
        expected=1.0,
        tolerance=0.0,
        unit="mV",
        why_this_tolerance="a bound, a fifth of the field's spread; a pair without effect gives exactly 0",
        reference=DESIGN,
        relation=Relation.AT_LEAST,
    ),
)

MYCELIUM = (
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

CHECKS = (*PATTERNS, *MYCELIUM)
