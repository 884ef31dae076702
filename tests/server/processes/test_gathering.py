"""A scrape asks every worker, waits for none too long, and tells how many there are in each state."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from mfn_server.processes import gathering
from mfn_server.processes.gathering import Gathered
from mfn_server.processes.handle import State
from mfn_server.processes.merging import Family
from mfn_server.telemetry.metrics.supervising import STATES
from tests.server.telemetry.metrics.scraping import Samples, samples_of, value


class FakeWorker:
    """A worker that has counted something by the time it is asked."""

    state = State.SERVING

    def __init__(self, count: float) -> None:
        self.count = count
        self.metrics: list[Family] = []

    async def scrape(self) -> None:
        self.metrics = [Family("calls", "Calls.", "counter", {("calls_total", ()): self.count})]


class FakeCrew:
    """Two workers that run, one that waits, and what was counted before."""

    def __init__(self) -> None:
        self.alive = [FakeWorker(2), FakeWorker(3)]
        self.ended = [Family("calls", "Calls.", "counter", {("calls_total", ()): 10.0})]
        self.deaths = 4

    def states(self) -> dict[State, int]:
        return {State.STARTING: 0, State.SERVING: 2, State.SILENT: 0, State.WAITING: 1}


async def scraped(gathered: Gathered) -> Samples:
    registry = CollectorRegistry()
    registry.register(gathered)
    return samples_of((await asyncio.to_thread(generate_latest, registry)).decode())


async def test_a_page_holds_the_sum_of_the_workers_and_the_supervisors_own() -> None:
    crew: Any = FakeCrew()
    samples = await scraped(Gathered(crew))
    assert value(samples, "calls_total") == 15
    assert value(samples, "mfn_workers_ended_total") == 4
    found = {state: value(samples, "mfn_workers", state=state) for state in STATES}
    assert found == {"starting": 0, "serving": 2, "silent": 0, "waiting": 1}
    assert value(samples, "process_resident_memory_bytes") > 0


async def test_a_supervisor_that_is_stuck_serves_the_last_page(monkeypatch: pytest.MonkeyPatch) -> None:
    crew: Any = FakeCrew()
    gathered = Gathered(crew)
    first = await scraped(gathered)
    monkeypatch.setattr(gathering, "PATIENCE_S", 0.0)
    stuck = asyncio.Event()
    crew.alive = [SimpleNamespace(scrape=stuck.wait, metrics=[])]
    assert value(await scraped(gathered), "calls_total") == value(first, "calls_total")


def test_every_state_of_a_worker_is_listed() -> None:
    assert tuple(State) == STATES
