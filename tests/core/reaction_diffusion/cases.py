"""What the tests of this folder share: specs, boundaries, and the models' equations as their sources print them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mfn_grpc.core.limits import InvalidInput
from mfn_grpc.core.reaction_diffusion import (
    MODELS,
    AxisBoundary,
    BoundaryCondition,
    BoundaryKind,
    Brusselator,
    FitzhughNagumo,
    GiererMeinhardt,
    GrayScott,
    Model,
    Mycelium,
    Precision,
    Schnakenberg,
    Simulation,
    SimulationSpec,
    Stepper,
    validate,
)
from mfn_grpc.core.reaction_diffusion.kernels.ghosts import fill_ghosts
from mfn_grpc.core.reaction_diffusion.programs.kernels import march_of, reaction_of, wavefront_of
from mfn_grpc.core.reaction_diffusion.spec import steppers_of

Array = NDArray[np.floating[Any]]
Rates = Callable[[Any, Any, Any], tuple[Any, Any]]

ALL_MODELS: list[type[Model]] = list(MODELS.values())
TWO_SPECIES: list[type[Model]] = [model for model in ALL_MODELS if model is not Mycelium]
PRECISIONS = list(Precision)

EXPLICIT = [Stepper.EULER, Stepper.RK4]
BY_MODEL_AND_STEPPER = [(model, stepper) for model in ALL_MODELS for stepper in steppers_of(model)]

PERIODIC = AxisBoundary()
INSULATED = BoundaryCondition(BoundaryKind.NO_FLUX)
NO_FLUX = AxisBoundary(INSULATED, INSULATED)

# The reaction rates as printed in the literature, powers and all; rounding differs from the library's.
RATES: dict[type[Model], Rates] = {
    GrayScott: lambda m, u, v: (-u * v**2 + m.feed * (1 - u), u * v**2 - (m.feed + m.kill) * v),
    Schnakenberg: lambda m, u, v: (m.a - u + u**2 * v, m.b - u**2 * v),
    GiererMeinhardt: lambda m, u, v: (m.a - u + u**2 / v, u**2 - v),
    Brusselator: lambda m, u, v: (m.a - (m.b + 1) * u + u**2 * v, m.b * u - u**2 * v),
    FitzhughNagumo: lambda m, u, v: (u - u**3 / 3 - v + m.current, (u + m.a - m.b * v) / m.tau),
    Mycelium: lambda m, u, v: (
        m.reaction_rate * (m.activator_source - u + u**2 / v),
        m.reaction_rate * (u**2 - v),
    ),
}


SMALL = SimulationSpec(GrayScott(), shape=(8, 9))


def compiled_kernels() -> list[Any]:
    """Every kernel of the library's simulations, compiled or not."""
    marching = [march_of(model.name, stepper) for model, stepper in BY_MODEL_AND_STEPPER if stepper in EXPLICIT]
    reacting = [reaction_of(model.name) for model, stepper in BY_MODEL_AND_STEPPER if stepper not in EXPLICIT]
    return [fill_ghosts, *reacting, *marching, *(wavefront_of(model.name) for model in ALL_MODELS)]


def fixed(*values: float) -> BoundaryCondition:
    return BoundaryCondition(BoundaryKind.FIXED, values)


def levels(model: Model | type[Model], shift: float) -> BoundaryCondition:
    """A fixed edge with another value for each species, near where the model lives."""
    typical = (-60.0, 1.2, 1.3) if model.name == Mycelium.name else (1.0, 1.1)
    return fixed(*(value + shift for value in typical))


def boundaries_of(model: Model | type[Model]) -> dict[str, tuple[AxisBoundary, AxisBoundary]]:
    """Boundaries along rows and columns; every kind at every side, and unlike kinds at the two ends."""
    walls = AxisBoundary(levels(model, 0.05), levels(model, -0.1))
    mixed = AxisBoundary(INSULATED, levels(model, 0.15)), AxisBoundary(levels(model, -0.2), INSULATED)
    return {
        "periodic": (PERIODIC, PERIODIC),
        "no_flux": (NO_FLUX, NO_FLUX),
        "fixed": (walls, walls),
        "mixed": mixed,
        "periodic_and_mixed": (PERIODIC, mixed[0]),
        "fixed_and_periodic": (walls, PERIODIC),
    }


BOUNDARY_NAMES = list(boundaries_of(GrayScott))


def make_spec(model: Model, **settings: Any) -> SimulationSpec:
    """A spec that `validate` has passed."""
    spec = SimulationSpec(model, **settings)
    validate(spec)
    return spec


def faults(spec: SimulationSpec, kind: type[InvalidInput] = InvalidInput) -> dict[str, str]:
    """What `validate` says of each field; the spec is refused with exactly this kind of error."""
    with pytest.raises(InvalidInput) as caught:
        validate(spec)
    assert type(caught.value) is kind
    found = {violation.field: violation.description for violation in caught.value.violations}
    assert len(found) == len(caught.value.violations)
    return found


def only_fault(spec: SimulationSpec, field: str) -> str:
    """What `validate` says of the one field that it refuses."""
    found = faults(spec)
    assert list(found) == [field]
    return found[field]


def is_accepted(spec: SimulationSpec, *, stable: bool = True) -> bool:
    """Whether the spec is valid; anything but InvalidInput escapes."""
    try:
        validate(spec, stable=stable)
    except InvalidInput:
        return False
    return True


def quiet(**settings: Any) -> Mycelium:
    """A mycelium without growth events."""
    return Mycelium(**{"spike_probability": 0.0} | settings)


def gentle_dt(model: Model, spacing: tuple[float, ...]) -> float | None:
    """A dt well inside the stability limit on any spacing; None where the model allows its own only."""
    if isinstance(model, Mycelium):
        return None
    diffusion = max(model.turing_system().diffusion)
    return min(0.5 * model.default_dt, 0.1 / (diffusion * sum(1 / dx**2 for dx in spacing)))


def rough_state(model: Model, shape: tuple[int, ...], seed: int = 0) -> NDArray[np.float64]:
    """Uniform noise far from any steady state, from a generator that the library does not use."""
    rng = np.random.default_rng(seed)
    state = rng.uniform(0.5, 1.5, (len(model.species), *shape))
    if isinstance(model, Mycelium):
        state[0] = rng.uniform(-94, 39, shape)
    return state


def run(spec: SimulationSpec, steps: int | None = None) -> Array:
    """The state after `steps` steps, by default all of the spec's."""
    simulation = Simulation(spec)
    simulation.advance(spec.steps if steps is None else steps)
    return simulation.state


def jacobian_of(model: Model, u: float, v: float) -> NDArray[np.float64]:
    """Complex-step derivative of the printed rates: exact to roundoff, no difference is taken."""
    step = 1e-30
    columns = [RATES[type(model)](model, u + du * 1j, v + dv * 1j) for du, dv in ((step, 0), (0, step))]
    return np.array([[np.imag(rate) / step for rate in column] for column in columns]).T


def amplification(matrix: np.ndarray, diffusion: np.ndarray, dt: float, stepper: Stepper) -> np.ndarray:
    """What one step multiplies perturbations by: J and mu D apart as matrices, of any size."""
    one, step = np.eye(matrix.shape[-1]), np.asarray(dt * (matrix - diffusion))
    if stepper is Stepper.EULER:
        return np.asarray(one + step)
    if stepper is Stepper.RK4:
        second = step @ step
        return np.asarray(one + step + second / 2 + second @ step / 6 + second @ second / 24)
    return np.asarray(np.linalg.solve(one + dt * diffusion, one + dt * matrix))


def assert_same_bits(actual: Array, expected: Array) -> None:
    assert actual.shape == expected.shape
    assert actual.dtype == expected.dtype
    differing = int(np.count_nonzero(actual != expected))
    assert actual.tobytes() == expected.tobytes(), f"{differing} of {actual.size} values differ"
