"""Puts the server together: settings in, an Application out. The order of the interceptors stands here."""

import asyncio
import logging
import os
import secrets
from contextlib import ExitStack, closing
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Protocol

import grpc
from threadpoolctl import threadpool_limits

from mfn_grpc.v1 import electrochemistry_pb2, features_pb2, federation_pb2, simulation_pb2, validation_pb2
from mfn_server import health, reflection
from mfn_server.admission import Admission
from mfn_server.aggregation.aggregate import AggregateRounds
from mfn_server.aggregation.spool import Spool
from mfn_server.compute import Compute
from mfn_server.config import Environment, Settings
from mfn_server.federation.coordinator import Coordinator, Limits
from mfn_server.federation.disk import Disk
from mfn_server.federation.storage.keys import key_ring
from mfn_server.interceptors.api_key import ApiKeyInterceptor
from mfn_server.interceptors.request_id import RequestIdInterceptor
from mfn_server.kernels import Group, Kernels
from mfn_server.rpc import MAX_MESSAGE_BYTES, bind
from mfn_server.runtime import Pace, Runtime
from mfn_server.services.aggregation import AggregationService
from mfn_server.services.electrochemistry import ElectrochemistryService
from mfn_server.services.features import FeatureService
from mfn_server.services.federation import FederationService
from mfn_server.services.simulation import SimulationService
from mfn_server.services.validation import ValidationService
from mfn_server.simulation.checkpoints import CheckpointStore
from mfn_server.simulation.tokens import Tokens
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

    needs: the kernels of each service, by its full name.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.draining = asyncio.Event()
        self.kernels = Kernels()
        self._closing = ExitStack()
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
        self.server = self._server()

    def _runtime(self) -> Runtime:
        settings = self.settings
        admission = Admission(
            max_running=settings.max_running,
            max_queued=settings.max_queued,
            max_bytes=settings.max_state_bytes,
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
        return Coordinator(self.runtime, self.disk, self.state_directory / "federations", keys, limits)

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
        server = grpc.aio.server(interceptors=interceptors(self.settings), options=CHANNEL_OPTIONS)
        idle_s = self.settings.reader_idle_s
        server.add_generic_rpc_handlers(tuple(bind(*each, idle_s) for each in self.services.items()))
        return server


def interceptors(settings: Settings) -> list[grpc.aio.ServerInterceptor]:
    """Outermost first.

    1. request id: every later refusal must carry it.
    2. API key: nothing else may be asked of the server before the caller is known.
    """
    chain: list[grpc.aio.ServerInterceptor] = [RequestIdInterceptor()]
    if settings.api_key is not None:
        chain.append(ApiKeyInterceptor(settings.api_key.get_secret_value()))
    return chain


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
