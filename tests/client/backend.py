"""A real grpc server with a made-up back end, shared by the tests of the client and of the command."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import numpy as np
from google.rpc import error_details_pb2
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from mfn_grpc.arrays import AnyArray, PartAssembler, from_array, to_array
from mfn_grpc.v1 import electrochemistry_pb2 as electro
from mfn_grpc.v1 import electrochemistry_pb2_grpc as electro_grpc
from mfn_grpc.v1 import features_pb2 as features
from mfn_grpc.v1 import features_pb2_grpc as features_grpc
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_grpc.v1 import simulation_pb2_grpc as pb_grpc
from mfn_grpc.v1 import validation_pb2_grpc as validation_grpc
from tests.client.fakes import FakeRpcError, FakeServer, retry_info, serving, status_bytes
from tests.client.measuring import FeatureBackend, ValidationBackend

HEALTH: Any = health  # grpcio-health-checking is not annotated
HEALTH_GRPC: Any = health_pb2_grpc


class Seen:
    """What the server saw of its calls."""

    def __init__(self) -> None:
        self.metadata: list[dict[str, Any]] = []
        self.seconds: list[float | None] = []
        self.cancelled = threading.Event()
        self.called = threading.Event()
        self.unavailable = 0
        self.overloaded = 0
        self.retry_after_s = 0
        self.abort_after: int | None = None
        self.fail_after: int | None = None
        self.forgets_the_last = False
        self.upload_takes_s = 0.0
        self.arrays: list[AnyArray] = []
        self.uploaded: dict[str, AnyArray] = {}
        self.begins: list[features.FeatureStreamBegin] = []

    def note(self, context: grpc.ServicerContext) -> None:
        self.metadata.append(dict(context.invocation_metadata()))
        self.seconds.append(context.time_remaining())

    def refuse_if_overloaded(self, context: Any) -> None:
        if self.overloaded:
            self.overloaded -= 1
            status = status_bytes("OVERLOADED", retry_info(self.retry_after_s))
            context.set_trailing_metadata((("grpc-status-details-bin", status),))
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "busy")


class Electro(electro_grpc.ElectrochemistryServiceServicer):
    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    def ComputeNernst(self, request: electro.ComputeNernstRequest, context: Any) -> electro.ComputeNernstResponse:  # noqa: N802  # grpc's name
        self._seen.note(context)
        if self._seen.unavailable:
            self._seen.unavailable -= 1
            context.abort(grpc.StatusCode.UNAVAILABLE, "not yet")
        self._seen.refuse_if_overloaded(context)
        if request.z_valence == 0:
            bad = error_details_pb2.BadRequest()
            bad.field_violations.add(field="z_valence", description="is 0, must be -3 to 3 without 0")
            context.set_trailing_metadata((("grpc-status-details-bin", status_bytes("INVALID_FIELD", bad)),))
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "1 field is not valid")
        return electro.ComputeNernstResponse(potential_mv=request.z_valence * request.temperature_k)

    def ComputeNernstBatch(self, request: electro.ComputeNernstBatchRequest, context: Any) -> Any:  # noqa: N802  # grpc's name
        self._seen.note(context)
        return electro.ComputeNernstBatchResponse(potential_mv=to_array(from_array(request.concentration_out_molar)))

    def ComputeGoldman(self, request: electro.ComputeGoldmanRequest, context: Any) -> electro.ComputeGoldmanResponse:  # noqa: N802  # grpc's name
        self._seen.note(context)
        return electro.ComputeGoldmanResponse(potential_mv=len(request.ions))

    def ComputeGoldmanCurrent(self, request: electro.ComputeGoldmanCurrentRequest, context: Any) -> Any:  # noqa: N802  # grpc's name
        self._seen.note(context)
        current = request.ion.permeability * request.membrane_potential_mv
        return electro.ComputeGoldmanCurrentResponse(current_density_a_per_m2=current)


class Simulations(pb_grpc.SimulationServiceServicer):
    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    def Simulate(self, request: pb.SimulateRequest, context: Any) -> Iterator[pb.SimulateResponse]:  # noqa: N802  # grpc's name
        self._seen.note(context)
        context.add_callback(self._seen.cancelled.set)
        try:
            for number, message in enumerate(FakeServer().messages(request)):
                if number == self._seen.abort_after:
                    self._seen.abort_after = None
                    context.abort(grpc.StatusCode.UNAVAILABLE, "draining")
                if number == self._seen.fail_after:
                    context.abort(grpc.StatusCode.INTERNAL, "a bug")
                yield message
                if request.spec.seed == 99 and number == 2:
                    self._seen.called.set()
                    self._seen.cancelled.wait()
        except FakeRpcError as error:
            context.set_trailing_metadata(error.trailing_metadata())
            context.abort(error.code(), error.details())

    def ListModels(self, request: pb.ListModelsRequest, context: Any) -> pb.ListModelsResponse:  # noqa: N802  # grpc's name
        self._seen.note(context)
        answer = pb.ListModelsResponse()
        for name in ("mycelium", "gray_scott"):
            model = answer.models.add(
                name=name, title=name.title(), equations="u' = 0", reference="Nobody", default_dt=1
            )
            model.species.add(name="u", unit="mV")
            model.parameters.add(name="feed", description="feed rate", default_value=0.05, max=1, unit="1")
            model.parameters.add(name="jitter", description="noise", is_switch=True, max=1, unit="1")
        return answer

    def AnalyzeStability(self, request: pb.AnalyzeStabilityRequest, context: Any) -> pb.AnalyzeStabilityResponse:  # noqa: N802  # grpc's name
        self._seen.note(context)
        state = pb.SteadyState(values=[1, 0.5], turing_unstable=True, grid=pb.UnstableBand(wavelength=12.5))
        stability = pb.StabilityReport(
            species=["u", "v"], dt=request.spec.dt, steady_states=[pb.SteadyState(values=[0, 0]), state]
        )
        return pb.AnalyzeStabilityResponse(stability=stability)

    def RunSimulation(self, request: pb.RunSimulationRequest, context: Any) -> pb.RunSimulationResponse:  # noqa: N802  # grpc's name
        self._seen.note(context)
        answer = pb.RunSimulationResponse()
        answer.started.spec.CopyFrom(request.spec)
        answer.summary.steps_done = request.spec.steps
        answer.summary.stop_reason = pb.STOP_REASON_COMPLETED
        if request.with_final_state:
            answer.final_state.CopyFrom(to_array(np.ones((2, 4, 4))))
        if request.with_features:
            answer.summary.features.v_mean = request.spec.steps
            answer.summary.features.f_active = request.feature_options.thresholds[1]
            answer.summary.undefined_features.add(name="d_box", reason=request.feature_options.species)
        return answer

    def UploadArray(self, request_iterator: Any, context: Any) -> pb.UploadArrayResponse:  # noqa: N802  # grpc's name
        self._seen.note(context)
        assembler, whole = PartAssembler(2**26), None
        for message in request_iterator:
            whole = assembler.add(message.part)
        time.sleep(self._seen.upload_takes_s)
        ref = f"arrays/{len(self._seen.uploaded)}"
        self._seen.uploaded[ref] = whole.elements if whole else np.empty(0)
        return pb.UploadArrayResponse(array_ref=ref, expires_in_seconds=60)


@contextmanager
def backend(seen: Seen) -> Iterator[str]:
    """The server on a free loopback port; gives its target."""
    healthy = HEALTH.HealthServicer()
    healthy.set("", health_pb2.HealthCheckResponse.SERVING)
    healthy.set("mfn.v1.FeatureService", health_pb2.HealthCheckResponse.NOT_SERVING)
    with serving(
        lambda server: electro_grpc.add_ElectrochemistryServiceServicer_to_server(Electro(seen), server),
        lambda server: pb_grpc.add_SimulationServiceServicer_to_server(Simulations(seen), server),
        lambda server: features_grpc.add_FeatureServiceServicer_to_server(FeatureBackend(seen), server),
        lambda server: validation_grpc.add_ValidationServiceServicer_to_server(ValidationBackend(seen), server),
        lambda server: HEALTH_GRPC.add_HealthServicer_to_server(healthy, server),
    ) as target:
        yield target
