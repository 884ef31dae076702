"""Puts the server together: settings in, an Application out. The order of the interceptors stands here."""

import asyncio
import logging
import os
import secrets
from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Protocol

import grpc
from prometheus_client import CollectorRegistry
from threadpoolctl import threadpool_limits

from mfn_grpc.v1 import electrochemistry_pb2, features_pb2, federation_pb2, simulation_pb2, validation_pb2
from mfn_server import health, reflection
from mfn_server.access.assemble import authenticators
from mfn_server.access.slowing import Slowing
from mfn_server.admission import Admission
from mfn_server.aggregation.aggregate import AggregateRounds
from mfn_server.aggregation.spool import Spool
from mfn_server.compute import Compute
from mfn_server.config.environments import Environment
from mfn_server.config.settings import Settings
from mfn_server.federation.coordinator import Coordinator, Limits
from mfn_server.federation.disk import Disk
from mfn_server.federation.storage.keys import key_ring
from mfn_server.interceptors.access_log import AccessLog
from mfn_server.interceptors.audit import AuditCalls
from mfn_server.interceptors.authentication import Authentication
from mfn_server.interceptors.authorization import Authorization
from mfn_server.interceptors.caps import Caps
from mfn_server.interceptors.metrics import CountCalls
from mfn_server.interceptors.peers import Peers, TrustedProxies
from mfn_server.interceptors.rate_limit import RateLimit
from mfn_server.interceptors.request_id import RequestIds
from mfn_server.interceptors.tracing import Tracing
from mfn_server.kernels import Group, Kernels
from mfn_server.limiting.assemble import limiter
from mfn_server.listener import Listener
from mfn_server.rpc.answering import Silence
from mfn_server.rpc.binding import OtherMethods, bind
from mfn_server.rpc.chain import Interceptor, Interceptors
from mfn_server.rpc.sizes import MAX_MESSAGE_BYTES
from mfn_server.runtime import Pace, Runtime
from mfn_server.services.aggregation import AggregationService
from mfn_server.services.electrochemistry import ElectrochemistryService
from mfn_server.services.features import FeatureService
from mfn_server.services.federation import FederationService
from mfn_server.services.simulation import SimulationService
from mfn_server.services.validation import ValidationService
from mfn_server.simulation.checkpoints import CheckpointStore
from mfn_server.simulation.tokens import Tokens
from mfn_server.telemetry.audit import Audit
from mfn_server.telemetry.metrics import assemble as metrics
from mfn_server.telemetry.metrics.metrics import Metrics
from mfn_server.telemetry.tracing.provider import tracer_provider
from mfn_server.tls import server_certificate
from mfn_server.uploads import ArrayStore

if TYPE_CHECKING:
    from google.protobuf.descriptor import ServiceDescriptor

log = logging.getLogger(__name__)

ELECTROCHEMISTRY = electrochemistry_pb2.DESCRIPTOR.services_by_name["ElectrochemistryService"]
SIMULATION = simulation_pb2.DESCRIPTOR.services_by_name["SimulationService"]
FEATURES = features_pb2.DESCRIPTOR.services_by_name["FeatureService"]
VALIDATION = validation_pb2.DESCRIPTOR.services_by_name["ValidationService"]
FEDERATION = federation_pb2.DESCRIPTOR.services_by_name["FederationService"]

CHANNEL_OPTIONS = (
    ("grpc.max_receive_message_length", 2 * MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_metadata_size", 8192),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.http2.max_ping_strikes", 0),
    ("grpc.so_reuseport", 0),
)


class _Offered(Protocol):
    """A service of this server; it serves once the kernels that it needs are compiled."""

    @property
    def needs(self) -> tuple[Group, ...]: ...


class Application:
    """The parts of one server; made inside the event loop that will run it.

    needs: the kernels of each service, by its full name. draining: set when nothing new is begun. leaving: from the
    notice before that on. log_lines_dropped: how many of the process's there are so far.
    """

    def __init__(self, settings: Settings, log_lines_dropped: Callable[[], int] = int) -> None:
        self.settings = settings
        self.draining = asyncio.Event()
        self.leaving = False
        self.traces = tracer_provider(settings)
        self.kernels = Kernels()
        self.metrics = Metrics(CollectorRegistry())
        self.certificate = server_certificate(settings, self.metrics.reloads)
        self._closing = ExitStack()
        self.audit = self._closing.enter_context(closing(Audit(settings.audit_file)))
        self.authenticators = authenticators(settings, self.audit, self.metrics.reloads)
        self.limiter = limiter(settings, self.metrics.limits)
        # One thread of BLAS for each worker: more would take each other's cores, and sums would depend on their number.
        self._closing.enter_context(threadpool_limits(limits=1, user_api="blas"))
        self.compute = self._closing.enter_context(closing(Compute(settings.workers or os.cpu_count() or 1)))
        self.checkpoints = _checkpoint_store(settings)
        self.arrays = ArrayStore(
            self.state_directory / "arrays", quota_bytes=settings.array_quota_bytes, ttl_s=settings.array_ttl_s
        )
        self.runtime = self._runtime()
        self.disk = self._closing.enter_context(closing(Disk()))
        self.coordinator = self._coordinator()
        offered: dict[ServiceDescriptor, _Offered] = {
            ELECTROCHEMISTRY: ElectrochemistryService(self.compute),
            SIMULATION: SimulationService(self.runtime),
            FEATURES: FeatureService(self.runtime),
            VALIDATION: ValidationService(self.runtime),
            FEDERATION: self._federation_service(),
        }
        self.needs = {service.full_name: implementation.needs for service, implementation in offered.items()}
        self.health = health.Health(list(self.needs))
        self.services: dict[ServiceDescriptor, object] = {
            **offered,
            health.SERVICE: self.health,
        }
        self.services[reflection.SERVICE] = reflection.Reflection([*self.services, reflection.SERVICE])
        sources = metrics.Sources(self.limiter, lambda: log_lines_dropped() + self.audit.lost)
        metrics.observe(self, sources)
        credentials = None if self.certificate is None else self.certificate.credentials()
        self.listener = Listener(self._server, credentials)

    def _runtime(self) -> Runtime:
        settings = self.settings
        admission = Admission(
            max_running=settings.max_running,
            max_queued=settings.max_queued,
            max_bytes=settings.max_state_bytes,
            principal_share=settings.principal_state_share,
            max_streams=settings.max_streams,
        )
        return Runtime(
            compute=self.compute,
            admission=admission,
            tokens=Tokens(_token_key(settings, self.checkpoints)),
            checkpoints=self.checkpoints,
            arrays=self.arrays,
            kernels=self.kernels,
            draining=self.draining,
            pace=Pace(
                slice_s=settings.slice_ms / 1000,
                checkpoint_s=settings.checkpoint_s,
                upload_idle_s=settings.upload_idle_s,
            ),
            metrics=self.metrics,
        )

    def _coordinator(self) -> Coordinator | None:
        """The federations; None where they could not outlive the process and somebody might rely on that."""
        settings = self.settings
        if settings.state_dir is None:
            if settings.env is not Environment.DEV:
                log.warning("no federations are offered: set MFN_STATE_DIR to where they are to outlive this process")
                return None
            log.info("federations end with this process: set MFN_STATE_DIR to keep them")
        keys = None if settings.federation_keys is None else key_ring(settings.federation_keys.get_secret_value())
        limits = Limits(
            max_participants=settings.federation_max_participants,
            max_watches=settings.federation_max_watches,
            max_model_bytes=settings.federation_max_model_bytes,
            join_timeout_s=settings.federation_join_timeout_s,
        )
        return Coordinator(self.runtime, self.disk, self.state_directory / "federations", keys, limits, self.audit)

    def _federation_service(self) -> _Offered:
        settings = self.settings
        spool = Spool(
            self.state_directory / "aggregations",
            stream_bytes=settings.aggregate_stream_bytes,
            server_bytes=settings.aggregate_spool_bytes,
        )
        rounds = AggregateRounds(self.runtime, spool, self.disk)
        if self.coordinator is None:
            return AggregationService(rounds)
        return FederationService(self.runtime, self.coordinator, rounds)

    @cached_property
    def state_directory(self) -> Path:
        """The directory of the settings, or one that ends with this process."""
        if self.settings.state_dir is not None:
            return self.settings.state_dir
        return Path(self._closing.enter_context(TemporaryDirectory(prefix="mfn-")))

    def close(self) -> None:
        """Stop the workers and delete what was kept for this process only."""
        self._closing.close()

    def sweep(self) -> None:
        """Delete what has outlived its time."""
        self.arrays.sweep()
        if self.checkpoints is not None:
            self.checkpoints.sweep()

    def _server(self) -> grpc.aio.Server:
        server = grpc.aio.server(options=channel_options(self.settings))
        chain, silence = interceptors(self), Silence(self.settings.upload_idle_s, self.settings.reader_idle_s)
        bound = [bind(*each, silence, chain) for each in self.services.items()]
        server.add_generic_rpc_handlers((*bound, OtherMethods(chain)))
        return server


def channel_options(settings: Settings) -> list[tuple[str, int]]:
    """What grpc does with connections; old ones are asked to end, and their calls may finish as in a drain."""
    age_s = settings.max_connection_age_s
    if age_s is None:
        return list(CHANNEL_OPTIONS)
    ageing = {"max_connection_age_ms": age_s, "max_connection_age_grace_ms": settings.drain_grace_s}
    return [*CHANNEL_OPTIONS, *((f"grpc.{name}", round(seconds * 1000)) for name, seconds in ageing.items())]


def interceptors(app: Application) -> Interceptors:
    """What stands around every call, outermost first.

    Observers, which see how every call ended, also one that a guard refused:

    1. request ids: whatever is told of a call, by whom ever, names it.
    2. peers: the address that is logged, counted and slowed down is the caller's, not its proxy's.
    3. tracing: the log lines and the spans of all that follows belong to the call's trace.
    4. metrics: times what the caller waits for, the log's own work included.
    5. access log: within the span, so that its line names the trace.
    6. audit: what it records of a call stands before the line that ends it.

    Guards, which may refuse:

    1. authentication: nothing may be asked, not even what there is, before the caller is known.
    2. authorization: what the caller may not do costs it none of its rate.
    3. rate limits: by principal, so after who it is; before anything is read.
    4. caps: the time of a call that is let in.
    """
    settings = app.settings
    required = settings.api_key_required or bool(app.authenticators)
    proxies = TrustedProxies(map(str, settings.trusted_proxies)) if settings.trust_proxy_headers else None
    observers: list[Interceptor] = [
        RequestIds(),
        Peers(proxies),
        Tracing(app.traces, settings.trace_sample_ratio),
        CountCalls(app.metrics.rpcs, app.metrics.auth),
        AccessLog(),
        AuditCalls(app.audit),
    ]
    guards: list[Interceptor] = [
        Authentication(app.authenticators, required, Slowing(), app.audit),
        Authorization(app.audit),
        *([] if app.limiter is None else [RateLimit(app.limiter)]),
        Caps(settings.max_unary_s, settings.max_stream_s),
    ]
    return Interceptors(observers, guards)


def _checkpoint_store(settings: Settings) -> CheckpointStore | None:
    if settings.state_dir is None:
        return None
    return CheckpointStore(
        settings.state_dir / "checkpoints",
        quota_bytes=settings.checkpoint_quota_bytes,
        ttl_s=settings.checkpoint_ttl_s,
    )


def _token_key(settings: Settings, store: CheckpointStore | None) -> bytes:
    if settings.resume_token_key is not None:
        return settings.resume_token_key.get_secret_value().encode()
    if store is not None:
        return store.shared_key()
    log.warning("resume tokens end with this process: set MFN_RESUME_TOKEN_KEY or MFN_STATE_DIR to keep them valid")
    return secrets.token_bytes(32)
