"""What a server's metrics read from its parts."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mfn_server.federation.live.live import Live
from mfn_server.federation.machine.records import FederationState
from mfn_server.limiting.limiter import Limiter
from mfn_server.rpc.methods import method_of
from mfn_server.telemetry.metrics import gauges
from mfn_server.telemetry.metrics.declared import Reading, Values, single
from mfn_server.telemetry.metrics.endpoint import Endpoint, opened
from mfn_server.telemetry.metrics.readings import Readings
from mfn_server.telemetry.metrics.simulations import QUEUED, RUNNING

if TYPE_CHECKING:
    from mfn_server.app import Application


@dataclass(frozen=True)
class Sources:
    """Where gauges are read that no part of the application holds. limiter: None where rates are not limited."""

    limiter: Limiter | None
    lines_dropped: Callable[[], int]


def observe(app: "Application", sources: Sources) -> None:
    """Announce every method that the server has, and read its gauges from now on; on its event loop."""
    metrics = app.metrics
    metrics.rpcs.announce(method_of(method) for service in app.services for method in service.methods)
    metrics.registry.register(Readings(readings(app, sources)))


def endpoint(app: "Application") -> Endpoint | None:
    """Where the metrics are served; None where they are not. Raises OSError when another uses the port."""
    return opened(app.settings, app.metrics.registry)


def readings(app: "Application", sources: Sources) -> list[Reading]:
    """Everything that is read when somebody asks."""
    return [*_simulations(app), *_admission(app), *_server(app, sources), *_federations(app)]


def _simulations(app: "Application") -> list[Reading]:
    simulations = app.metrics.simulations
    return [
        Reading(RUNNING, single(lambda: simulations.running)),
        Reading(QUEUED, single(lambda: simulations.queued)),
    ]


def _admission(app: "Application") -> list[Reading]:
    admission, settings = app.runtime.admission, app.settings
    most = (settings.max_running, settings.max_queued, settings.max_state_bytes, settings.max_streams)
    limits: Values = {(each,): limit for each, limit in zip(gauges.ADMITTED, most, strict=True)}
    return [
        Reading(gauges.ADMISSION_RUNNING, single(lambda: admission.running)),
        Reading(gauges.ADMISSION_QUEUED, single(lambda: admission.queued)),
        Reading(gauges.ADMISSION_BYTES, single(lambda: admission.bytes_held)),
        Reading(gauges.ADMISSION_STREAMS, single(lambda: admission.streams)),
        Reading(gauges.ADMISSION_LIMIT, lambda: limits),
    ]


def _server(app: "Application", sources: Sources) -> list[Reading]:
    compute, kernels, certificate, limiter = app.compute, app.kernels, app.certificate, sources.limiter
    return [
        Reading(gauges.COMPUTE_WORKERS, single(lambda: compute.workers)),
        Reading(gauges.COMPUTE_WORKERS_BUSY, single(lambda: compute.busy)),
        Reading(
            gauges.KERNELS_READY,
            lambda: {(group.name.lower(),): float(kernels.usable((group,))) for group in app.all_needs},
        ),
        Reading(gauges.SERVER_DRAINING, single(lambda: app.leaving)),
        Reading(
            gauges.TLS_CERTIFICATE_EXPIRY_SECONDS,
            lambda: {} if certificate is None else {(): certificate.certificate_expiry()},
        ),
        Reading(
            gauges.RATE_LIMIT_BUCKETS,
            single(lambda: 0 if limiter is None else limiter.kept),
        ),
        Reading(
            gauges.LOG_LINES_DROPPED,
            single(sources.lines_dropped),
        ),
    ]


def _federations(app: "Application") -> list[Reading]:
    def lives() -> list[Live]:
        return [] if app.coordinator is None else app.coordinator.all()

    def by_state() -> Values:
        found = Counter(live.state.status for live in lives())
        return {(state.value.lower(),): found[state] for state in FederationState}

    def oldest_round() -> Values:
        started = [live.state.open.started_at for live in lives() if live.state.open is not None]
        return {(): min(started)} if started else {}

    def waiting(live: Live) -> bool:
        return live.state.status is FederationState.RUNNING and live.state.open is None

    return [
        Reading(gauges.FEDERATIONS, by_state),
        Reading(
            gauges.FEDERATION_PARTICIPANTS_ENROLLED,
            single(lambda: sum(len(live.state.participants) for live in lives())),
        ),
        Reading(
            gauges.FEDERATION_PARTICIPANTS_CONNECTED,
            single(lambda: sum(len(live.state.sessions) for live in lives())),
        ),
        Reading(
            gauges.FEDERATION_WATCHES,
            single(lambda: sum(len(live.watchers) for live in lives())),
        ),
        Reading(
            gauges.FEDERATION_OLDEST_ROUND_STARTED_SECONDS,
            oldest_round,
        ),
        Reading(
            gauges.FEDERATIONS_WAITING,
            single(lambda: sum(map(waiting, lives()))),
        ),
        Reading(
            gauges.FEDERATION_STORED_BYTES,
            single(lambda: sum(live.stored_bytes for live in lives())),
        ),
    ]
