"""Which scope every method needs: stated in the protos, and pinned here."""

from typing import Any

import pytest
from google.protobuf.descriptor import MethodDescriptor
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from mfn_grpc.v1 import scope_pb2
from mfn_server.rpc.methods import Scope, method_of
from tests.server.calling import METHODS

SCOPES = {
    "ComputeNernst": "read",
    "ComputeNernstBatch": "read",
    "ComputeGoldman": "read",
    "ComputeGoldmanCurrent": "read",
    "Simulate": "simulate",
    "RunSimulation": "simulate",
    "AnalyzeStability": "read",
    "ListModels": "read",
    "UploadArray": "simulate features",
    "ExtractFeatures": "features",
    "ExtractFeatureStream": "features",
    "AnalyzeFractal": "features",
    "Validate": "validate",
    "ValidateStream": "validate",
    "Federate": "federate",
    "Aggregate": "federate",
    "CreateFederation": "admin",
    "GetFederation": "read federate admin",
    "ListFederations": "read federate admin",
    "DeleteFederation": "admin",
    "PauseFederation": "admin",
    "ResumeFederation": "admin",
    "EnrolParticipant": "admin",
    "ListParticipants": "read admin",
    "RemoveParticipant": "admin",
    "ListRounds": "read federate admin",
    "ListVerdicts": "read admin",
    "WatchFederation": "read federate admin",
    "UploadModel": "admin",
    "DownloadModel": "federate admin",
}
"""Of several, one is enough; the first is the class whose rate limit counts."""


def stated(method: MethodDescriptor) -> list[int]:
    """The numbers in the proto."""
    options: Any = method.GetOptions()
    return list(options.Extensions[scope_pb2.scopes])


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_every_method_states_its_scopes_each_once(method: MethodDescriptor) -> None:
    numbers = stated(method)
    assert numbers
    assert scope_pb2.SCOPE_UNSPECIFIED not in numbers
    assert len(numbers) == len(set(numbers))


def test_the_methods_need_these_scopes_and_no_others() -> None:
    assert {name: " ".join(method_of(method).scopes) for name, method in METHODS.items()} == SCOPES


def test_the_words_of_the_server_are_those_of_the_contract() -> None:
    words = {name.removeprefix("SCOPE_").lower() for name in scope_pb2.Scope.DESCRIPTOR.values_by_name}
    assert set(Scope) == words - {"unspecified"}


def test_health_alone_is_open_and_reflection_is_read() -> None:
    health, reflection = (
        [method_of(method) for method in service.methods]
        for service in (
            health_pb2.DESCRIPTOR.services_by_name["Health"],
            reflection_pb2.DESCRIPTOR.services_by_name["ServerReflection"],
        )
    )
    assert {(method.is_open, method.scopes) for method in health} == {(True, ())}
    assert {(method.is_open, method.scopes) for method in reflection} == {(False, (Scope.READ,))}
    assert not [name for name, method in METHODS.items() if method_of(method).is_open]
