"""The grpc_server_* family: calls begun, under way and ended, by method and code.

The numbers are plain integers that the event loop adds to, put into Prometheus's form when they are asked for: its own
counters cost 0.5 us an addition, of which a call needs eight.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from threading import Lock
from typing import cast

import grpc
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from mfn_grpc.v1.error_reason_pb2 import ErrorReason
from mfn_server.errors import Fault
from mfn_server.rpc.call import Call
from mfn_server.rpc.methods import OTHER, Method
from mfn_server.telemetry.metrics.declared import CounterOf, GaugeOf, HistogramOf, Label


def codes() -> tuple[grpc.StatusCode, ...]:
    """Every code that a call can end with: those of the catalogue, OK, and those of callers who leave."""
    given = {Fault(cast("ErrorReason", reason), "").status_code for reason in ErrorReason.values() if reason}
    left = {grpc.StatusCode.OK, grpc.StatusCode.CANCELLED, grpc.StatusCode.DEADLINE_EXCEEDED}
    return tuple(sorted(given | left, key=_number))


def _number(code: grpc.StatusCode) -> int:
    number: int = code.value[0]
    return number


CODES = codes()
_METHOD = (
    Label("grpc_type", ("unary", "client_stream", "server_stream", "bidi_stream")),
    Label("grpc_service", "the services of this server by their full names; empty with `_OTHER`"),
    Label("grpc_method", "the methods of those services; `_OTHER` for all that do not exist"),
)
_ENDED = (*_METHOD, Label("grpc_code", tuple(code.name for code in CODES)))
STARTED = CounterOf("grpc_server_started_total", "Calls that have begun.", _METHOD)
HANDLED = CounterOf("grpc_server_handled_total", "Calls that have ended, however, by status code.", _ENDED)
RECEIVED = CounterOf("grpc_server_msg_received_total", "Request messages that were read.", _METHOD)
SENT = CounterOf("grpc_server_msg_sent_total", "Answers that were sent.", _METHOD)
IN_FLIGHT = GaugeOf("grpc_server_in_flight", "Calls that have begun and not ended.", _METHOD)
HANDLING = HistogramOf(
    "grpc_server_handling_seconds",
    "From a call's beginning to its end; a code other than OK appears once a call has ended with it.",
    _ENDED,
    (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0),
)
METRICS = (STARTED, HANDLED, RECEIVED, SENT, IN_FLIGHT, HANDLING)
_LE = [*(str(bound) for bound in HANDLING.bounds), "+Inf"]


class Ended:
    """Calls of one method that ended with one code: their seconds, and how many took as long as each bucket says."""

    __slots__ = ("buckets", "seconds")

    def __init__(self) -> None:
        self.seconds = 0.0
        self.buckets = [0] * len(_LE)


class Tally:
    """The calls of one method. Added to on the event loop, read by whoever serves the metrics.

    The lock keeps messages of a call that ends from being read twice or not at all: a count would seem to fall.
    """

    def __init__(self, method: Method) -> None:
        self.labels = (method.kind, method.service, method.name)
        self._started = self._received = self._sent = 0
        self._open = set[Call]()
        self._ended = {code: Ended() for code in CODES}
        self._well = self._ended[grpc.StatusCode.OK]
        self._lock = Lock()

    def begin(self, call: Call) -> None:
        """A call has begun."""
        self._started += 1
        self._open.add(call)

    def end(self, call: Call, code: grpc.StatusCode, seconds: float) -> None:
        """It has ended."""
        ended = self._well if code is grpc.StatusCode.OK else self._ended[code]  # the hash of a code is slow
        bucket = bisect_left(HANDLING.bounds, seconds)
        with self._lock:
            ended.buckets[bucket] += 1
            ended.seconds += seconds
            self._received += call.received.messages
            self._sent += call.sent.messages
            self._open.remove(call)

    def read(self) -> "Reading":
        """The numbers of one moment."""
        with self._lock:
            open_calls = tuple(self._open)  # one step for other threads, as calls are hashed by their identity
            return Reading(
                self.labels,
                self._started,
                len(open_calls),
                self._received + sum(call.received.messages for call in open_calls),
                self._sent + sum(call.sent.messages for call in open_calls),
                {code.name: (ended.seconds, tuple(ended.buckets)) for code, ended in self._ended.items()},
            )


class Reading:
    """What a tally held. ended: seconds in all and calls in each bucket, by code."""

    def __init__(
        self,
        labels: tuple[str, str, str],
        started: int,
        in_flight: int,
        received: int,
        sent: int,
        ended: dict[str, tuple[float, tuple[int, ...]]],
    ) -> None:
        self.labels, self.started, self.in_flight = labels, started, in_flight
        self.received, self.sent, self.ended = received, sent, ended


class RpcMetrics(Collector):
    """One tally for each method that was announced, and one for all others."""

    def __init__(self) -> None:
        self._other = Tally(OTHER)
        self._tallies: dict[tuple[str, str], Tally] = {}

    def announce(self, methods: Iterable[Method]) -> None:
        """Count these by themselves, from zero on, so that a rate of errors has something to begin from."""
        self._tallies |= {(each.service, each.name): Tally(each) for each in methods}

    def of(self, method: Method) -> Tally:
        """Where the calls of a method are counted."""
        return self._tallies.get((method.service, method.name), self._other)

    def describe(self) -> list[Metric]:
        """All of the family, without values."""
        return _families(())

    def collect(self) -> list[Metric]:
        """All of the family, as it stands."""
        tallies = (*self._tallies.values(), self._other)
        return _families([tally.read() for tally in tallies])


def _families(readings: Sequence[Reading]) -> list[Metric]:
    counts = {(*each.labels, code): sum(buckets) for each in readings for code, (_, buckets) in each.ended.items()}
    return [
        STARTED.family({each.labels: each.started for each in readings}),
        HANDLED.family(counts),
        RECEIVED.family({each.labels: each.received for each in readings}),
        SENT.family({each.labels: each.sent for each in readings}),
        IN_FLIGHT.family({each.labels: each.in_flight for each in readings}),
        _handling(readings),
    ]


def _handling(readings: Iterable[Reading]) -> Metric:
    family = HANDLING.family()
    for each in readings:
        for code, (seconds, buckets) in each.ended.items():
            if code == "OK" or any(buckets):
                family.add_metric((*each.labels, code), list(_cumulative(buckets)), seconds)
    return family


def _cumulative(buckets: Sequence[int]) -> Iterator[tuple[str, int]]:
    return zip(_LE, accumulate(buckets), strict=True)
