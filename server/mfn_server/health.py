"""grpc.health.v1: one status a service, one for the whole server (""), and `liveness`.

Not grpcio's own servicer: that one answers malformed requests with UNKNOWN and the parser's text, begins SERVING, and
its open watches hold up the server's stop for the whole grace period.
"""

import asyncio
from collections.abc import AsyncIterator

from grpc_health.v1 import health_pb2

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.errors import Fault
from mfn_server.rpc.call import Call

SERVICE = health_pb2.DESCRIPTOR.services_by_name["Health"]
WHOLE_SERVER = ""
LIVENESS = "liveness"
"""SERVING while the event loop lives, also during warm-up and drain, so that an orchestrator lets both finish."""

ServingStatus = health_pb2.HealthCheckResponse.ServingStatus
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
LONGEST_NAME_SHOWN = 80


class Health:
    """Statuses, and those who watch them. Alive, but not serving at first."""

    def __init__(self, services: list[str]) -> None:
        self._services = [WHOLE_SERVER, *services]
        self._statuses = {LIVENESS: SERVING, **dict.fromkeys(self._services, NOT_SERVING)}
        self._changed = asyncio.Event()
        self._closing = False

    def set(self, service: str, status: ServingStatus) -> None:
        """Set one service."""
        self._statuses[service] = status
        self._wake()

    def set_all(self, status: ServingStatus) -> None:
        """Set every service and the whole server."""
        self._statuses.update(dict.fromkeys(self._services, status))
        self._wake()

    def end_watches(self) -> None:
        """Let every open watch end once it has told the present status."""
        self._closing = True
        self._wake()

    async def check(self, request: health_pb2.HealthCheckRequest, call: Call) -> health_pb2.HealthCheckResponse:
        """The status of a service."""
        status = self._statuses.get(request.service)
        if status is None:
            name = request.service[:LONGEST_NAME_SHOWN]
            raise Fault(reasons.ERROR_REASON_RESOURCE_NOT_FOUND, f"this server serves no service {name!r}")
        return health_pb2.HealthCheckResponse(status=status)

    async def watch(
        self, request: health_pb2.HealthCheckRequest, call: Call
    ) -> AsyncIterator[health_pb2.HealthCheckResponse]:
        """The status of a service, and every later one, until the caller leaves or the server stops."""
        told = None
        while True:
            status = self._statuses.get(request.service, UNKNOWN)
            if status != told:
                told = status
                yield health_pb2.HealthCheckResponse(status=status)
            elif self._closing:
                return
            else:
                await self._changed.wait()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
