"""The ladders of cost, short ones, once."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from types import SimpleNamespace

import pytest

from benchmarks.growth import aggregating, serving, simulating
from benchmarks.growth.ladder import QUADRATIC, Climb, Ladder, climb
from benchmarks.subjects import growth


@pytest.fixture(scope="module")
def computed() -> dict[str, Climb]:
    ladders = [*simulating.ladders(True), *aggregating.ladders(True)]
    return {f"{each.what}/{each.axis}": climb(each, turns=1) for each in ladders}


def test_every_kind_of_cost_has_ladders_over_its_sizes(computed: dict[str, Climb]) -> None:
    assert {key.partition("/")[2] for key in computed} == {"cells", "steps", "clients", "parameters"}
    assert all(each.law.exponent == each.law.exponent for each in computed.values())
    assert all(min(each.costs) > 0 for each in computed.values())


def test_memory_which_no_load_disturbs_grows_as_it_may(computed: dict[str, Climb]) -> None:
    memory = {key: each for key, each in computed.items() if "memory" in key}
    assert len(memory) == 4 + len(aggregating.PER_COORDINATE) + len(aggregating.OF_PAIRS)
    for key, each in memory.items():
        assert each.ladder.limit is not None
        assert each.law.exponent <= each.ladder.limit, key


def test_only_rules_of_pairs_may_grow_faster_than_linearly_and_only_in_clients(computed: dict[str, Climb]) -> None:
    quadratic = {key for key, each in computed.items() if each.ladder.limit == QUADRATIC}
    assert quadratic == {f"{rule}, time/clients" for rule in aggregating.OF_PAIRS}


def test_the_ladders_of_a_server_climb_streams_and_each_step_costs_something(monkeypatch: pytest.MonkeyPatch) -> None:
    client = FakeClient()
    monkeypatch.setattr(serving, "ServerProcess", lambda **_: nullcontext(SimpleNamespace(target="", pid=os.getpid())))
    monkeypatch.setattr(serving, "AsyncClient", lambda _: client)
    with serving.ladders(True) as ladders:
        memory, work, waiting = ladders
        for each in (memory, work, waiting):
            client.most_open = 0
            assert all(each.cost(size) > 0 for size in each.sizes)
            assert client.most_open == each.sizes[-1]
    assert [memory.unit, work.unit, waiting.unit] == ["MiB", "ms", "ms"]
    assert client.calls == len(waiting.sizes) * serving.CALLS[True]


def test_so_many_streams_run_at_once_and_each_is_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    client = FakeClient()
    monkeypatch.setattr(serving, "AsyncClient", lambda _: client)
    asyncio.run(serving._streams("nowhere", 3, 16, 2))
    assert (client.most_open, client.frames) == (3, 6)


def test_the_subject_yields_a_row_for_each_ladder(monkeypatch: pytest.MonkeyPatch) -> None:
    ladders = [Ladder(name, "size", "ms", (1, 10, 100), float) for name in ("one", "two")]
    monkeypatch.setattr(growth, "climbs", lambda quick: (climb(each, turns=1) for each in ladders if quick))
    rows = list(growth.measure(True))
    assert [row.what for row in rows] == ["one, power of size", "two, power of size"]
    assert [row.value for row in rows] == pytest.approx([1.0, 1.0])


class FakeClient:
    """Streams of as many frames as asked for; each waits for the others before its first."""

    def __init__(self) -> None:
        self.open = self.most_open = self.frames = self.calls = 0

    async def __aenter__(self) -> "FakeClient":
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def nernst(self, *_: float) -> None:
        self.calls += 1

    @asynccontextmanager
    async def simulate(self, name: str, *, steps: int, stride: int, **_: object) -> AsyncIterator[AsyncIterator[int]]:
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        yield self._read(steps // stride)
        self.open -= 1

    async def _read(self, count: int) -> AsyncIterator[int]:
        for number in range(count):
            await asyncio.sleep(0)
            self.frames += 1
            yield number
