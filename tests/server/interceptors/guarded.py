"""Every service behind the two guards and nothing else: an admitted call is refused for what it lacks or asks."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from mfn_server.access.authenticator import Authenticator
from mfn_server.access.slowing import Slowing
from mfn_server.interceptors.authentication import Authentication
from mfn_server.interceptors.authorization import Authorization
from mfn_server.rpc.answering import Silence
from mfn_server.rpc.binding import OtherMethods, bind
from mfn_server.rpc.chain import Interceptor, Interceptors
from tests.server.access.calls import Recorded
from tests.server.calling import SERVICES, Metadata, Refusal, path_of, refused

HEALTH = health_pb2.DESCRIPTOR.services_by_name["Health"]
REFLECTION = reflection_pb2.DESCRIPTOR.services_by_name["ServerReflection"]
GUARDED: tuple[MethodDescriptor, ...] = tuple(
    method for service in (*SERVICES, REFLECTION) for method in service.methods
)
"""Everything that needs a credential."""


class Guarded:
    """A caller of such a server."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._channel = channel

    async def refusal(self, method: MethodDescriptor | str, metadata: Metadata = ()) -> Refusal:
        """How a call that ends without a message is refused."""
        path = method if isinstance(method, str) else path_of(method)
        calling: Any = self._channel.stream_stream(path)
        call = calling(metadata=metadata, timeout=60)
        await call.done_writing()
        return await refused(call)


@asynccontextmanager
async def guarded(
    authenticators: Sequence[Authenticator], audit: Recorded, *, required: bool = True
) -> AsyncIterator[Guarded]:
    """Run one."""
    guards: list[Interceptor] = [Authentication(authenticators, required, Slowing(), audit), Authorization(audit)]
    chain = Interceptors(guards=guards)
    server = grpc.aio.server()
    services = [bind(service, object(), Silence(60, 60), chain) for service in (*SERVICES, REFLECTION, HEALTH)]
    server.add_generic_rpc_handlers((*services, OtherMethods(chain)))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Guarded(channel)
    await server.stop(0)
