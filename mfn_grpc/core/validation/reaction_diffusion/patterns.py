"""Checks of patterns that stand: their wavelengths, and what the mycelium's does to its potential."""

from functools import partial

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.reaction_diffusion import Mycelium, Schnakenberg, SimulationSpec
from mfn_grpc.core.validation.checks import CheckSpec, Relation, Suite
from mfn_grpc.core.validation.expected import turing
from mfn_grpc.core.validation.measuring import final_state

DESIGN = "design choice of the model, docs/science.md"
CROSS_HOHENBERG = "Cross & Hohenberg, Rev. Mod. Phys. 65:851 (1993)"

PATTERN_EDGE, PATTERN_STEPS = 128, 7000
MYCELIUM_EDGE, MYCELIUM_STEPS = 96, 6000

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


CHECKS = (
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
