"""How calls fared with the rate limits."""

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from mfn_server.limiting.outcomes import ALLOWED, LIMITED, STORE_FAILED
from mfn_server.rpc.methods import MethodClass
from mfn_server.telemetry.metrics.declared import CounterOf, Label

RATE_LIMIT = CounterOf(
    "mfn_rate_limit_total",
    "Calls that reached the rate limits, by the class of their method; store_failed: the store of the limits did not "
    "answer. A call may be allowed when it comes and limited for what it asks.",
    (Label("method_class", tuple(MethodClass)), Label("outcome", (ALLOWED, LIMITED, STORE_FAILED))),
)


class LimitMetrics(Collector):
    """Counts on the event loop only."""

    def __init__(self) -> None:
        self._counts = {
            (each.value, outcome): 0 for each in MethodClass for outcome in (ALLOWED, LIMITED, STORE_FAILED)
        }

    def count(self, method_class: str, outcome: str) -> None:
        """One call; KeyError for a class or outcome that there is not."""
        self._counts[method_class, outcome] += 1

    def describe(self) -> list[Metric]:
        """Without values."""
        return [RATE_LIMIT.family({})]

    def collect(self) -> list[Metric]:
        """As it stands."""
        return [RATE_LIMIT.family(self._counts)]
