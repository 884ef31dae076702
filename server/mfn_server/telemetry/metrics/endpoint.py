"""Serves the metrics over HTTP, on a port of their own."""

from prometheus_client import CollectorRegistry, start_http_server

from mfn_server.config.telemetry import Telemetry


class Endpoint:
    """Open until it is closed; raises OSError when the address is taken. port: 0 takes a free one."""

    def __init__(self, host: str, port: int, registry: CollectorRegistry) -> None:
        self._server, self._thread = start_http_server(port, host, registry)
        self._thread.name = "mfn-metrics"
        self.port: int = self._server.server_port

    def close(self) -> None:
        """Stop listening; blocks for half a second at most. Not to be called on the event loop, which it may need."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def opened(settings: Telemetry, registry: CollectorRegistry) -> Endpoint | None:
    """Where the settings want the metrics served; None where nowhere. Raises OSError when another uses the port."""
    if settings.metrics_port is None:
        return None
    try:
        return Endpoint(settings.metrics_host, settings.metrics_port, registry)
    except OSError as error:
        port = f"{settings.metrics_host}:{settings.metrics_port}"
        raise OSError(f"cannot serve metrics on {port}, set by MFN_METRICS_PORT: {error.strerror}") from None
