"""Requests built from what a caller writes; everything that is wrong with them is found before one is sent.

Only what the descriptors say is checked here (names of models, parameters, enums; kinds of values). Ranges are the
server's: they stand in one place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mfn_client._exceptions import FieldViolation, invalid
from mfn_client._late import late
from mfn_client._messages import ENVELOPE_BYTES, MESSAGE_BYTES, enum_names
from mfn_client._uploads import UploadedArray, as_state
from mfn_grpc.arrays import AnyArray, ArrayError, to_array

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.protobuf.message import Message
    from numpy.typing import ArrayLike

    from mfn_grpc.v1 import simulation_pb2 as pb
    from mfn_grpc.v1.types_pb2 import FeatureOptions
else:
    pb = late("mfn_grpc.v1.simulation_pb2")

DEFAULT_SIDE = 256
_STATE_BYTES = MESSAGE_BYTES - ENVELOPE_BYTES


@dataclass(frozen=True)
class Boundary:
    """The condition at an edge: "periodic", "no_flux", or "fixed" with one value for each species."""

    kind: str
    values: tuple[float, ...] = ()


AxisBoundaries = str | Boundary | tuple[str | Boundary, ...]
Boundaries = AxisBoundaries | Sequence[AxisBoundaries]


class Faults:
    """Collects what is wrong with a request, so that one error can name all of it."""

    def __init__(self) -> None:
        self._listed: list[FieldViolation] = []

    def add(self, field: str, description: str) -> None:
        """Note one more fault."""
        self._listed.append(FieldViolation(field, description))

    def check(self) -> None:
        """Raise InvalidArgument when there is any."""
        if self._listed:
            raise invalid(self._listed)

    def assign(self, message: Message, name: str, value: Any, path: str) -> None:
        """Set a field unless the value is None; a value of the wrong kind is a fault."""
        if value is None:
            return
        try:
            setattr(message, name, value)
        except (TypeError, ValueError):
            field = message.DESCRIPTOR.fields_by_name[name]
            kind = "bytes" if field.type == field.TYPE_BYTES else _KINDS_IN_WORDS[field.cpp_type]
            self.add(path, f"is {value!r}, must be {kind}")

    def choose(self, message: Message, name: str, value: Any, path: str) -> None:
        """Set an enum field by its short name; an unknown one is a fault."""
        enum = message.DESCRIPTOR.fields_by_name[name].enum_type
        known = enum_names(enum) if enum is not None else {}
        if isinstance(value, str) and value in known:
            setattr(message, name, known[value])
        elif value is not None:
            self.add(path, f"is {value!r}, must be one of {', '.join(known)}")

    def choose_all(self, message: Message, name: str, values: Any, path: str) -> None:
        """Fill a repeated enum field by short names; one alone may stand for a list of one."""
        known = enum_names(message.DESCRIPTOR.fields_by_name[name].enum_type)
        words = [values] if isinstance(values, str) else values
        if not isinstance(words, Sequence):
            self.add(path, f"is {values!r}, must be a list of {', '.join(known)}")
            return
        for index, word in enumerate(words):
            if isinstance(word, str) and word in known:
                getattr(message, name).append(known[word])
            else:
                self.add(f"{path}[{index}]", f"is {word!r}, must be one of {', '.join(known)}")

    def extend(self, repeated: Any, values: Any, path: str, form: str) -> None:
        """Fill a repeated field; values of the wrong kind are a fault."""
        try:
            repeated.extend(values)
        except (TypeError, ValueError):
            self.add(path, f"is {values!r}, must be {form}")


# FieldDescriptor.cpp_type of the fields that callers fill
_KINDS_IN_WORDS = {
    1: "a whole number of at most 32 bits",
    2: "a whole number of at most 64 bits",
    5: "a number",
    7: "true or false",
    9: "text",
}


@dataclass(frozen=True)
class SpecArguments:
    """What a caller may say about a simulation; None leaves a default to the server."""

    model: str
    parameters: Mapping[str, Any]
    rows: int | None = None
    cols: int | None = None
    steps: int | None = None
    seed: int | None = None
    spacing: float | Sequence[float] | AnyArray | None = None
    dt: float | None = None
    boundary: Boundaries | None = None
    precision: str | None = None
    stepper: str | None = None
    initial_state: ArrayLike | UploadedArray | None = None
    initial_step: int | None = None

    @classmethod
    def of(cls, model: str, options: Mapping[str, Any]) -> SpecArguments:
        """Sort keyword arguments into those of every spec and the model's own parameters."""
        of_every_spec = cls.__dataclass_fields__.keys() - {"model", "parameters"}
        common = {name: value for name, value in options.items() if name in of_every_spec}
        return cls(model, {name: value for name, value in options.items() if name not in common}, **common)

    def message(self, faults: Faults) -> pb.SimulationSpec:
        """The SimulationSpec, with its faults noted."""
        spec = pb.SimulationSpec()
        for name in ("steps", "seed", "dt", "initial_step"):
            faults.assign(spec, name, getattr(self, name), f"spec.{name}")
        for name in ("precision", "stepper"):
            faults.choose(spec, name, getattr(self, name), f"spec.{name}")
        _set_model(spec, self.model, self.parameters, faults)
        state = _set_state(spec, self.initial_state, faults)
        _set_grid(spec, self, state, faults)
        _set_boundaries(spec, self.boundary, faults)
        return spec


def _set_model(spec: pb.SimulationSpec, model: str, parameters: Mapping[str, Any], faults: Faults) -> None:
    known_models = [field.name for field in spec.DESCRIPTOR.oneofs_by_name["model"].fields]
    if model not in known_models:
        faults.add("spec.model", f"is {model!r}, must be one of {', '.join(known_models)}")
        return
    chosen = getattr(spec, model)
    chosen.SetInParent()
    known = chosen.DESCRIPTOR.fields_by_name
    for name, value in parameters.items():
        path = f"spec.{model}.{name}"
        if name in known:
            faults.assign(chosen, name, value, path)
        else:
            faults.add(path, f"is not a parameter of {model}; it has {', '.join(known)}")


def _set_state(
    spec: pb.SimulationSpec, initial_state: ArrayLike | UploadedArray | None, faults: Faults
) -> tuple[int, ...]:
    """Put the initial state into the spec; returns its shape, () without one."""
    if initial_state is None:
        return ()
    if isinstance(initial_state, UploadedArray):
        spec.initial_array_ref = initial_state.array_ref
        return initial_state.shape
    state = as_state(initial_state)
    if state.nbytes > _STATE_BYTES:
        size = f"{state.nbytes / 2**20:.1f} MiB"
        limit = "at most 4 MiB fit into a request; pass it through upload() first"
        faults.add("spec.initial_array", f"has {size}, {limit}")
        return state.shape
    try:
        spec.initial_array.CopyFrom(to_array(state))
    except ArrayError as error:
        faults.add("spec.initial_array", str(error))
    return state.shape


def _set_grid(spec: pb.SimulationSpec, said: SpecArguments, state: tuple[int, ...], faults: Faults) -> None:
    default_rows, default_cols = state[1:] if len(state) == 3 else (DEFAULT_SIDE, DEFAULT_SIDE)
    rows = default_rows if said.rows is None else said.rows
    cols = default_cols if said.cols is None else said.cols
    faults.extend(spec.grid.shape, [rows, cols], "spec.grid.shape", "two whole numbers")
    if said.spacing is not None:
        distances = said.spacing.tolist() if isinstance(said.spacing, np.ndarray) else said.spacing
        both = distances if isinstance(distances, Sequence) else (distances, distances)
        faults.extend(spec.grid.spacing, both, "spec.grid.spacing", "one or two numbers")


def _set_boundaries(spec: pb.SimulationSpec, boundary: Any, faults: Faults) -> None:
    if boundary is None:
        return
    axes = [boundary] if isinstance(boundary, str | Boundary) else boundary
    if not isinstance(axes, Sequence):
        faults.add("spec.boundaries", f"is {axes!r}, must be {_CONDITION_FORM}, or a list of them for rows and columns")
        return
    for index, axis in enumerate(axes):
        path = f"spec.boundaries[{index}]"
        if isinstance(axis, str | Boundary):
            spec.boundaries.append(pb.AxisBoundary(lower=_condition(axis, f"{path}.lower", faults)))
        elif not isinstance(axis, Sequence):
            faults.add(path, f"is {axis!r}, must be {_CONDITION_FORM}, or a pair of them (lower, upper)")
        elif len(axis) == 2:
            lower, upper = (_condition(each, f"{path}.{end}", faults) for each, end in zip(axis, _ENDS, strict=True))
            spec.boundaries.append(pb.AxisBoundary(lower=lower, upper=upper))
        else:
            faults.add(path, f"has {len(axis)} conditions, must be one or a pair (lower, upper)")


_ENDS = ("lower", "upper")
_CONDITION_FORM = '"periodic", "no_flux" or a Boundary'


def _condition(said: Any, path: str, faults: Faults) -> pb.BoundaryCondition:
    condition = pb.BoundaryCondition()
    boundary = Boundary(said) if isinstance(said, str) else said
    if not isinstance(boundary, Boundary):
        faults.add(path, f"is {said!r}, must be {_CONDITION_FORM}")
        return condition
    faults.choose(condition, "kind", boundary.kind, f"{path}.kind")
    faults.extend(condition.values, boundary.values, f"{path}.values", "numbers, one for each species")
    return condition


@dataclass(frozen=True)
class FeatureArguments:
    """Whether a simulation carries its features, of which species, and with which thresholds."""

    with_features: bool = False
    species: str | None = None
    thresholds: Sequence[float] | None = None

    def fill(self, request: pb.SimulateRequest | pb.RunSimulationRequest, faults: Faults) -> None:
        """Say so in a request."""
        faults.assign(request, "with_features", self.with_features, "with_features")
        if self.species is not None:
            faults.assign(request.feature_options, "species", self.species, "feature_options.species")
        set_thresholds(request.feature_options, self.thresholds, "feature_options.thresholds", faults)


NO_FEATURES = FeatureArguments()


def set_thresholds(options: FeatureOptions, thresholds: Any, path: str, faults: Faults) -> None:
    """Put thresholds into a message; None leaves the default to the server."""
    if thresholds is not None:
        faults.extend(options.thresholds, thresholds, path, "three numbers (low, medium, high)")


def simulate_request(
    spec: SpecArguments,
    stride: int | None = None,
    species: Sequence[str] = (),
    element_type: str | None = None,
    max_edge: int | None = None,
    resume_token: bytes = b"",
    features: FeatureArguments = NO_FEATURES,
) -> pb.SimulateRequest:
    """The request that starts or continues a simulation.

    Raises:
        InvalidArgument: something in it is unknown or of the wrong kind; every such field is named.
    """
    faults = Faults()
    request = pb.SimulateRequest(spec=spec.message(faults))
    faults.assign(request, "resume_token", resume_token, "resume_token")
    faults.assign(request, "frame_stride", stride, "frame_stride")
    options = request.frame_options
    names = [species] if isinstance(species, str) else species
    faults.extend(options.species, names, "frame_options.species", "a list of names of species")
    faults.choose(options, "element_type", element_type, "frame_options.element_type")
    faults.assign(options, "max_edge", max_edge, "frame_options.max_edge")
    features.fill(request, faults)
    faults.check()
    return request
