"""What the supervisor of several workers tells beside their metrics; a server of one process has none of these."""

from mfn_server.telemetry.metrics.declared import CounterOf, GaugeOf, Label

STATES = ("starting", "serving", "silent", "waiting")
WORKERS = GaugeOf(
    "mfn_workers",
    "Worker processes by state, where there are several. starting: kernels are being compiled; silent: did not answer "
    "this scrape, so that its values are those before it; waiting: has ended and is about to be started again.",
    (Label("state", STATES),),
)
WORKERS_ENDED = CounterOf("mfn_workers_ended_total", "Worker processes that ended without being told to.")
SUPERVISED = (WORKERS, WORKERS_ENDED)
