"""mfn_simulation_*: what runs cost, how they end, and what they come to."""

import asyncio
import math
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from prometheus_client import CollectorRegistry

from mfn_grpc.core.features import Measured
from mfn_grpc.core.learning import TrainingMetrics
from mfn_grpc.core.reaction_diffusion import MODELS, Mycelium, SimulationSpec
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_server.errors import Fault
from mfn_server.rpc.call import Call
from mfn_server.telemetry.metrics.declared import CounterOf, GaugeOf, HistogramOf, Label
from mfn_server.telemetry.metrics.following import Counts, Followed
from mfn_server.telemetry.metrics.sizes import LABELS, MODEL, grid_label, labels_of, steps_label


class StopReason(StrEnum):
    """How a run ended."""

    COMPLETED = "completed"
    DEADLINE = "deadline"
    DRAINING = "draining"
    DIVERGED = "diverged"
    CANCELLED = "cancelled"
    FAILED = "failed"


DURATION = HistogramOf(
    "mfn_simulation_duration_seconds",
    "Seconds of compute of a run, as its Summary.compute_seconds says.",
    LABELS,
    (0.001, 0.005, 0.025, 0.1, 0.5, 2.0, 10.0, 60.0, 300.0, 1800.0),
)
CELL_STEPS = CounterOf("mfn_simulation_cell_steps_total", "Cells x steps computed.", LABELS)
FRAMES = CounterOf("mfn_simulation_frames_total", "Frames encoded for their callers.", LABELS)
SLOW_READER = CounterOf(
    "mfn_simulation_slow_reader_seconds_total",
    "Seconds that streams waited for readers who had not taken the messages before.",
    LABELS,
)
ENDED = CounterOf(
    "mfn_simulations_total",
    "Runs that were begun and have ended, by why.",
    (MODEL, Label("stop_reason", tuple(StopReason))),
)
RUNNING = GaugeOf("mfn_simulations_running", "Runs that have begun and not ended.")
QUEUED = GaugeOf("mfn_simulations_queued", "Runs that wait to be admitted, or are set up.")
DIMENSION = HistogramOf(
    "mfn_fractal_dimension",
    "Box-counting dimension d_box of runs with features, and of the training cycle's last field; not the undefined.",
    LABELS,
    tuple(round(1 + tenth / 10, 1) for tenth in range(11)),
)
GROWTH = CounterOf("mfn_growth_events_total", "Growth events of mycelia.", LABELS)
LYAPUNOV = GaugeOf(
    "mfn_lyapunov_exponent",
    "Largest Lyapunov exponent, per step, of the field that a validation measured last; absent before the first.",
    LABELS,
)
METRICS = (DURATION, CELL_STEPS, FRAMES, SLOW_READER, ENDED, DIMENSION, GROWTH, LYAPUNOV)

_TRAINED_ON = (Mycelium.name, grid_label(32 * 32), steps_label(400))
"""The field whose exponent the training cycle measures, and over how many steps."""
_STOPPED = {
    reasons.ERROR_REASON_FIELD_DIVERGED: StopReason.DIVERGED,
    reasons.ERROR_REASON_DEADLINE_TOO_SHORT: StopReason.DEADLINE,
    reasons.ERROR_REASON_SERVER_DRAINING: StopReason.DRAINING,
}


class SimulationMetrics:
    """Counts runs; on the event loop only."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._followed = set[Followed]()
        self._duration, self._cell_steps = DURATION.made(registry), CELL_STEPS.made(registry)
        self._frames, self._slow = FRAMES.made(registry), SLOW_READER.made(registry)
        self._dimension, self._growth = DIMENSION.made(registry), GROWTH.made(registry)
        self._lyapunov, self._ended = LYAPUNOV.made(registry), ENDED.made(registry)
        for model in MODELS:
            for reason in StopReason:
                self._ended.labels(model, reason)

    @property
    def running(self) -> int:
        """Runs that have begun and not ended."""
        return sum(1 for each in self._followed if each.run is not None)

    @property
    def queued(self) -> int:
        """Runs that have not begun."""
        return len(self._followed) - self.running

    @contextmanager
    def follow(self, spec: SimulationSpec, call: Call) -> Iterator[Followed]:
        """One run, from before it is admitted until it has ended in whatever way."""
        followed = Followed(call, spec.cells, self._counts(spec))
        self._followed.add(followed)
        why: StopReason | None = None
        try:
            yield followed
        except BaseException as error:
            why = _reason_of(error)
            raise
        finally:
            self._followed.remove(followed)
            if followed.run is not None:
                followed.settle()
                self._ended.labels(spec.model.name, why or _named(followed.run.stop_reason)).inc()
                self._duration.labels(*labels_of(spec)).observe(followed.run.compute_seconds)

    def measured(self, spec: SimulationSpec, measured: Measured) -> None:
        """The features that a run came to."""
        self._observe_dimension(labels_of(spec), measured.features.d_box)

    def trained(self, metrics: TrainingMetrics) -> None:
        """What a training cycle came to."""
        self._observe_dimension(_TRAINED_ON, metrics.fractal_dimension)
        if not math.isnan(metrics.lyapunov_exponent):
            self._lyapunov.labels(*_TRAINED_ON).set(metrics.lyapunov_exponent)

    def _counts(self, spec: SimulationSpec) -> Counts:
        labels = labels_of(spec)
        every = (self._cell_steps, self._growth, self._frames, self._slow)
        return Counts(*(each.labels(*labels) for each in every))

    def _observe_dimension(self, labels: tuple[str, str, str], dimension: float) -> None:
        if not math.isnan(dimension):
            self._dimension.labels(*labels).observe(dimension)


def _reason_of(error: BaseException) -> StopReason:
    if isinstance(error, Fault):
        return _STOPPED.get(error.reason, StopReason.FAILED)
    left = isinstance(error, asyncio.CancelledError | GeneratorExit)
    return StopReason.CANCELLED if left else StopReason.FAILED


def _named(reason: pb.StopReason) -> StopReason:
    return StopReason[pb.StopReason.Name(reason).removeprefix("STOP_REASON_")]
