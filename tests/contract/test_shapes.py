"""Conventions that the contract keeps throughout: services, paging, request ids, models, arrays."""

import re
from types import ModuleType

from google.protobuf.descriptor import Descriptor, FieldDescriptor, ServiceDescriptor

from mfn_grpc.v1 import (
    electrochemistry_pb2,
    error_reason_pb2,
    features_pb2,
    federation_pb2,
    simulation_pb2,
    types_pb2,
    validation_pb2,
)

MODULES: list[ModuleType] = [
    electrochemistry_pb2,
    error_reason_pb2,
    features_pb2,
    federation_pb2,
    simulation_pb2,
    types_pb2,
    validation_pb2,
]
MESSAGES: dict[str, Descriptor] = {
    name: message for module in MODULES for name, message in module.DESCRIPTOR.message_types_by_name.items()
}
SERVICES: dict[str, ServiceDescriptor] = {
    name: service for module in MODULES for name, service in module.DESCRIPTOR.services_by_name.items()
}
FIELDS: dict[str, FieldDescriptor] = {
    f"{name}.{field.name}": field for name, message in MESSAGES.items() for field in message.fields
}

METHODS = {
    "ElectrochemistryService": "ComputeNernst ComputeNernstBatch ComputeGoldman ComputeGoldmanCurrent",
    "SimulationService": "Simulate> RunSimulation AnalyzeStability ListModels >UploadArray",
    "FeatureService": "ExtractFeatures >ExtractFeatureStream> AnalyzeFractal",
    "ValidationService": "Validate ValidateStream>",
    "FederationService": (
        ">Federate> >Aggregate> CreateFederation GetFederation ListFederations DeleteFederation PauseFederation"
        " ResumeFederation EnrolParticipant ListParticipants RemoveParticipant ListRounds ListVerdicts"
        " WatchFederation> >UploadModel DownloadModel>"
    ),
}
"""The methods of each service; `>` before a name streams requests, after it responses."""

SMALL_REPEATED_REALS = {
    "AnalyzeFractalRequest.generalized_orders",
    "BoundaryCondition.values",
    "FeatureOptions.thresholds",
    "Grid.spacing",
    "SteadyState.jacobian",
    "SteadyState.values",
}
"""Each at most 64 numbers, whatever the grid."""

CREATING = ["CreateFederationRequest", "EnrolParticipantRequest", "UploadModelBegin"]
UNPAGED = {"ListModels"}
"""The models are few and fixed."""


FEATURES = (
    "d_box d_r2 v_min v_max v_mean v_std v_skew v_kurt dv_mean dv_max t_stable e_trend f_active "
    "n_clusters_low n_clusters_med n_clusters_high max_cluster_size cluster_size_std"
)


def shape_of(service: ServiceDescriptor) -> str:
    """The methods of a service as METHODS writes them."""
    return " ".join(
        f"{'>' * method.client_streaming}{method.name}{'>' * method.server_streaming}" for method in service.methods
    )


def test_the_services_have_the_methods_and_streams_agreed() -> None:
    assert {name: shape_of(service) for name, service in SERVICES.items()} == METHODS


def test_tensors_never_travel_as_repeated_reals() -> None:
    real = {FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT}
    found = {name for name, field in FIELDS.items() if field.is_repeated and field.type in real}
    assert found == SMALL_REPEATED_REALS


def test_listing_calls_page() -> None:
    listing = [
        method.name
        for service in SERVICES.values()
        for method in service.methods
        if method.name.startswith("List") and method.name not in UNPAGED
    ]
    assert len(listing) >= 4
    for name in listing:
        assert {"page_size", "page_token"} <= set(MESSAGES[f"{name}Request"].fields_by_name)
        assert "next_page_token" in MESSAGES[f"{name}Response"].fields_by_name


def test_creating_calls_take_a_request_id() -> None:
    assert [name for name, message in MESSAGES.items() if "request_id" in message.fields_by_name] == CREATING


def test_models_are_named_by_reference_and_never_by_a_bare_version() -> None:
    integral = {FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_INT64}
    versions = {
        name for name, field in FIELDS.items() if re.search(r"(^|_)version$", field.name) and field.cpp_type in integral
    }
    assert versions == {"ModelRef.version"}


def test_whatever_is_signed_travels_as_bytes() -> None:
    begin = MESSAGES["UpdateBegin"].fields_by_name
    assert {name: field.type for name, field in begin.items()} == dict.fromkeys(
        ("claim", "signature", "manifest"), FieldDescriptor.TYPE_BYTES
    )


def test_the_features_are_the_eighteen_in_canonical_order() -> None:
    names = [field.name for field in sorted(MESSAGES["Features"].fields, key=lambda field: field.number)]
    assert [field.number for field in MESSAGES["Features"].fields] == list(range(1, 19))
    assert " ".join(names) == FEATURES
