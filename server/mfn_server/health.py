"""grpc.health.v1: one status a service, one for the whole server (""), and `liveness`."""

import asyncio
from typing import Any

import grpc
from grpc_health.v1 import health_pb2
from grpc_health.v1._async import HealthServicer

WHOLE_SERVER = ""
LIVENESS = "liveness"
"""SERVING while the event loop lives, also during warm-up and drain, so that an orchestrator lets both finish."""

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class Health(HealthServicer):
    """The stock servicer, which begins NOT_SERVING and whose watches can be ended.

    An open watch would otherwise hold up the server's stop for its whole grace period.
    """

    def __init__(self, services: list[str]) -> None:
        super().__init__()
        self._services = [WHOLE_SERVER, *services]
        self._closing = asyncio.Event()

    async def begin(self) -> None:
        """Alive, but not serving yet."""
        await self.set(LIVENESS, SERVING)
        await self.set_all(NOT_SERVING)

    async def set_all(self, status: health_pb2.HealthCheckResponse.ServingStatus) -> None:
        """Set every service and the whole server."""
        for service in self._services:
            await self.set(service, status)

    async def Watch(  # noqa: N802  # the name of the method in the protocol
        self, request: health_pb2.HealthCheckRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> None:
        """Stream the status of a service until the caller leaves or the server closes."""
        watch = asyncio.create_task(super().Watch(request, context))
        closing = asyncio.create_task(self._closing.wait())
        try:
            await asyncio.wait((watch, closing), return_when=asyncio.FIRST_COMPLETED)
        finally:
            closing.cancel()
            watch.cancel()

    def end_watches(self) -> None:
        """Let every open watch end."""
        self._closing.set()
