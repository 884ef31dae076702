"""Settings that are allowed and yet likely to surprise: lines for the log of a server that starts."""

from collections.abc import Iterator
from pathlib import Path

from mfn_server.config.addresses import IN_MEMORY, is_loopback
from mfn_server.config.environments import Environment
from mfn_server.config.files import exposed
from mfn_server.config.listening import ClientAuthentication, TransportSecurity
from mfn_server.config.memory import available_bytes
from mfn_server.config.settings import Settings
from mfn_server.config.telemetry import TraceExporter


def warnings(settings: Settings) -> list[str]:
    """What the operator should know of these settings, each naming its variable."""
    found = [*_of_proxies(settings), *_of_limits(settings), *_of_memory(settings), *_without_effect(settings)]
    return found if settings.env is Environment.DEV else [*_of_open_doors(settings), *_of_draining(settings), *found]


def _of_open_doors(settings: Settings) -> Iterator[str]:
    if not settings.api_key_required:
        yield f"MFN_API_KEY_REQUIRED is false in {settings.env}: whoever reaches the port may call everything"
    if not settings.rate_limit_enabled:
        yield f"MFN_RATE_LIMIT_ENABLED is false in {settings.env}: one caller can take the whole server"
    if settings.metrics_port is not None and not is_loopback(settings.metrics_host):
        yield f"MFN_METRICS_HOST is {settings.metrics_host}: metrics ask for no credential; keep others from the port"
    if settings.transport_security is TransportSecurity.MESH and not is_loopback(settings.host):
        yield f"MFN_TRANSPORT_SECURITY is mesh on {settings.host}: what passes by the mesh is not encrypted"
    for name in ("tls_key_file", "api_keys_file"):
        path = getattr(settings, name)
        if isinstance(path, Path) and path.exists() and exposed(path):
            yield f"MFN_{name.upper()} may be read by everybody on this machine; take that away with: chmod o-r {path}"


def _of_proxies(settings: Settings) -> Iterator[str]:
    if settings.transport_security is TransportSecurity.MESH and not settings.trust_proxy_headers:
        yield (
            "MFN_TRUST_PROXY_HEADERS is false with MFN_TRANSPORT_SECURITY=mesh: all callers share the proxy's address, "
            "so that wrong credentials and health checks of one count against all; set it with MFN_TRUSTED_PROXIES"
        )


def _of_draining(settings: Settings) -> Iterator[str]:
    if settings.drain_grace_s * 1000 < settings.slice_ms:
        yield (
            f"MFN_DRAIN_GRACE_S is {settings.drain_grace_s:g}, less than MFN_SLICE_MS={settings.slice_ms:g}: "
            "simulations end without a resume token when the server does"
        )


def _of_limits(settings: Settings) -> Iterator[str]:
    if not settings.rate_limit_enabled or settings.rate_limit_store.get_secret_value() != IN_MEMORY:
        return
    if settings.workers > 1:
        yield (
            f"MFN_RATE_LIMIT_STORE is {IN_MEMORY}, which workers do not share: each of MFN_WORKERS={settings.workers} "
            "grants its part of every rate, and a caller whose connections come to one worker gets that part alone; "
            "set redis://HOST:PORT/DB for exact limits"
        )
    else:
        yield (
            f"MFN_RATE_LIMIT_STORE is {IN_MEMORY}, which replicas do not share: each grants the whole rate; "
            "set redis://HOST:PORT/DB where there are several"
        )


def _of_memory(settings: Settings) -> Iterator[str]:
    available = available_bytes()
    if settings.max_state_bytes > available:
        yield (
            f"MFN_MAX_STATE_BYTES is {settings.max_state_bytes:,}, more than the {available:,} bytes of memory here: "
            "the process may be killed before it refuses; set about half of that"
        )


def _without_effect(settings: Settings) -> Iterator[str]:
    if settings.tls_client_ca_file is not None and settings.tls_client_auth is ClientAuthentication.NONE:
        yield "MFN_TLS_CLIENT_CA_FILE does nothing without MFN_TLS_CLIENT_AUTH=required: no certificate is asked for"
    if settings.tls_cert_file is not None and settings.transport_security is not TransportSecurity.TLS:
        yield f"MFN_TLS_CERT_FILE does nothing with MFN_TRANSPORT_SECURITY={settings.transport_security}"
    if settings.trusted_proxies and not settings.trust_proxy_headers:
        yield "MFN_TRUSTED_PROXIES does nothing without MFN_TRUST_PROXY_HEADERS=true"
    if settings.trace_endpoint is not None and settings.trace_exporter is TraceExporter.NONE:
        yield "MFN_TRACE_ENDPOINT does nothing without MFN_TRACE_EXPORTER: no span leaves this process"
