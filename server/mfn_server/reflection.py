"""Server reflection (v1alpha): which services there are, and their descriptors."""

from collections.abc import AsyncIterable, AsyncIterator, Iterable

from google.protobuf.descriptor import ServiceDescriptor
from grpc_reflection.v1alpha import reflection as stock
from grpc_reflection.v1alpha import reflection_pb2

from mfn_server.rpc.call import Call

SERVICE = reflection_pb2.DESCRIPTOR.services_by_name["ServerReflection"]


class Reflection:
    """grpcio's servicer behind our own decoding: by itself it answers malformed requests with UNKNOWN."""

    def __init__(self, services: Iterable[ServiceDescriptor]) -> None:
        names = [service.full_name for service in services]
        self._stock = stock.aio.ReflectionServicer(names)  # type: ignore[no-untyped-call]  # published without types

    def server_reflection_info(
        self, requests: AsyncIterator[reflection_pb2.ServerReflectionRequest], call: Call
    ) -> AsyncIterable[reflection_pb2.ServerReflectionResponse]:
        """One answer to each request."""
        return self._stock.ServerReflectionInfo(requests, None)
