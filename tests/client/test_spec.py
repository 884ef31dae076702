"""Requests from keyword arguments, and every local fault of them at once."""

from typing import Any

import numpy as np
import pytest

from mfn_client import Boundary, InvalidArgument
from mfn_client._calls import run
from mfn_client._spec import Faults, SpecArguments, simulate_request
from mfn_grpc.arrays import from_array
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_grpc.v1.types_pb2 import ElementType


def spec(model: str = "gray_scott", **options: Any) -> pb.SimulationSpec:
    faults = Faults()
    message = SpecArguments.of(model, options).message(faults)
    faults.check()
    return message


def faults_of(model: str = "gray_scott", **options: Any) -> dict[str, str]:
    with pytest.raises(InvalidArgument) as caught:
        spec(model, **options)
    return {each.field: each.description for each in caught.value.violations}


def test_what_is_not_said_is_left_to_the_server() -> None:
    expected = pb.SimulationSpec(gray_scott=pb.GrayScottModel(), steps=5, grid=pb.Grid(shape=[256, 256]))
    assert spec(steps=5) == expected


def test_everything_said_arrives() -> None:
    message = spec(
        "mycelium",
        steps=10,
        rows=8,
        cols=16,
        seed=7,
        spacing=(1.0, 2.0),
        dt=1.0,
        precision="float32",
        stepper="euler",
        initial_state=np.zeros((3, 8, 16)),
        initial_step=4,
        alpha=0.1,
        turing_enabled=False,
    )
    assert (message.steps, message.seed, message.dt, message.initial_step) == (10, 7, 1.0, 4)
    assert (list(message.grid.shape), list(message.grid.spacing)) == ([8, 16], [1.0, 2.0])
    assert (message.precision, message.stepper) == (pb.PRECISION_FLOAT32, pb.STEPPER_EULER)
    assert message.mycelium == pb.MyceliumModel(alpha=0.1, turing_enabled=False)
    assert from_array(message.initial_array).shape == (3, 8, 16)


def test_the_grid_follows_the_initial_state() -> None:
    assert list(spec(initial_state=np.zeros((2, 12, 20))).grid.shape) == [12, 20]
    assert list(spec(initial_state=np.zeros((2, 12, 20)), rows=99).grid.shape) == [99, 20]


def test_one_spacing_counts_for_both_axes() -> None:
    assert list(spec(spacing=0.5).grid.spacing) == [0.5, 0.5]


def test_a_zero_is_a_value_and_not_a_default() -> None:
    message = spec(feed=0, dt=0.0, seed=0)
    assert message.gray_scott.HasField("feed")
    assert message.HasField("dt")


def test_numpy_scalars_are_numbers() -> None:
    message = spec(steps=np.int32(5), dt=np.float32(0.5), rows=np.int64(8), feed=np.float64(0.03))
    assert (message.steps, message.dt, list(message.grid.shape)) == (5, 0.5, [8, 256])


@pytest.mark.parametrize(
    ("boundary", "expected"),
    [
        ("no_flux", [("NO_FLUX", None)]),
        (["periodic", "no_flux"], [("PERIODIC", None), ("NO_FLUX", None)]),
        ([("no_flux", Boundary("fixed", (1.0, 0.0))), "periodic"], [("NO_FLUX", "FIXED"), ("PERIODIC", None)]),
    ],
)
def test_boundaries_are_one_for_all_or_one_an_axis_or_a_pair(boundary: Any, expected: list[Any]) -> None:
    axes = spec(boundary=boundary).boundaries
    names = pb.BoundaryKind.Name
    found = [(names(each.lower.kind), names(each.upper.kind) if each.HasField("upper") else None) for each in axes]
    assert found == [(f"BOUNDARY_KIND_{lower}", upper and f"BOUNDARY_KIND_{upper}") for lower, upper in expected]


def test_a_fixed_boundary_carries_its_values() -> None:
    (axis,) = spec(boundary=Boundary("fixed", (1.0, 0.25))).boundaries
    assert list(axis.lower.values) == [1.0, 0.25]


def test_an_unknown_model_is_refused_with_the_known_ones() -> None:
    found = faults_of("lorenz")
    assert found["spec.model"].startswith("is 'lorenz', must be one of mycelium, gray_scott")


def test_an_unknown_parameter_is_refused_with_the_models_own() -> None:
    found = faults_of("gray_scott", fed=0.1)
    assert (
        found["spec.gray_scott.fed"] == "is not a parameter of gray_scott; it has diffusion_u, diffusion_v, feed, kill"
    )


def test_names_of_our_own_are_no_arguments() -> None:
    found = faults_of("gray_scott", parameters={"feed": 1})
    assert found["spec.gray_scott.parameters"].startswith("is not a parameter of gray_scott")


def test_all_local_faults_are_named_at_once() -> None:
    found = faults_of(
        "gray_scott",
        steps=1.5,
        seed="x",
        precision="float128",
        stepper="magic",
        boundary=["sticky", ("periodic", "no_flux", "periodic")],
        feed="much",
        rows=2**70,
        spacing="wide",
        initial_state=np.zeros((2, 4, 4), complex),
    )
    assert set(found) == {
        "spec.steps",
        "spec.seed",
        "spec.precision",
        "spec.stepper",
        "spec.boundaries[0].lower.kind",
        "spec.boundaries[1]",
        "spec.gray_scott.feed",
        "spec.grid.shape",
        "spec.grid.spacing",
        "spec.initial_array",
    }
    assert found["spec.precision"] == "is 'float128', must be one of float64, float32"
    assert found["spec.steps"] == "is 1.5, must be a whole number of at most 64 bits"


def test_a_state_above_4_mib_is_refused_with_the_limit() -> None:
    found = faults_of(initial_state=np.zeros((2, 512, 513)))
    assert found["spec.initial_array"].startswith("has 4.0 MiB, at most 4 MiB fit")


def test_frame_options_and_token_are_part_of_the_request() -> None:
    arguments = SpecArguments.of("gray_scott", {"steps": 9})
    request = simulate_request(arguments, 3, ["v"], "uint8", 64, b"tok")
    assert (request.frame_stride, request.resume_token) == (3, b"tok")
    assert request.frame_options == pb.FrameOptions(
        species=["v"], element_type=ElementType.ELEMENT_TYPE_UINT8, max_edge=64
    )
    assert list(simulate_request(arguments, species="v").frame_options.species) == ["v"]
    assert not simulate_request(arguments).HasField("frame_stride")


def test_faults_of_the_frame_options_are_named_beside_those_of_the_spec() -> None:
    with pytest.raises(InvalidArgument) as caught:
        simulate_request(SpecArguments.of("gray_scott", {"dt": "x"}), stride="y", element_type="z")  # type: ignore[arg-type]  # wrong on purpose
    assert [each.field for each in caught.value.violations] == ["spec.dt", "frame_stride", "frame_options.element_type"]


WORDS = 'must be "periodic", "no_flux" or a Boundary'


@pytest.mark.parametrize(
    ("boundary", "path", "words"),
    [
        ([None], "spec.boundaries[0]", f"is None, {WORDS}, or a pair of them (lower, upper)"),
        (3, "spec.boundaries", f"is 3, {WORDS}, or a list of them for rows and columns"),
        ([("periodic", 5)], "spec.boundaries[0].upper", f"is 5, {WORDS}"),
        (Boundary("fixed", 1.0), "spec.boundaries[0].lower.values", "is 1.0, must be numbers, one for each species"),  # type: ignore[arg-type]  # wrong on purpose
    ],
)
def test_boundaries_of_the_wrong_kind_are_refused_in_words(boundary: Any, path: str, words: str) -> None:
    assert faults_of(boundary=boundary) == {path: words}


@pytest.mark.parametrize("name", ["precision", "stepper"])
def test_a_choice_that_is_no_word_is_refused_in_words(name: str) -> None:
    options: dict[str, Any] = {name: ["euler"]}
    assert faults_of(**options)[f"spec.{name}"].startswith("is ['euler'], must be one of ")


@pytest.mark.parametrize("species", [None, 3, [3]])
def test_species_that_are_no_names_are_refused_in_words(species: Any) -> None:
    with pytest.raises(InvalidArgument) as caught:
        simulate_request(SpecArguments.of("gray_scott", {}), species=species)
    (violation,) = caught.value.violations
    assert violation.field == "frame_options.species"
    assert violation.description == f"is {species!r}, must be a list of names of species"


def test_a_token_that_is_text_is_refused_in_words() -> None:
    arguments = SpecArguments.of("gray_scott", {"steps": 1})
    for request in (
        lambda: simulate_request(arguments, resume_token="abc"),  # type: ignore[arg-type]  # wrong on purpose
        lambda: run(arguments, with_final_state=False, resume_token="abc"),  # type: ignore[arg-type]  # as above
    ):
        with pytest.raises(InvalidArgument) as caught:
            request()
        (violation,) = caught.value.violations
        assert (violation.field, violation.description) == ("resume_token", "is 'abc', must be bytes")


@pytest.mark.parametrize("spacing", [np.array([1, 2]), np.array([1.0, 2.0], np.float32), [1, 2]])
def test_a_spacing_may_be_an_array(spacing: Any) -> None:
    assert list(spec(spacing=spacing).grid.spacing) == [1.0, 2.0]
    assert list(spec(spacing=np.array(0.5)).grid.spacing) == [0.5, 0.5]


@pytest.mark.parametrize("kind", [np.int64, np.uint8, np.int16])
def test_whole_numbers_of_a_state_travel_as_float64(kind: type[Any]) -> None:
    state = np.arange(32).reshape(2, 4, 4)
    sent = from_array(spec(initial_state=state.astype(kind)).initial_array)
    assert sent.dtype == np.float64
    np.testing.assert_array_equal(sent, state)
