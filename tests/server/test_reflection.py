"""Reflection tells strangers what there is."""

import grpc
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_reflection.v1alpha import reflection_pb2

from tests.server.calling import SERVICES, Wire

PATH = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
Request = reflection_pb2.ServerReflectionRequest


def answers(wire: Wire, *requests: Request) -> list[reflection_pb2.ServerReflectionResponse]:
    call = wire.open(PATH, [request.SerializeToString() for request in requests])
    return [reflection_pb2.ServerReflectionResponse.FromString(raw) for raw in call]


def test_every_service_is_listed_health_and_reflection_included(wire: Wire) -> None:
    (answer,) = answers(wire, Request(list_services=""))
    listed = {service.name for service in answer.list_services_response.service}
    others = {"grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}
    assert listed == {service.full_name for service in SERVICES} | others


def test_the_descriptor_of_every_service_can_be_had_on_one_stream(wire: Wire) -> None:
    found = answers(wire, *(Request(file_containing_symbol=service.full_name) for service in SERVICES))
    assert len(found) == len(SERVICES)
    for service, answer in zip(SERVICES, found, strict=True):
        files = [FileDescriptorProto.FromString(raw) for raw in answer.file_descriptor_response.file_descriptor_proto]
        assert service.file.name in {file.name for file in files}


def test_what_does_not_exist_is_answered_on_the_stream(wire: Wire) -> None:
    missing = [
        Request(file_by_filename="no/such.proto"),
        Request(file_containing_symbol="no.Such"),
        Request(all_extension_numbers_of_type="no.Such"),
        Request(file_containing_extension=reflection_pb2.ExtensionRequest(containing_type="no.Such")),
    ]
    assert [answer.error_response.error_code for answer in answers(wire, *missing)] == [
        grpc.StatusCode.NOT_FOUND.value[0]
    ] * len(missing)


def test_bytes_that_are_no_reflection_request_are_refused_like_any_other(wire: Wire) -> None:
    refusal = wire.refusal(PATH, b"\xff")
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_REQUEST")
