"""What this server offers of the contract: all of it, where it has somewhere to keep it."""

import logging
from secrets import token_hex
from typing import Any

import grpc
import pytest
from google.protobuf.message_factory import GetMessageClass

from mfn_grpc.v1 import federation_pb2, simulation_pb2
from mfn_grpc.v1.federation_pb2_grpc import FederationServiceStub
from mfn_server.app import channel_options
from mfn_server.config.loading import load_settings
from tests.server.calling import METHODS, SERVICES, Wire, refused
from tests.server.conftest import Start

KEY = token_hex(32)
PROD = {
    "env": "prod",
    "transport_security": "mesh",
    "metrics_port": 0,
    "api_key": KEY,
    "resume_token_key": token_hex(32),
}


def test_method_names_are_unique_over_the_whole_contract_so_that_a_name_finds_its_method() -> None:
    assert len(METHODS) == sum(len(service.methods) for service in SERVICES)


@pytest.mark.parametrize("name", sorted(METHODS))
def test_every_method_of_the_contract_is_offered(wire: Wire, name: str) -> None:
    request = GetMessageClass(METHODS[name].input_type)()
    try:
        assert list(wire.stream(name, request))
    except grpc.RpcError:
        assert wire.refusal(name, request).code is not grpc.StatusCode.UNIMPLEMENTED


def test_an_old_connection_takes_no_new_calls_and_cuts_none_off() -> None:
    assert "grpc.max_connection_age_ms" not in dict(channel_options(load_settings(env="dev")))
    aged = dict(channel_options(load_settings(env="dev", max_connection_age_s=1.5)))
    assert aged["grpc.max_connection_age_ms"] == 1500
    assert "grpc.max_connection_age_grace_ms" not in aged  # grpc's own default is to wait for ever


async def test_health_tells_of_every_service_of_the_contract(start: Start) -> None:
    server = await start()
    told = {name for name in server.application.health._statuses if name.startswith("mfn.")}
    assert told == {service.full_name for service in SERVICES}


class TestWithoutAStateDirectory:
    async def test_outside_dev_no_federations_are_offered_and_the_refusal_says_why(
        self, start: Start, caplog: pytest.LogCaptureFixture
    ) -> None:
        server = await start(**PROD)
        stub: Any = FederationServiceStub(server.channel)
        create = stub.CreateFederation(federation_pb2.CreateFederationRequest(), metadata=[("x-api-key", KEY)])
        refusal = await refused(create)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNIMPLEMENTED, "NOT_IMPLEMENTED")
        assert "MFN_STATE_DIR" in refusal.message
        assert "MFN_STATE_DIR" in caplog.text
        upload = stub.UploadModel(metadata=[("x-api-key", KEY)])  # sends nothing: the refusal does not wait for it
        assert (await refused(upload)).code is grpc.StatusCode.UNIMPLEMENTED

    async def test_aggregation_keeps_nothing_and_is_offered_all_the_same(self, start: Start) -> None:
        server = await start(**PROD)
        stub: Any = FederationServiceStub(server.channel)
        call = stub.Aggregate(iter([federation_pb2.AggregateRequest()]), metadata=[("x-api-key", KEY)])
        assert (await refused(call)).reason == "UNEXPECTED_MESSAGE"

    async def test_in_dev_federations_end_with_the_process_and_the_log_says_so(
        self, start: Start, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        server = await start()
        assert server.application.coordinator is not None
        assert "federations end with this process" in caplog.text


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
