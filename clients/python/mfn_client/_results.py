"""What calls return: frozen dataclasses with the contract's field names, numbers as numbers, enums as short words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from mfn_client._features import Features, UndefinedValue

Field = NDArray[Any]


@dataclass(frozen=True)
class Species:
    """One species of a model: its name and the unit of its values ("1" when dimensionless)."""

    name: str
    unit: str


@dataclass(frozen=True)
class Parameter:
    """One parameter of a model; a switch has the values 0 and 1."""

    name: str
    description: str
    default_value: float
    min: float
    max: float
    unit: str
    is_switch: bool


@dataclass(frozen=True)
class Model:
    """One model that the server simulates."""

    name: str
    title: str
    equations: str
    reference: str
    species: tuple[Species, ...]
    parameters: tuple[Parameter, ...]
    default_dt: float


@dataclass(frozen=True)
class UnstableBand:
    """A band of growing wavenumbers, in radians per length unit; rates per time unit."""

    wavenumber_min: float
    wavenumber_max: float
    wavenumber_fastest: float
    growth_rate: float
    wavelength: float


@dataclass(frozen=True)
class SteadyState:
    """One homogeneous steady state; `jacobian` is that of the kinetics, row by row."""

    values: tuple[float, ...]
    jacobian: tuple[float, ...]
    stable_without_diffusion: bool
    turing_unstable: bool
    turing_margin: float
    critical_ratio: float | None
    critical_wavelength: float | None
    continuum: UnstableBand | None
    grid: UnstableBand | None


@dataclass(frozen=True)
class StepLimit:
    """The largest stable time step of a stepper, and what sets it: "diffusion", "reaction" or "model"."""

    stepper: str
    max_dt: float
    limited_by: str


@dataclass(frozen=True)
class StabilityReport:
    """Linear stability of a model on a grid."""

    species: tuple[str, ...]
    steady_states: tuple[SteadyState, ...]
    step_limits: tuple[StepLimit, ...]
    dt: float
    dt_is_stable: bool

    @property
    def predicted_wavelength(self) -> float | None:
        """Wavelength of the fastest growing mode of a Turing-unstable steady state, in length units.

        The grid's own band goes before the continuum's; None when no steady state is Turing-unstable.
        """
        for state in self.steady_states:
            band = state.grid or state.continuum
            if state.turing_unstable and band is not None:
                return band.wavelength
        return None


@dataclass(frozen=True)
class Started:
    """How the server understood a simulation: the spec with every default filled in, and what follows from it.

    `stepper_reason`: why the stepper in the spec was chosen, when the caller left it open; else empty.
    """

    spec: Mapping[str, Any]
    spec_hash: bytes
    numerics_version: str
    stability: StabilityReport | None
    resumed_from_step: int | None
    frame_stride: int
    stepper_reason: str = ""

    def fault(self) -> str | None:
        """What makes this unusable, in words; None when frames can be read by it."""
        if not self.spec or len((self.spec.get("grid") or {}).get("shape", ())) != 2:
            return "no grid of two axes"
        return "a frame stride below 1" if self.frame_stride < 1 else None

    @property
    def model(self) -> str:
        """Name of the model."""
        return next(name for name, value in self.spec.items() if isinstance(value, dict) and name != "grid")

    @property
    def first_step(self) -> int:
        """The step that the run begins with, counted like `Frame.step`."""
        return int(self.spec.get("initial_step", 0))

    @property
    def last_step(self) -> int:
        """The step after which the run is complete, counted like `Frame.step`."""
        return self.first_step + int(self.spec["steps"])

    def frame_after(self, step: int | None) -> int | None:
        """The step of the frame that follows the one of `step` (None: the first frame); None after the last."""
        if step is None:
            return self.first_step
        if step >= self.last_step:
            return None
        strides = (step - self.first_step) // self.frame_stride + 1
        return min(self.first_step + strides * self.frame_stride, self.last_step)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the grid."""
        rows, cols = self.spec["grid"]["shape"]
        return rows, cols

    @property
    def spacing(self) -> tuple[float, float]:
        """Distance between rows and between columns, in the model's length unit."""
        rows, cols = self.spec["grid"]["spacing"]
        return rows, cols


@dataclass(frozen=True)
class SpeciesSummary:
    """Statistics of one species in the last state, in its unit."""

    name: str
    unit: str
    min: float
    max: float
    mean: float
    std: float


@dataclass(frozen=True)
class MyceliumSummary:
    """What the users of the mycelium model call these quantities; potentials in mV."""

    growth_events: int
    pot_min_mv: float
    pot_max_mv: float
    pot_mean_mv: float
    pot_std_mv: float
    fractal_dimension: float | None


@dataclass(frozen=True)
class Summary:
    """What a run came to; `features` of the whole run when asked for, with why each one that is NaN is undefined."""

    stop_reason: str
    steps_done: int
    resume_token: bytes
    species: tuple[SpeciesSummary, ...]
    mycelium: MyceliumSummary | None
    compute_seconds: float
    features: Features | None = None
    undefined_features: tuple[UndefinedValue, ...] = ()


@dataclass(frozen=True, eq=False)
class Frame:
    """The state at one step: `fields` holds an array [rows, columns] for each species.

    `features` are those of the run up to this step, when asked for.
    """

    step: int
    time: float
    fields: Mapping[str, Field]
    features: Features | None = None


@dataclass(frozen=True, eq=False)
class RunResult:
    """What a run without frames came to; `final_state` [species, rows, columns] only when asked for."""

    started: Started
    summary: Summary
    final_state: Field | None
