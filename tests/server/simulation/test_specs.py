"""Specs as messages and as the core's values: nothing is lost either way, and the hash sees everything."""

import re
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfn_grpc.arrays import to_array
from mfn_grpc.core.limits import Faults, InvalidInput, limits_of
from mfn_grpc.core.pieces import finish
from mfn_grpc.core.reaction_diffusion import (
    MODELS,
    AxisBoundary,
    BoundaryCondition,
    BoundaryKind,
    GrayScott,
    Model,
    Precision,
    SimulationSpec,
    Stepper,
)
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_grpc.v1 import types_pb2
from mfn_server.simulation.specs import decode_spec, encode_spec
from tests.server.specs import decoded, hashed, no_array

UNKNOWN: Any = 99
NO_FLUX, PERIODIC = BoundaryCondition(BoundaryKind.NO_FLUX), BoundaryCondition()


def faults_of(message: pb.SimulationSpec) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        decoded(message)
    return {violation.field: violation.description for violation in caught.value.violations}


def shaped(shape: list[int]) -> types_pb2.Array:
    return types_pb2.Array(element_type=types_pb2.ELEMENT_TYPE_FLOAT64, shape=shape)


def gray_scott(**given: Any) -> pb.SimulationSpec:
    return pb.SimulationSpec(**(dict[str, Any](steps=10, gray_scott=pb.GrayScottModel()) | given))


@st.composite
def models(draw: st.DrawFn) -> Model:
    """Any model with any parameters within their limits."""
    model = draw(st.sampled_from(list(MODELS.values())))
    switches = {field.name for field in fields(model) if isinstance(field.default, bool)}
    drawn = {
        name: draw(st.booleans() if name in switches else st.floats(limit.minimum, limit.maximum))
        for name, limit in limits_of(model).items()
    }
    return model(**drawn)


@st.composite
def conditions(draw: st.DrawFn, species: int) -> BoundaryCondition:
    kind = draw(st.sampled_from([BoundaryKind.NO_FLUX, BoundaryKind.FIXED]))
    values = st.tuples(*[st.floats(allow_nan=False, allow_infinity=False)] * species)
    return BoundaryCondition(kind, draw(values) if kind is BoundaryKind.FIXED else ())


@st.composite
def boundaries(draw: st.DrawFn, species: int) -> AxisBoundary:
    if draw(st.booleans()):
        return AxisBoundary()
    return AxisBoundary(draw(conditions(species)), draw(conditions(species)))


@st.composite
def specs(draw: st.DrawFn) -> SimulationSpec:
    """Any valid spec without an initial state, stable or not."""
    model = draw(models())
    discrete = model.name == "mycelium"
    edges, lengths = st.integers(4, 4096), st.floats(1e-6, 1e6)
    axes = boundaries(len(model.species))
    return SimulationSpec(
        model=model,
        steps=draw(st.integers(1, 10**8)),
        shape=draw(st.tuples(edges, edges)),
        spacing=(1.0, 1.0) if discrete else draw(st.tuples(lengths, lengths)),
        boundaries=draw(st.tuples(axes, axes)),
        dt=1.0 if discrete else draw(st.floats(1e-12, 1e6)),
        seed=draw(st.integers(0, 2**63 - 1)),
        precision=draw(st.sampled_from(Precision)),
        stepper=Stepper.EULER if discrete else draw(st.sampled_from(Stepper)),
    )


@given(specs())
def test_a_spec_survives_the_wire(spec: SimulationSpec) -> None:
    sent = pb.SimulationSpec.FromString(encode_spec(spec).SerializeToString())
    faults = Faults()
    found = finish(decode_spec(sent, no_array, faults, stable=False))
    assert found == spec
    assert hashed(found) == hashed(spec)


@pytest.mark.parametrize("name", MODELS)
def test_what_a_message_leaves_out_has_the_cores_default(name: str) -> None:
    message = pb.SimulationSpec(steps=3)
    getattr(message, name).SetInParent()
    assert decoded(message) == SimulationSpec(MODELS[name](), steps=3)


@pytest.mark.parametrize("name", MODELS)
def test_a_parameter_that_is_given_as_zero_is_zero(name: str) -> None:
    message = pb.SimulationSpec(steps=3)
    model = getattr(message, name)
    with_zero = [parameter for parameter, limit in limits_of(MODELS[name]).items() if limit.minimum <= 0]
    assert with_zero
    for parameter in with_zero:
        setattr(model, parameter, 0)
    found = finish(decode_spec(message, no_array, Faults(), stable=False)).model
    assert all(getattr(found, parameter) == 0 for parameter in with_zero)


def test_the_encoded_spec_states_every_parameter_of_its_model() -> None:
    for model in MODELS.values():
        message = getattr(encode_spec(SimulationSpec(model())), model.name)
        assert {field.name for field, _ in message.ListFields()} == set(limits_of(model))


BASE = SimulationSpec(GrayScott(), steps=10, shape=(8, 8), dt=0.5, initial_state=np.ones((2, 8, 8)), initial_step=5)
VARIANTS: dict[str, Any] = {
    "steps": 11,
    "shape": (8, 9),
    "spacing": (1.0, 2.0),
    "boundaries": (AxisBoundary(NO_FLUX, NO_FLUX), AxisBoundary()),
    "dt": 0.25,
    "seed": 1,
    "precision": Precision.FLOAT32,
    "stepper": Stepper.RK4,
    "initial_state": np.ones((2, 8, 8)) * (1 + 2**-52),
    "initial_step": 6,
    "model": MODELS["schnakenberg"](),
}


def test_the_hash_depends_on_every_field_of_the_spec() -> None:
    assert set(VARIANTS) == {field.name for field in fields(SimulationSpec)}
    hashes = {hashed(BASE), *(hashed(replace(BASE, **{name: value})) for name, value in VARIANTS.items())}
    assert len(hashes) == 1 + len(VARIANTS)
    assert {len(each) for each in hashes} == {32}


@pytest.mark.parametrize("name", MODELS)
def test_the_hash_depends_on_every_parameter_of_the_model(name: str) -> None:
    model = MODELS[name]()
    changed = [
        replace(
            model, **{parameter: not old if isinstance(old := getattr(model, parameter), bool) else old / 2 + 0.001}
        )
        for parameter in limits_of(model)
    ]
    assert len({hashed(SimulationSpec(each)) for each in (model, *changed)}) == 1 + len(changed)


def test_the_hash_tells_initial_states_apart_by_type_order_and_presence() -> None:
    state = np.arange(128.0).reshape(2, 8, 8)
    variants = [None, state, state.astype(np.float32), state[::-1], state.transpose(0, 2, 1)]
    assert len({hashed(replace(BASE, initial_state=variant)) for variant in variants}) == len(variants)
    assert hashed(replace(BASE, initial_state=state)) == hashed(replace(BASE, initial_state=state.copy("F")))


def test_a_default_that_is_stated_hashes_like_one_that_is_left_out() -> None:
    stated = gray_scott(dt=1.0, seed=0, grid=pb.Grid(shape=[256, 256], spacing=[1, 1]))
    assert hashed(decoded(stated)) == hashed(decoded(gray_scott()))


class TestTheStepperLeftOpen:
    STIFF = pb.Grid(shape=[8, 8], spacing=[0.5, 0.5])

    @pytest.mark.parametrize(("dt", "chosen"), [(0.3, Stepper.EULER), (0.5, Stepper.RK4), (2.0, Stepper.SEMI_IMPLICIT)])
    def test_is_chosen_and_hashes_like_the_same_one_named(self, dt: float, chosen: Stepper) -> None:
        left_open, named = (
            gray_scott(grid=self.STIFF, dt=dt, stepper=number) for number in (0, f"STEPPER_{chosen.name}")
        )
        assert decoded(left_open).stepper is chosen
        assert hashed(decoded(left_open)) == hashed(decoded(named))
        assert encode_spec(decoded(left_open)).stepper == pb.Stepper.Value(f"STEPPER_{chosen.name}")

    def test_is_not_chosen_over_one_that_is_named(self) -> None:
        for stepper in Stepper:
            message = gray_scott(grid=self.STIFF, dt=0.3, stepper=f"STEPPER_{stepper.name}")
            assert decoded(message).stepper is stepper

    def test_ends_with_every_limit_where_none_is_stable(self) -> None:
        found = faults_of(gray_scott(grid=self.STIFF, dt=1e4))
        assert set(found) == {"spec.dt"}
        assert all(f"{stepper.name}" in found["spec.dt"] for stepper in Stepper)

    def test_does_no_harm_to_a_spec_that_is_faulty(self) -> None:
        message = gray_scott(grid=pb.Grid(shape=[8, 8], spacing=[0.0]), dt=float("nan"))
        assert set(faults_of(message)) == {"spec.grid.spacing", "spec.dt"}


class TestBoundaries:
    def test_one_entry_holds_for_both_axes_and_lower_for_upper(self) -> None:
        axis = pb.AxisBoundary(lower=pb.BoundaryCondition(kind=pb.BOUNDARY_KIND_NO_FLUX))
        assert decoded(gray_scott(boundaries=[axis])).boundaries == (AxisBoundary(NO_FLUX, NO_FLUX),) * 2

    def test_three_entries_are_one_too_many(self) -> None:
        assert set(faults_of(gray_scott(boundaries=[pb.AxisBoundary()] * 3))) == {"spec.boundaries"}

    def test_an_axis_periodic_at_one_end_only_is_refused(self) -> None:
        axis = pb.AxisBoundary(lower=pb.BoundaryCondition(kind=pb.BOUNDARY_KIND_NO_FLUX), upper=pb.BoundaryCondition())
        assert set(faults_of(gray_scott(boundaries=[pb.AxisBoundary(), axis]))) == {"spec.boundaries[1]"}

    def test_fixed_values_are_one_a_species_and_finite(self) -> None:
        fixed = [pb.BoundaryCondition(kind=pb.BOUNDARY_KIND_FIXED, values=values) for values in ([1.0], [1.0, np.nan])]
        found = faults_of(gray_scott(boundaries=[pb.AxisBoundary(lower=fixed[0], upper=fixed[1])]))
        assert {name for name in found if name.startswith("spec.boundaries[0].")} >= {
            "spec.boundaries[0].lower.values",
            "spec.boundaries[0].upper.values[1]",
        }

    def test_faults_of_an_entry_are_told_once_and_not_of_those_it_stands_in_for(self) -> None:
        bad, good = pb.BoundaryCondition(kind=pb.BOUNDARY_KIND_FIXED), pb.BoundaryCondition()
        for axes, expected in (
            ([pb.AxisBoundary(lower=bad)], {"[0].lower"}),
            ([pb.AxisBoundary(lower=bad, upper=bad)], {"[0].lower", "[0].upper"}),
            ([pb.AxisBoundary(lower=good), pb.AxisBoundary(lower=bad)], {"[1].lower"}),
        ):
            found = faults_of(gray_scott(boundaries=axes))
            assert set(found) == {f"spec.boundaries{path}.values" for path in expected}

    @pytest.mark.parametrize("name", MODELS)
    @pytest.mark.parametrize("surplus", [-1, 1, 2, 100])
    def test_a_wrong_number_of_fixed_values_is_told_with_that_of_the_model(self, name: str, surplus: int) -> None:
        species = len(MODELS[name].species)
        fixed = pb.BoundaryCondition(kind=pb.BOUNDARY_KIND_FIXED, values=[0.5] * (species + surplus))
        message = pb.SimulationSpec(steps=1, boundaries=[pb.AxisBoundary(lower=fixed)])
        getattr(message, name).SetInParent()
        (text,) = faults_of(message).values()
        assert re.search(rf"must have (at most )?{species}\b", text)


class TestUnknownNumbers:
    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({"precision": 77}, "spec.precision"),
            ({"stepper": -1}, "spec.stepper"),
            (
                {"boundaries": [pb.AxisBoundary(lower=pb.BoundaryCondition(kind=UNKNOWN))]},
                "spec.boundaries[0].lower.kind",
            ),
        ],
    )
    def test_an_unknown_enum_number_is_refused_with_the_known_names(self, given: dict[str, Any], field: str) -> None:
        found = faults_of(gray_scott(**given))
        assert set(found) == {field}
        assert "must be one of " in found[field]

    def test_the_names_are_those_of_the_contract(self) -> None:
        text = faults_of(gray_scott(precision=3))["spec.precision"]
        assert text.endswith("must be one of PRECISION_FLOAT64, PRECISION_FLOAT32")


class TestFaults:
    def test_a_spec_without_a_model_says_which_there_are(self) -> None:
        found = faults_of(pb.SimulationSpec(steps=1))
        assert set(found) == {"spec.model"}
        assert all(name in found["spec.model"] for name in MODELS)

    def test_a_parameter_that_is_no_number_is_named_by_its_path(self) -> None:
        found = faults_of(gray_scott(gray_scott=pb.GrayScottModel(feed=float("nan"), kill=-1)))
        assert set(found) == {"spec.gray_scott.feed", "spec.gray_scott.kill"}

    def test_everything_wrong_with_a_spec_is_said_at_once(self) -> None:
        message = gray_scott(
            gray_scott=pb.GrayScottModel(feed=2),
            steps=0,
            dt=float("inf"),
            seed=-1,
            precision=9,
            grid=pb.Grid(shape=[3, 5000], spacing=[0]),
            initial_array=to_array(np.ones((2, 3))),
            initial_step=-1,
        )
        assert set(faults_of(message)) == {
            "spec.gray_scott.feed",
            "spec.steps",
            "spec.dt",
            "spec.seed",
            "spec.precision",
            "spec.grid.shape[0]",
            "spec.grid.shape[1]",
            "spec.grid.spacing",
            "spec.initial_array.shape",
            "spec.initial_step",
        }

    @pytest.mark.parametrize(
        ("given", "field", "most"),
        [
            ({"grid": pb.Grid(shape=[8] * 500_000)}, "grid.shape", 2),
            ({"grid": pb.Grid(spacing=[1.0] * 500_000)}, "grid.spacing", 2),
            ({"boundaries": [pb.AxisBoundary()] * 500_000}, "boundaries", 2),
            (
                {"boundaries": [pb.AxisBoundary(upper=pb.BoundaryCondition(values=[1.0] * 500_000))]},
                "boundaries[0].upper.values",
                2,
            ),
            ({"initial_array": shaped([-1] * 500_000)}, "initial_array.shape", 3),
        ],
        ids=["shape", "spacing", "boundaries", "values", "array"],
    )
    def test_a_list_of_half_a_million_is_one_fault_and_nothing_looks_at_its_entries(
        self, given: dict[str, Any], field: str, most: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        looked_at = list[Any]()

        def look(axis: pb.AxisBoundary, *others: Any) -> AxisBoundary:
            looked_at.append(axis)
            return AxisBoundary()

        monkeypatch.setattr("mfn_server.simulation.specs._decode_axis", look)
        found = faults_of(gray_scott(**given))
        assert found == {f"spec.{field}": f"has 500000 entries, must have at most {most}"}
        assert len(looked_at) <= 2
