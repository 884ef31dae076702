"""Checks of what must not change: totals, tilings, symmetries, and the bits of the kernels beside plain numpy."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import product

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.reaction_diffusion import (
    MODELS,
    AxisBoundary,
    BoundaryCondition,
    BoundaryKind,
    GrayScott,
    Model,
    Mycelium,
    Precision,
    SimulationSpec,
    Stepper,
    simulate_reference,
)
from mfn_grpc.core.validation.checks import CheckSpec, Measure, Suite
from mfn_grpc.core.validation.measuring import differing, final_state, random_numbers

PERIODIC = AxisBoundary()
INSULATED = BoundaryCondition(BoundaryKind.NO_FLUX)
NO_FLUX = AxisBoundary(INSULATED, INSULATED)
STEPS = 20

check = partial(CheckSpec, suite=Suite.REACTION_DIFFUSION)
count = partial(
    check, expected=0.0, tolerance=0.0, unit="values", why_this_tolerance="a count of values whose bits differ"
)
drift = partial(
    check,
    expected=0.0,
    tolerance=1e-13,
    unit="1",
    why_this_tolerance="500 steps round each cell by 1e-16, at random: some 1e-15 of the total",
)

# Random events have a place, so only the model without them has the symmetries of the grid.
SYMMETRIC: tuple[Model, ...] = tuple(
    Mycelium(spike_probability=0.0) if model is Mycelium else model() for model in MODELS.values()
)


def rough_state(model: Model, shape: tuple[int, int], seed: int) -> Array:
    """Uniform noise far from the steady states, where no model runs away."""
    rng = random_numbers(seed)
    state = rng.uniform(0.2, 0.6, (len(model.species), *shape))
    if isinstance(model, Mycelium):
        state[0] = rng.uniform(-90.0, 30.0, shape)
    return state


def after_steps(model: Model, state: Array, axes: AxisBoundary = PERIODIC) -> Pieces[Array]:
    """A state after STEPS steps of a model."""
    shape = state.shape[1], state.shape[2]
    initial = np.ascontiguousarray(state)
    return (
        yield from final_state(
            SimulationSpec(model, shape=shape, boundaries=(axes, axes), initial_state=initial), STEPS
        )
    )


def mirrored(quarter: Array) -> Array:
    """A state beside its mirror images, [species, 2 rows, 2 cols]."""
    half = np.concatenate([quarter, quarter[:, ::-1]], axis=1)
    return np.concatenate([half, half[:, :, ::-1]], axis=2)


def _tiled(state: Array) -> Array:
    return np.tile(state, (1, 2, 2))


def _commutes(change: Callable[[Array], Array], shape: tuple[int, int]) -> Measure:
    """Values that differ between stepping what was changed and changing what was stepped, over all models."""

    def measure(seed: int) -> Pieces[float]:
        found = 0
        for model in SYMMETRIC:
            state = rough_state(model, shape, seed)
            changed_first = yield from after_steps(model, change(state))
            stepped_first = yield from after_steps(model, state)
            found += differing(changed_first, change(stepped_first))
        return found

    return measure


def _drift(model: GrayScott, species: slice, axes: AxisBoundary) -> Measure:
    """Relative change over 500 steps of the total over some species."""

    def measure(seed: int) -> Pieces[float]:
        start = random_numbers(seed).uniform(0.0, 1.0, (2, 48, 40))
        if species == slice(1):
            start[1] = 0.0
        # With dt = 1 a cell would convert more u than it holds where v exceeds 1, and the run would overflow.
        spec = SimulationSpec(model, shape=(48, 40), dt=0.25, boundaries=(axes, axes), initial_state=start)
        before, after = (math.fsum(state[species].ravel()) for state in (start, (yield from final_state(spec, 500))))
        return (after - before) / before

    return measure


def _reference_specs(seed: int) -> Iterator[SimulationSpec]:
    """Every model in both precisions by every explicit stepper, insulated along one axis, with events and jitter."""
    for index, model in enumerate(MODELS.values()):
        full = Mycelium(quantum_jitter=True) if model is Mycelium else model()
        axes = (PERIODIC, NO_FLUX) if index % 2 else (NO_FLUX, PERIODIC)
        steppers = (Stepper.EULER,) if model is Mycelium else (Stepper.EULER, Stepper.RK4)
        for precision, stepper in product(Precision, steppers):
            spec = SimulationSpec(full, shape=(24, 31), boundaries=axes, seed=seed, precision=precision)
            yield replace(spec, stepper=stepper)


def _against_reference(seed: int) -> Pieces[float]:
    found = 0
    for spec in _reference_specs(seed):
        started = replace(spec, initial_state=rough_state(spec.model, (24, 31), seed).astype(spec.dtype))
        found += differing((yield from final_state(started, STEPS)), simulate_reference(started, STEPS))
    return found


CONSERVED = GrayScott(feed=0.0, kill=0.0)

CHECKS = (
    drift(
        name="conservation_gray_scott",
        description="Relative drift of the total of u + v in 500 steps of Gray-Scott with F = k = 0 on a torus.",
        measure=_drift(CONSERVED, slice(2), PERIODIC),
        reference="the rates of u and v are opposite when F = k = 0; diffusion moves without making",
        in_quick=True,
    ),
    drift(
        name="conservation_no_flux",
        description="Relative drift of the total of u in 500 steps of diffusion between insulated walls.",
        measure=_drift(CONSERVED, slice(1), NO_FLUX),
        reference="the divergence theorem with no flux through the walls",
        in_quick=True,
    ),
    count(
        name="tiling_2x2",
        description="Values of an n x n run tiled 2 x 2 that differ from the 2n x 2n run of the tiling, all models.",
        measure=_commutes(_tiled, (24, 24)),
        reference="translation invariance of a periodic grid, bit for bit",
        in_quick=True,
    ),
    count(
        name="rotation_commutes",
        description="Values that differ between turning a field by 90 degrees before and after 20 steps, all models.",
        measure=_commutes(lambda state: np.rot90(state, axes=(1, 2)), (20, 31)),
        reference="neighbours are summed (N + S) + (W + E), and float addition commutes",
        in_quick=True,
    ),
    count(
        name="translation_commutes",
        description="Values that differ between shifting a field around the torus before and after 20 steps.",
        measure=_commutes(lambda state: np.roll(state, (5, -9), axis=(1, 2)), (20, 31)),
        reference="translation invariance of a periodic grid, bit for bit",
        in_quick=True,
    ),
    count(
        name="reflection_commutes",
        description="Values that differ between reflecting a field before and after 20 steps, all models.",
        measure=_commutes(lambda state: state[:, ::-1], (20, 31)),
        reference="neighbours are summed (N + S) + (W + E), and float addition commutes",
        in_quick=True,
    ),
    count(
        name="kernels_equal_references",
        description="Values after 20 EULER or RK4 steps that differ between kernels and plain numpy, all models.",
        measure=_against_reference,
        reference="the same IEEE operations in the same order give the same bits",
        in_quick=True,
    ),
)
