"""The metrics of all workers as one server's, for the supervisor's port."""

import asyncio
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from mfn_server.processes.crew import Crew
from mfn_server.processes.handle import SCRAPE_S, State
from mfn_server.processes.merging import merged, taken
from mfn_server.telemetry.metrics.supervising import WORKERS, WORKERS_ENDED

PATIENCE_S = SCRAPE_S + 2.0
"""How long a scrape waits for the supervisor's own event loop, which waits for the workers."""


class Gathered(Collector):
    """Asks every worker when somebody asks for the metrics, on another thread than the event loop's. Made on that."""

    def __init__(self, crew: Crew) -> None:
        self._crew, self._loop = crew, asyncio.get_running_loop()
        self._own = CollectorRegistry()
        ProcessCollector(registry=self._own)
        self._last: Sequence[Metric] = ()

    def describe(self) -> list[Metric]:
        """Nothing: what there is, the workers know."""
        return []

    def collect(self) -> Sequence[Metric]:
        """All of them together; what they were at the last scrape where the supervisor itself is ending."""
        answer = asyncio.run_coroutine_threadsafe(self._gather(), self._loop)
        try:
            self._last = answer.result(PATIENCE_S)
        except (TimeoutError, asyncio.CancelledError):
            answer.cancel()
        return self._last

    async def _gather(self) -> Sequence[Metric]:
        crew = self._crew
        await asyncio.gather(*(handle.scrape() for handle in crew.alive))
        families = merged([*(handle.metrics for handle in crew.alive), taken(self._own)], crew.ended)
        states = crew.states()
        ours = (
            WORKERS.family({(state.value,): states[state] for state in State}),
            WORKERS_ENDED.family({(): crew.deaths}),
        )
        return [*ours, *(family.metric() for family in families)]
