"""Requests understood: what is watched and by which stepper, with every fault under its path on the wire."""

import math
from pathlib import Path

import pytest

from mfn_grpc.core.features import Thresholds
from mfn_grpc.core.limits import InvalidInput
from mfn_grpc.core.pieces import finish
from mfn_grpc.core.reaction_diffusion import state_bytes
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_grpc.v1.types_pb2 import FeatureOptions
from mfn_server.features.memory import MEASURING_BYTES
from mfn_server.features.options import Watch
from mfn_server.simulation.plans import Plan, Planner
from mfn_server.simulation.tokens import Tokens
from mfn_server.uploads import ArrayStore
from tests.server.specs import spec


@pytest.fixture
def planner(tmp_path: Path) -> Planner:
    return Planner(ArrayStore(tmp_path, quota_bytes=2**20, total_bytes=2**20, ttl_s=60), Tokens(b"k" * 32))


def streamed(planner: Planner, request: pb.SimulateRequest, principal: str) -> Plan:
    return finish(planner.streamed(request, principal))


def unary(planner: Planner, request: pb.RunSimulationRequest, principal: str) -> Plan:
    return finish(planner.unary(request, principal))


def fields_of(caught: pytest.ExceptionInfo[InvalidInput]) -> set[str]:
    return {violation.field for violation in caught.value.violations}


def test_without_features_nothing_is_watched(planner: Planner) -> None:
    plan = streamed(planner, pb.SimulateRequest(spec=spec("mycelium")), "alice")
    assert (plan.watch, plan.watched) == (None, None)


def test_the_first_species_of_the_mycelium_is_watched_at_the_default_thresholds(planner: Planner) -> None:
    for plan in (
        streamed(planner, pb.SimulateRequest(spec=spec("mycelium"), with_features=True), "alice"),
        unary(planner, pb.RunSimulationRequest(spec=spec("mycelium"), with_features=True), "alice"),
    ):
        assert plan.watch == Watch(0, Thresholds(-60.0, -50.0, -40.0))
        assert plan.watched == 0


def test_another_species_is_watched_at_thresholds_of_its_own(planner: Planner) -> None:
    for model, name, index in (("gray_scott", "v", 1), ("gray_scott", "u", 0), ("mycelium", "inhibitor", 2)):
        options = FeatureOptions(species=name, thresholds=[0.1, 0.2, 0.3])
        request = pb.SimulateRequest(spec=spec(model), with_features=True, feature_options=options)
        assert streamed(planner, request, "alice").watch == Watch(index, Thresholds(0.1, 0.2, 0.3))


BAD_OPTIONS: dict[str, tuple[str, FeatureOptions, set[str]]] = {
    "no thresholds": ("gray_scott", FeatureOptions(), {"thresholds"}),
    "no thresholds of the activator": ("mycelium", FeatureOptions(species="activator"), {"thresholds"}),
    "an unknown species": ("mycelium", FeatureOptions(species="u"), {"species"}),
    "no name and two levels": ("mycelium", FeatureOptions(species="", thresholds=[1, 2]), {"species", "thresholds"}),
    "falling": ("gray_scott", FeatureOptions(thresholds=[3, 2, 1]), {"thresholds[1]", "thresholds[2]"}),
    "NaN": ("gray_scott", FeatureOptions(species="w", thresholds=[math.nan, 0, 1]), {"species", "thresholds[0]"}),
}


@pytest.mark.parametrize("case", BAD_OPTIONS)
def test_every_fault_of_feature_options_is_named(planner: Planner, case: str) -> None:
    model, options, found = BAD_OPTIONS[case]
    faults = {f"feature_options.{name}" for name in found}
    with pytest.raises(InvalidInput) as caught:
        streamed(planner, pb.SimulateRequest(spec=spec(model), with_features=True, feature_options=options), "alice")
    assert fields_of(caught) == faults
    message = spec(model, steps=0)
    with pytest.raises(InvalidInput) as caught:
        unary(planner, pb.RunSimulationRequest(spec=message, with_features=True, feature_options=options), "alice")
    assert fields_of(caught) == faults | {"spec.steps"}


def test_without_a_model_only_that_is_a_fault(planner: Planner) -> None:
    with pytest.raises(InvalidInput) as caught:
        streamed(planner, pb.SimulateRequest(spec=pb.SimulationSpec(steps=3), with_features=True), "alice")
    assert fields_of(caught) == {"spec.model"}


def test_features_options_without_features_are_a_fault(planner: Planner) -> None:
    request = pb.SimulateRequest(spec=spec(steps=0))
    request.feature_options.species = "u"
    with pytest.raises(InvalidInput) as caught:
        streamed(planner, request, "alice")
    assert fields_of(caught) == {"spec.steps", "feature_options"}


def test_why_a_stepper_was_chosen_is_told_when_the_caller_left_it_open(planner: Planner) -> None:
    left_open = streamed(planner, pb.SimulateRequest(spec=spec()), "alice")
    assert left_open.stepper_reason.startswith(left_open.spec.stepper.name)
    named = streamed(planner, pb.SimulateRequest(spec=spec(stepper=pb.STEPPER_EULER)), "alice")
    assert named.stepper_reason == ""


def test_watching_needs_room_to_measure_beside_the_state(planner: Planner) -> None:
    plain = unary(planner, pb.RunSimulationRequest(spec=spec("mycelium")), "alice")
    watching = unary(planner, pb.RunSimulationRequest(spec=spec("mycelium"), with_features=True), "alice")
    starting = plain.bytes_needed - state_bytes(plain.spec)
    measuring = MEASURING_BYTES * plain.spec.cells
    assert watching.bytes_needed - state_bytes(plain.spec) == max(starting, measuring) > 0
