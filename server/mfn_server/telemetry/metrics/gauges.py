"""Gauges, and a counter, that are read from the parts of a server when somebody asks for the metrics."""

from mfn_server.federation.machine.records import FederationState
from mfn_server.kernels import Group
from mfn_server.telemetry.metrics.declared import CounterOf, GaugeOf, Label
from mfn_server.telemetry.metrics.readings import DELAY
from mfn_server.telemetry.metrics.simulations import QUEUED, RUNNING


def _gauge(name: str, meaning: str, *labels: Label) -> GaugeOf:
    return GaugeOf(f"mfn_{name}", meaning, labels)


ADMITTED = ("running", "queued", "bytes", "streams")
ADMISSION_RUNNING = _gauge("admission_running", "Calls that hold a running slot.")
ADMISSION_QUEUED = _gauge("admission_queued", "Calls that wait to be admitted.")
ADMISSION_BYTES = _gauge("admission_bytes", "Bytes that admitted calls may hold.")
ADMISSION_STREAMS = _gauge("admission_streams", "Open streams of arrays and frames.")
ADMISSION_LIMIT = _gauge("admission_limit", "The most that is admitted of each.", Label("resource", ADMITTED))
COMPUTE_WORKERS = _gauge("compute_workers", "Threads that compute.")
COMPUTE_WORKERS_BUSY = _gauge("compute_workers_busy", "Those at work.")
KERNELS_READY = _gauge(
    "kernels_ready",
    "1 where a group of kernels that the offered services need is compiled.",
    Label("group", tuple(each.name.lower() for each in Group)),
)
SERVER_DRAINING = _gauge("server_draining", "1 while it shuts down.")
TLS_CERTIFICATE_EXPIRY_SECONDS = _gauge(
    "tls_certificate_expiry_seconds", "Unix time of the certificate's end; none without TLS."
)
RATE_LIMIT_BUCKETS = _gauge("rate_limit_buckets", "Buckets of callers in this process's memory.")
FEDERATIONS = _gauge(
    "federations",
    "Federations that this process owns, by state.",
    Label("state", tuple(state.lower() for state in FederationState)),
)
FEDERATION_PARTICIPANTS_ENROLLED = _gauge("federation_participants_enrolled", "Participants of all federations.")
FEDERATION_PARTICIPANTS_CONNECTED = _gauge("federation_participants_connected", "Those with an open session.")
FEDERATION_WATCHES = _gauge("federation_watches", "Open watches.")
FEDERATION_OLDEST_ROUND_STARTED_SECONDS = _gauge(
    "federation_oldest_round_started_seconds",
    "Unix time at which the oldest round under way, of all federations, was started; none while no round is under way.",
)
FEDERATIONS_WAITING = _gauge(
    "federations_waiting", "Running federations without a round under way: too few participants are connected."
)
FEDERATION_STORED_BYTES = _gauge("federation_stored_bytes", "Bytes on disk, measured after each round.")
LOG_LINES_DROPPED = CounterOf("mfn_log_lines_dropped_total", "Lines that could not be written.")

READ = (
    QUEUED,
    RUNNING,
    DELAY,
    ADMISSION_RUNNING,
    ADMISSION_QUEUED,
    ADMISSION_BYTES,
    ADMISSION_STREAMS,
    ADMISSION_LIMIT,
    COMPUTE_WORKERS,
    COMPUTE_WORKERS_BUSY,
    KERNELS_READY,
    SERVER_DRAINING,
    TLS_CERTIFICATE_EXPIRY_SECONDS,
    RATE_LIMIT_BUCKETS,
    FEDERATIONS,
    FEDERATION_PARTICIPANTS_ENROLLED,
    FEDERATION_PARTICIPANTS_CONNECTED,
    FEDERATION_WATCHES,
    FEDERATION_OLDEST_ROUND_STARTED_SECONDS,
    FEDERATIONS_WAITING,
    FEDERATION_STORED_BYTES,
    LOG_LINES_DROPPED,
)
