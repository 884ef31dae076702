"""What this server offers of the contract, and what it does not offer yet."""

import grpc
import pytest
from google.protobuf.message_factory import GetMessageClass

from mfn_grpc.v1 import simulation_pb2
from mfn_server.app import ELECTROCHEMISTRY, FEATURES, SIMULATION, VALIDATION
from tests.server.calling import METHODS, SERVICES, Wire
from tests.server.conftest import Start

# Every method of the contract that is only answered with UNIMPLEMENTED. This list must shrink to nothing.
NOT_OFFERED = {
    "Federate",
    "Aggregate",
    "CreateFederation",
    "GetFederation",
    "ListFederations",
    "DeleteFederation",
    "PauseFederation",
    "ResumeFederation",
    "EnrolParticipant",
    "ListParticipants",
    "RemoveParticipant",
    "ListRounds",
    "ListVerdicts",
    "WatchFederation",
    "UploadModel",
    "DownloadModel",
}


def services_without_a_method() -> set[str]:
    return {service.full_name for service in SERVICES if {method.name for method in service.methods} <= NOT_OFFERED}


def test_method_names_are_unique_over_the_whole_contract_so_that_a_name_finds_its_method() -> None:
    assert len(METHODS) == sum(len(service.methods) for service in SERVICES)


@pytest.mark.parametrize("name", sorted(METHODS))
def test_a_method_is_unimplemented_exactly_when_it_stands_in_the_list(wire: Wire, name: str) -> None:
    request = GetMessageClass(METHODS[name].input_type)()
    try:
        answers = list(wire.stream(name, request))
    except grpc.RpcError:
        refusal = wire.refusal(name, request)
        missing = (refusal.code, refusal.reason) == (grpc.StatusCode.UNIMPLEMENTED, "NOT_IMPLEMENTED")
        assert missing == (name in NOT_OFFERED)
        assert (f"mfn.v1.{METHODS[name].containing_service.name}.{name}" in refusal.message) == missing
    else:
        assert answers
        assert name not in NOT_OFFERED


def test_an_unimplemented_method_answers_before_it_reads_a_stream(wire: Wire) -> None:
    refusal = wire.refusal("UploadModel")
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNIMPLEMENTED, "NOT_IMPLEMENTED")


async def test_a_service_is_serving_exactly_when_it_offers_a_method(start: Start) -> None:
    server = await start()
    serving = {name for name in server.application.health._statuses if name.startswith("mfn.")}
    assert serving == {service.full_name for service in SERVICES} - services_without_a_method()
    offered = (ELECTROCHEMISTRY, SIMULATION, FEATURES, VALIDATION)
    assert serving == {service.full_name for service in offered}


@pytest.mark.parametrize("stepper", ["STEPPER_EULER", "STEPPER_RK4", "STEPPER_SEMI_IMPLICIT"])
def test_every_stepper_is_offered(wire: Wire, stepper: str) -> None:
    model = simulation_pb2.GrayScottModel()
    spec = simulation_pb2.SimulationSpec(steps=2, dt=0.1, gray_scott=model, stepper=stepper)
    answer = wire.answer("RunSimulation", simulation_pb2.RunSimulationRequest(spec=spec))
    assert simulation_pb2.Stepper.Name(answer.started.spec.stepper) == stepper
    assert answer.summary.steps_done == 2


def test_a_method_that_no_service_has_is_unimplemented(wire: Wire) -> None:
    for path in ("/mfn.v1.SimulationService/NoSuchMethod", "/no.Such/Method"):
        assert wire.refusal(path, b"").code is grpc.StatusCode.UNIMPLEMENTED
