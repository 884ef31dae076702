"""SimulationSpec as a message and as the core's value, both ways; defaults and limits are the core's."""

import hashlib
from collections.abc import Callable, Sized
from dataclasses import fields, replace
from typing import Any

import numpy as np

from mfn_grpc.arrays import AnyArray
from mfn_grpc.core.bands import bands
from mfn_grpc.core.limits import Faults, InvalidInput, Violation
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.reaction_diffusion import (
    MODELS,
    AxisBoundary,
    BoundaryCondition,
    BoundaryKind,
    Model,
    Precision,
    SimulationSpec,
    Stepper,
    choose_stepper,
    validate,
    value_violations,
)
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_server.decoding import choice, decode_array
from mfn_server.grids import LONGEST_EDGE, MOST_CELLS, grid_violations
from mfn_server.uploads import FIELD_TYPES

_STAND_IN = "gray_scott"
_AXES = 2
_ENDS = "lower", "upper"
_MOST_SPECIES = max(len(model.species) for model in MODELS.values())

LoadArray = Callable[[str], AnyArray]


def decode_spec(
    message: pb.SimulationSpec,
    load_array: LoadArray,
    faults: Faults,
    *,
    stable: bool = True,
    most_cells: int = MOST_CELLS,
) -> Pieces[SimulationSpec]:
    """The core's spec; whatever is wrong with it is added to `faults`, under the path of its field.

    A stepper that is left open is chosen here, so that the spec and its hash name the one that runs. `load_array` gives
    the array that a reference names, or raises a Fault. most_cells: of a grid that this server takes.
    """
    with faults.under("spec"):
        _cut_surplus(message, faults)
        spec = SimulationSpec(
            model=_model(message, faults),
            steps=message.steps,
            shape=tuple(message.grid.shape) or (256, 256),
            spacing=tuple(message.grid.spacing) or (1.0, 1.0),
            boundaries=_boundaries(message, faults),
            dt=message.dt if message.HasField("dt") else None,
            seed=message.seed,
            precision=choice(pb.Precision, Precision, "precision", message.precision, Precision.FLOAT64, faults),
            stepper=choice(pb.Stepper, Stepper, "stepper", message.stepper, Stepper.EULER, faults),
            initial_state=_initial_state(message, load_array, faults),
            initial_step=message.initial_step if message.HasField("initial_step") else None,
        )
        if max(spec.shape) <= LONGEST_EDGE:  # a longer edge is told as such
            for violation in grid_violations(spec.shape, "grid.shape", most_cells):
                faults.add(violation)
        if not message.stepper:
            spec = replace(spec, stepper=choose_stepper(spec).stepper)
        if message.WhichOneof("model"):
            faults.collect(_validate, spec, message, stable=stable)
            for violation in (yield from value_violations(spec)):
                faults.add(violation)
        return spec


def encode_spec(spec: SimulationSpec) -> pb.SimulationSpec:
    """The spec with every default filled in, without its initial state."""
    message = pb.SimulationSpec(
        grid=pb.Grid(shape=spec.shape, spacing=spec.spacing),
        boundaries=[_axis(boundary) for boundary in spec.boundaries],
        dt=spec.time_step,
        steps=spec.steps,
        seed=spec.seed,
        precision=f"PRECISION_{spec.precision.name}",
        stepper=f"STEPPER_{spec.stepper.name}",
        initial_step=spec.initial_step,
    )
    model = getattr(message, spec.model.name)
    model.SetInParent()
    for field in fields(spec.model):
        setattr(model, field.name, getattr(spec.model, field.name))
    return message


def hash_spec(spec: SimulationSpec) -> Pieces[bytes]:
    """SHA-256 over all that determines the numbers of a valid spec."""
    digest = hashlib.sha256(encode_spec(spec).SerializeToString(deterministic=True))
    if spec.initial_state is not None:
        for field in spec.initial_state:
            for rows in bands(field.shape):
                digest.update(np.ascontiguousarray(field[rows]).data)
                yield
        digest.update(str(spec.initial_state.dtype).encode())
    return digest.digest()


def _cut_surplus(message: pb.SimulationSpec, faults: Faults) -> None:
    """Note lists longer than any spec needs and cut them: a request has room for millions of entries to look at."""
    grid, array = message.grid, message.initial_array
    if _surplus("initial_array.shape", array.shape, 1 + _AXES, faults):
        message.ClearField("initial_array")
    lists: tuple[tuple[str, Any], ...] = (
        ("grid.shape", grid.shape),
        ("grid.spacing", grid.spacing),
        ("boundaries", message.boundaries),
    )
    for field, entries in lists:
        if _surplus(field, entries, _AXES, faults):
            del entries[_AXES:]
    model = message.WhichOneof("model")
    most = len(MODELS[model].species) if model else _MOST_SPECIES
    ends = [(f"[{i}].{end}", getattr(axis, end)) for i, axis in enumerate(message.boundaries) for end in _ENDS]
    surplus = [_surplus(f"boundaries{path}.values", end.values, most, faults) for path, end in ends]
    if any(surplus):
        message.ClearField("boundaries")


def _surplus(field: str, entries: Sized, most: int, faults: Faults) -> bool:
    if len(entries) > most:
        faults.add(Violation(field, str(len(entries)), f"has {len(entries)} entries, must have at most {most}"))
    return len(entries) > most


def _validate(spec: SimulationSpec, message: pb.SimulationSpec, *, stable: bool) -> None:
    """As the core does, the values of the initial state aside.

    Nothing is told of the conditions that stand in for those left out of the message.
    """
    try:
        validate(spec, stable=stable, values=False)
    except InvalidInput as error:
        copies = ["boundaries[1]"] if len(message.boundaries) == 1 else []
        copies += [f"boundaries[{i}].upper" for i, axis in enumerate(message.boundaries) if not axis.HasField("upper")]
        raise type(error)(each for each in error.violations if not each.field.startswith(tuple(copies))) from None


def _model(message: pb.SimulationSpec, faults: Faults) -> Model:
    name = message.WhichOneof("model")
    if name is None:
        text = f"is missing, must be one of {', '.join(MODELS)}"
        faults.add(Violation("model", "", text))
        return MODELS[_STAND_IN]()
    given = getattr(message, name)
    return MODELS[name](**{field.name: value for field, value in given.ListFields()})


def _boundaries(message: pb.SimulationSpec, faults: Faults) -> tuple[AxisBoundary, ...]:
    axes = [_decode_axis(axis, f"boundaries[{i}]", faults) for i, axis in enumerate(message.boundaries)]
    if not axes:
        return AxisBoundary(), AxisBoundary()
    return (axes[0], axes[0]) if len(axes) == 1 else tuple(axes)


def _decode_axis(message: pb.AxisBoundary, path: str, faults: Faults) -> AxisBoundary:
    lower = _condition(message.lower, f"{path}.lower", faults)
    upper = _condition(message.upper, f"{path}.upper", faults) if message.HasField("upper") else lower
    return AxisBoundary(lower, upper)


def _condition(message: pb.BoundaryCondition, path: str, faults: Faults) -> BoundaryCondition:
    kind = choice(pb.BoundaryKind, BoundaryKind, f"{path}.kind", message.kind, BoundaryKind.PERIODIC, faults)
    return BoundaryCondition(kind, tuple(message.values))


def _axis(boundary: AxisBoundary) -> pb.AxisBoundary:
    return pb.AxisBoundary(lower=_encode_condition(boundary.lower), upper=_encode_condition(boundary.upper))


def _encode_condition(condition: BoundaryCondition) -> pb.BoundaryCondition:
    return pb.BoundaryCondition(kind=f"BOUNDARY_KIND_{condition.kind.name}", values=condition.values)


def _initial_state(message: pb.SimulationSpec, load_array: LoadArray, faults: Faults) -> AnyArray | None:
    if message.HasField("initial_array_ref"):
        return load_array(message.initial_array_ref)
    if not message.HasField("initial_array"):
        return None
    return decode_array(message.initial_array, FIELD_TYPES, "initial_array", faults)
