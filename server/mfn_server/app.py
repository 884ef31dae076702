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
from typing import TYPE_CHECKING

import grpc
from prometheus_client import CollectorRegistry
from threadpoolctl import threadpool_limits

from mfn_server import health, reflection
from mfn_server.access.assemble import authenticators
from mfn_server.access.slowing import Slowing
from mfn_server.admission import Admission
from mfn_server.aggregation.aggregate import AggregateRounds
from mfn_server.aggregation.spool import Spool
from mfn_server.compute import Compute
from mfn_server.config.environments import Environment
from mfn_server.config.offering import Service
from mfn_server.config.settings import Settings
from mfn_server.federation.coordinator import Coordinator, Limits
from mfn_server.federation.disk import Disk
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
from mfn_server.kernels import Kernels
from mfn_server.limiting.assemble import limiter
from mfn_server.listener import Listener
from mfn_server.rpc.answering import Silence
from mfn_server.rpc.binding import OtherMethods, bind
from mfn_server.rpc.chain import Interceptor, Interceptors
from mfn_server.rpc.sizes import MAX_MESSAGE_BYTES
from mfn_server.runtime import Pace, Runtime
from mfn_server.secrets.federation_keys import watched_ring
from mfn_server.secrets.judge import judge_of
from mfn_server.secrets.stores import close_stores
from mfn_server.secrets.watch_list import WatchList
from mfn_server.services.aggregation import AggregationService
from mfn_server.services.electrochemistry import ElectrochemistryService
from mfn_server.services.features import FeatureService
from mfn_server.services.federation import FederationService
from mfn_server.services.offered import DESCRIPTORS, NEEDS, elsewhere, kernels_of
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


class Application:
    """The parts of one server; made inside the event loop that will run it.

    needs: the kernels of each service that is offered, by its full name; all_needs: of all of them. coordinator: None
    where no federations are offered. draining: set when nothing new is begun. leaving: from the notice before that on.
    log_lines_dropped: how many of the process's there are so far. scratch: where several processes of one server keep
    what need not outlive them, made and deleted by another; None: this process makes its own.
    """

    def __init__(
        self, settings: Settings, log_lines_dropped: Callable[[], int] = int, scratch: Path | None = None
    ) -> None:
        self.settings = settings
        self._scratch = scratch
        self.draining = asyncio.Event()
        self.leaving = False
        self.traces = tracer_provider(settings)
        self.kernels = Kernels()
        self.metrics = Metrics(CollectorRegistry())
        self.certificate = server_certificate(settings, self.metrics.reloads)
        self._closing = ExitStack()
        self._closing.callback(close_stores, settings)
        self.audit = self._closing.enter_context(closing(Audit(settings.audit_file)))
        self.watching = WatchList(self.metrics.reloads, judge_of(settings))
        self.authenticators = authenticators(settings, self.audit, self.watching)
        self.limiter = limiter(settings, self.metrics.limits, self.watching)
        # One thread of BLAS for each worker: more would take each other's cores, and sums would depend on their number.
        self._closing.enter_context(threadpool_limits(limits=1, user_api="blas"))
        self.compute = self._closing.enter_context(closing(Compute(settings.compute_threads or os.cpu_count() or 1)))
        self.checkpoints = _checkpoint_store(settings)
        self.arrays = ArrayStore(
            self.state_directory / "arrays",
            quota_bytes=settings.array_quota_bytes,
            total_bytes=settings.array_total_bytes,
            ttl_s=settings.array_ttl_s,
        )
        self.runtime = self._runtime()
        self.coordinator: Coordinator | None = None
        self.needs = {DESCRIPTORS[service].full_name: NEEDS[service] for service in settings.services}
        self.all_needs = kernels_of(settings.services)
        self.health = health.Health(list(self.needs))
        self.services: dict[ServiceDescriptor, object] = {
            **{DESCRIPTORS[service]: self._implementation(service) for service in settings.services},
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
            tokens=self._tokens(),
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
            most_cells=settings.max_cells,
        )

    def _tokens(self) -> Tokens:
        key = self.settings.resume_token_key
        if key is None:
            return Tokens(_token_key(self.settings, self.checkpoints))
        tokens = Tokens()
        tokens.use(self.watching.keys(key, setting="resume_token_key", on_reload=tokens.use).current)
        return tokens

    def _implementation(self, service: Service) -> object:
        match service:
            case Service.ELECTROCHEMISTRY:
                return ElectrochemistryService(self.compute)
            case Service.SIMULATION:
                return SimulationService(self.runtime)
            case Service.FEATURES:
                return FeatureService(self.runtime)
            case Service.VALIDATION:
                return ValidationService(self.runtime)
            case Service.FEDERATION:
                return self._federation_service()

    def _coordinator(self, disk: Disk) -> Coordinator | None:
        """The federations; None where they could not outlive the process and somebody might rely on that."""
        settings = self.settings
        if settings.state_dir is None:
            if settings.env is not Environment.DEV:
                log.warning("no federations are offered: set MFN_STATE_DIR to where they are to outlive this process")
                return None
            log.info("federations end with this process: set MFN_STATE_DIR to keep them")
        keys = watched_ring(settings.federation_keys, self.watching)
        limits = Limits(
            max_participants=settings.federation_max_participants,
            max_watches=settings.federation_max_watches,
            max_model_bytes=settings.federation_max_model_bytes,
            join_timeout_s=settings.federation_join_timeout_s,
        )
        return Coordinator(self.runtime, disk, self.state_directory / "federations", keys, limits, self.audit)

    def _federation_service(self) -> object:
        settings, disk = self.settings, self._closing.enter_context(closing(Disk()))
        self.coordinator = self._coordinator(disk)
        spool = Spool(
            self.state_directory / "aggregations",
            stream_bytes=settings.aggregate_stream_bytes,
            server_bytes=settings.aggregate_spool_bytes,
        )
        rounds = AggregateRounds(self.runtime, spool, disk)
        if self.coordinator is None:
            return AggregationService(rounds)
        return FederationService(self.runtime, self.coordinator, rounds)

    @cached_property
    def state_directory(self) -> Path:
        """The directory of the settings, or one that ends with this server."""
        if given := self.settings.state_dir or self._scratch:
            return given
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
        server.add_generic_rpc_handlers((*bound, OtherMethods(chain, elsewhere(self.settings.services))))
        return server


def channel_options(settings: Settings) -> list[tuple[str, int]]:
    """What grpc does with connections; old ones take no new calls, and those that they carry end by themselves."""
    options = dict(CHANNEL_OPTIONS)
    if settings.workers > 1:
        options["grpc.so_reuseport"] = 1  # the supervisor has made sure that nobody else has the port
    if settings.max_connection_age_s is not None:
        options["grpc.max_connection_age_ms"] = round(1000 * settings.max_connection_age_s)
    return list(options.items())


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
    if settings.state_dir is None or Service.SIMULATION not in settings.services:
        return None
    return CheckpointStore(
        settings.state_dir / "checkpoints",
        quota_bytes=settings.checkpoint_quota_bytes,
        ttl_s=settings.checkpoint_ttl_s,
    )


def _token_key(settings: Settings, store: CheckpointStore | None) -> bytes:
    """Where the settings give none."""
    if store is not None:
        return store.shared_key()
    if Service.SIMULATION in settings.services:
        log.warning("resume tokens end with this process: set MFN_RESUME_TOKEN_KEY or MFN_STATE_DIR to keep them valid")
    return secrets.token_bytes(32)
