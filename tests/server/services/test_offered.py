"""A server that offers some services: the others are unknown to callers, health, reflection, metrics and kernels."""

import logging
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthStub
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.reflection_pb2_grpc import ServerReflectionStub

from mfn_grpc.v1 import federation_pb2, simulation_pb2
from mfn_server import app
from mfn_server.config.offering import Service
from mfn_server.kernels import Group, Kernels, WarmUps
from mfn_server.services.offered import NEEDS, kernels_of
from tests.server.calling import NERNST, refused
from tests.server.conftest import Start
from tests.server.telemetry.metrics.scraping import scrape

Health: Any = HealthStub  # both published without types
Reflection: Any = ServerReflectionStub
LIST_ALL = reflection_pb2.ServerReflectionRequest(list_services="")
PROD = {"env": "prod", "transport_security": "mesh", "api_key": token_hex(32), "metrics_port": 0}


async def test_a_call_to_another_service_is_unimplemented_and_told_where_to_look(start: Start) -> None:
    server = await start(services="electrochemistry,features")
    call = server.simulation.ListModels(simulation_pb2.ListModelsRequest())
    refusal = await refused(call)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNIMPLEMENTED, "NOT_IMPLEMENTED")
    assert refusal.message == (
        "this server does not offer mfn.v1.SimulationService: ask one whose MFN_SERVICES names simulation; this one "
        "offers mfn.v1.ElectrochemistryService, mfn.v1.FeatureService"
    )
    aggregation = server.federation.Aggregate(iter([federation_pb2.AggregateRequest()]))
    assert "names federation" in (await refused(aggregation)).message
    assert (await server.electrochemistry.ComputeNernst(NERNST)).potential_mv < 0


async def test_health_reflection_and_metrics_tell_of_the_offered_services_alone(start: Start) -> None:
    server = await start(services="electrochemistry", metrics_port=0)
    offered = {"mfn.v1.ElectrochemistryService", "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}
    reflection: Any = Reflection(server.channel)
    call = reflection.ServerReflectionInfo(iter([LIST_ALL]))
    listed = [answer async for answer in call]
    assert {each.name for each in listed[0].list_services_response.service} == offered
    health: Any = Health(server.channel)
    unknown = health.Check(health_pb2.HealthCheckRequest(service="mfn.v1.SimulationService"))
    assert (await refused(unknown)).code is grpc.StatusCode.NOT_FOUND
    rows = [dict(labels) for name, labels in await scrape(server) if name == "grpc_server_started_total"]
    assert {row["grpc_service"] for row in rows} == {*offered, ""}


async def test_the_whole_server_serves_once_the_kernels_of_what_it_offers_are_there(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = list[Group]()
    warm_ups: WarmUps = {group: partial(compiled.append, group) for group in Group}
    monkeypatch.setattr(app, "Kernels", lambda: Kernels(warm_ups))
    server = await start(services="simulation,federation", metrics_port=0)
    health: Any = Health(server.channel)
    watched = health.Watch(health_pb2.HealthCheckRequest())
    while (await watched.read()).status != health_pb2.HealthCheckResponse.SERVING:
        pass
    assert set(compiled) == {Group.REACTION_DIFFUSION, Group.FEATURES, Group.AGGREGATION}
    ready = {dict(labels)["group"]: on for (name, labels), on in (await scrape(server)).items() if "kernels" in name}
    assert ready == {"reaction_diffusion": 1, "features": 1, "aggregation": 1}
    watched.cancel()


async def test_federations_are_kept_only_where_they_are_offered(start: Start, tmp_path: Path) -> None:
    with_them = await start(services="federation", state_dir=tmp_path / "with")
    without = await start(services="simulation", state_dir=tmp_path / "without")
    assert with_them.application.coordinator is not None
    assert without.application.coordinator is None
    assert (tmp_path / "with" / "federations").is_dir()
    assert not (tmp_path / "without" / "federations").exists()
    assert with_them.application.checkpoints is None
    assert without.application.checkpoints is not None


@pytest.mark.parametrize(("services", "told"), [("electrochemistry,features", False), ("federation", True)])
async def test_a_missing_state_directory_is_told_of_where_it_matters(
    start: Start, caplog: pytest.LogCaptureFixture, services: str, told: bool
) -> None:
    caplog.set_level(logging.WARNING)
    await start(services=services, **PROD)
    assert ("MFN_STATE_DIR" in caplog.text) is told


def test_every_service_says_which_kernels_it_needs() -> None:
    assert set(NEEDS) == set(Service)
    assert kernels_of([Service.ELECTROCHEMISTRY]) == ()
    assert kernels_of(list(Service)) == tuple(Group)
