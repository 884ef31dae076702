"""The life of calls that measure: admitted by size, stopped within a slice, refused in time."""

import threading
from typing import Any

import grpc
import numpy as np
import pytest

from mfn_grpc.arrays import to_array
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.v1 import features_pb2 as pb
from mfn_server.features.memory import analysis_bytes, extraction_bytes
from mfn_server.rpc.call import Call
from tests.server.calling import refused
from tests.server.conftest import Running, Start
from tests.server.fields import field
from tests.server.gates import eventually

FIELD = field(shape=(40, 30))
EXTRACT = pb.ExtractFeaturesRequest(array=to_array(FIELD))
ANALYZE = pb.AnalyzeFractalRequest(array=to_array(FIELD), threshold=-50.0)
METHODS = ["ExtractFeatures", "AnalyzeFractal"]


def call(server: Running, method: str, **options: Any) -> Any:
    return getattr(server.features, method)(EXTRACT if method == "ExtractFeatures" else ANALYZE, **options)


class Held:
    """Stands for a core computation of many pieces, the first of which is held. done: pieces that have run."""

    def __init__(self) -> None:
        self.begun, self.go = threading.Event(), threading.Event()
        self.done = 0
        self.closed = False

    def __call__(self, *arguments: Any) -> Pieces[Any]:
        try:
            self.begun.set()
            assert self.go.wait(60)
            for _ in range(10**9):
                self.done += 1
                yield
        finally:
            self.closed = True


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Any:
    computation = Held()
    for name in ("extract_features", "analyze"):
        monkeypatch.setattr(f"mfn_server.services.features.{name}", computation)
    yield computation
    computation.go.set()


async def nothing_is_held(server: Running) -> None:
    admission = server.application.runtime.admission
    await eventually(lambda: (admission.running, admission.bytes_held) == (0, 0))


@pytest.mark.parametrize("method", METHODS)
class TestLife:
    async def test_a_call_counts_as_running_work_of_its_size(self, start: Start, held: Held, method: str) -> None:
        server = await start(max_running=1, max_queued=0)
        first = call(server, method)
        await eventually(held.begun.is_set)
        admission = server.application.runtime.admission
        size = extraction_bytes(FIELD) if method == "ExtractFeatures" else analysis_bytes(FIELD)
        assert (admission.running, admission.bytes_held) == (1, size)
        found = await refused(call(server, method))
        assert (found.code, found.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
        assert found.retry_s is not None
        first.cancel()
        await nothing_is_held(server)

    async def test_an_array_that_would_never_fit_is_refused_for_good(self, start: Start, method: str) -> None:
        server = await start(max_state_bytes=2**20)
        large = to_array(np.zeros((256, 256)))
        asked: Any = {
            "ExtractFeatures": pb.ExtractFeaturesRequest(array=large),
            "AnalyzeFractal": pb.AnalyzeFractalRequest(array=large, threshold=0.0),
        }
        found = await refused(getattr(server.features, method)(asked[method]))
        assert (found.code, found.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
        assert found.retry_s is None

    async def test_a_cancelled_call_computes_no_further_piece(self, start: Start, held: Held, method: str) -> None:
        server = await start(compute_threads=1)
        cancelled = call(server, method)
        await eventually(held.begun.is_set)
        cancelled.cancel()
        await nothing_is_held(server)
        held.go.set()
        await server.application.compute.run("after", lambda: None)
        assert held.done == 1
        assert held.closed

    async def test_without_time_for_a_slice_nothing_is_computed(
        self, start: Start, held: Held, method: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server = await start()
        monkeypatch.setattr(Call, "time_remaining", lambda _: 0.08)
        found = await refused(call(server, method))
        assert (found.code, found.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_TOO_SHORT")
        assert not held.begun.is_set()
        await nothing_is_held(server)

    async def test_a_deadline_that_nears_between_two_slices_ends_the_call_before_it_expires(
        self, start: Start, held: Held, method: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server = await start()
        monkeypatch.setattr(Call, "time_remaining", lambda _: 0.01 if held.done else 1000.0)
        held.go.set()
        found = await refused(call(server, method))
        assert (found.code, found.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_TOO_SHORT")
        assert held.closed

    async def test_a_drain_ends_the_call_between_two_slices(self, start: Start, held: Held, method: str) -> None:
        server = await start(compute_threads=1)
        running = call(server, method)
        await eventually(held.begun.is_set)
        server.application.draining.set()
        held.go.set()
        found = await refused(running)
        assert (found.code, found.reason) == (grpc.StatusCode.UNAVAILABLE, "SERVER_DRAINING")
        assert held.closed

    async def test_a_server_that_drains_takes_no_new_call(self, start: Start, method: str) -> None:
        server = await start()
        server.application.draining.set()
        found = await refused(call(server, method))
        assert (found.code, found.reason) == (grpc.StatusCode.UNAVAILABLE, "SERVER_DRAINING")

    async def test_before_the_kernels_are_compiled_a_call_waits_for_them(
        self, start: Start, compiling: threading.Event, method: str
    ) -> None:
        server = await start(ready=False)
        waiting = call(server, method)
        await eventually(lambda: server.application.compute._running == 0)
        assert not waiting.done()
        compiling.set()
        assert await waiting
