"""What is fixed about a method: its path, its kind, what a caller needs, and the class that its limits go by."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from google.protobuf.descriptor import MethodDescriptor

from mfn_grpc.v1 import scope_pb2


class Scope(StrEnum):
    """What a credential permits; the words of the contract (scope.proto) in small letters."""

    READ = "read"
    SIMULATE = "simulate"
    FEATURES = "features"
    VALIDATE = "validate"
    FEDERATE = "federate"
    ADMIN = "admin"


class MethodClass(StrEnum):
    """Methods that share a rate limit: those whose first scope is the same, and health checks."""

    HEALTH = "health"
    READ = "read"
    SIMULATE = "simulate"
    FEATURES = "features"
    VALIDATE = "validate"
    FEDERATE = "federate"
    ADMIN = "admin"


HEALTH_SERVICE = "grpc.health.v1.Health"
REFLECTION_SERVICE = "grpc.reflection.v1alpha.ServerReflection"


@dataclass(frozen=True)
class Method:
    """One method as interceptors see it.

    path: as in the request's headers; "/_OTHER" for all that do not exist. scopes: a caller needs one of them; any
    credential does where there are none. is_open: whether callers need no credential at all.
    """

    service: str
    name: str
    client_streaming: bool = False
    server_streaming: bool = False
    scopes: tuple[Scope, ...] = ()
    method_class: MethodClass = MethodClass.READ
    is_open: bool = False

    @cached_property
    def path(self) -> str:
        """/package.Service/Method."""
        return f"/{self.service}/{self.name}" if self.service else f"/{self.name}"

    @cached_property
    def kind(self) -> str:
        """The grpc_type of the usual metrics: unary, client_stream, server_stream or bidi_stream."""
        if self.client_streaming:
            return "bidi_stream" if self.server_streaming else "client_stream"
        return "server_stream" if self.server_streaming else "unary"


OTHER = Method("", "_OTHER", client_streaming=True, server_streaming=True)
"""Stands for every method that no service has, so that what callers make up bounds nothing."""


def method_of(descriptor: MethodDescriptor) -> Method:
    """The method of a descriptor; raises ValueError for one that states no scope."""
    service = descriptor.containing_service.full_name
    scopes = _scopes(descriptor)
    is_open = service == HEALTH_SERVICE
    return Method(
        service=service,
        name=descriptor.name,
        client_streaming=descriptor.client_streaming,
        server_streaming=descriptor.server_streaming,
        scopes=scopes,
        method_class=MethodClass.HEALTH if is_open else MethodClass(scopes[0]),
        is_open=is_open,
    )


def _scopes(descriptor: MethodDescriptor) -> tuple[Scope, ...]:
    service = descriptor.containing_service.full_name
    if service == HEALTH_SERVICE:
        return ()
    if service == REFLECTION_SERVICE:
        return (Scope.READ,)
    options: Any = descriptor.GetOptions()  # protoc types extensions as descriptors
    stated = options.Extensions[scope_pb2.scopes]
    if not stated:
        raise ValueError(f"{descriptor.full_name} states no scope: add option (mfn.v1.scopes) to its proto")
    return tuple(Scope(scope_pb2.Scope.Name(number).removeprefix("SCOPE_").lower()) for number in stated)
