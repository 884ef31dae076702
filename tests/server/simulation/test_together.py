"""Slices that idle threads help: the same bits, within the slice whoever leaves, and not for little work."""

import asyncio
import threading
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import pytest

from mfn_grpc.core.reaction_diffusion import Simulation
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_server.runtime import Pace
from mfn_server.sharing import Sharing
from mfn_server.simulation.run import Run
from tests.server.calling import refused, rest_of
from tests.server.conftest import Start
from tests.server.gates import eventually
from tests.server.specs import diverging, frames, same_bits, spec, states
from tests.server.streams import stream

Parts = list[list[range]]


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Parts:
    """Every slice is shared that finds idle threads; the bands of each pass, as they were shared out."""
    seen: Parts = []

    class Recorded(Simulation):
        def advance_in_bands(self, steps: int, bands: int, run: Any) -> None:
            def recording(work: Callable[[range], None], parts: Iterable[range]) -> Iterable[None]:
                seen.append(list(parts))
                done: list[None] = run(work, seen[-1])
                return done

            super().advance_in_bands(steps, bands, recording)

    monkeypatch.setattr("mfn_server.simulation.run.Simulation", Recorded)
    monkeypatch.setattr("mfn_server.simulation.run.SHARED_CELLS", 1)
    monkeypatch.setattr("mfn_server.simulation.run.SHARED_S", 0.0)
    return seen


@pytest.mark.parametrize("model", ["gray_scott", "mycelium"])
@pytest.mark.parametrize("stride", [1, 7])
async def test_a_run_that_two_threads_share_has_the_bits_of_one(
    start: Start, shared: Parts, model: str, stride: int
) -> None:
    server, message = await start(compute_threads=2), spec(model, steps=21)
    answers = await rest_of(stream(server, message, stride=stride))
    expected = {step: state for step, state in states(message).items() if step % stride == 0}
    assert same_bits(frames(answers), expected)
    assert answers[-1].summary.stop_reason == pb.STOP_REASON_COMPLETED
    assert any(len(parts) == 2 for parts in shared)
    assert server.application.compute.busy == 0


async def test_with_one_thread_nothing_is_shared(start: Start, shared: Parts) -> None:
    server, message = await start(compute_threads=1), spec(steps=5)
    assert same_bits(frames(await rest_of(stream(server, message))), states(message))
    assert shared == []


async def test_a_watched_run_is_not_shared(start: Start, shared: Parts) -> None:
    server = await start(compute_threads=2)
    request = pb.SimulateRequest(spec=spec("mycelium", steps=5), frame_stride=1, with_features=True)
    answers = await rest_of(server.simulation.Simulate(request))
    assert answers[-1].summary.HasField("features")
    assert shared == []


async def test_a_run_that_others_wait_beside_is_not_shared(start: Start, shared: Parts) -> None:
    server, held = await start(compute_threads=2), threading.Event()
    other = asyncio.ensure_future(server.application.compute.run("other", lambda: held.wait(60)))
    await asyncio.sleep(0)
    answers = await rest_of(stream(server, spec(steps=5)))
    held.set()
    assert await other
    assert answers[-1].summary.steps_done == 5
    assert shared == []


async def test_a_field_that_blows_up_on_two_threads_is_found_at_the_same_step(start: Start, shared: Parts) -> None:
    alone, together = await start(compute_threads=1), await start(compute_threads=2)
    ends = list[tuple[str, str, str]]()
    for server in (alone, together):
        refusal = await refused(stream(server, diverging()))
        ends.append((refusal.reason, refusal.metadata["step"], refusal.metadata["last_finite_step"]))
    assert ends[0] == ends[1]
    assert ends[0][0] == "FIELD_DIVERGED"
    assert shared


async def test_a_cancelled_run_gives_all_its_threads_back(start: Start, shared: Parts) -> None:
    server = await start(compute_threads=2)
    call = stream(server, spec(steps=100_000_000), stride=100_000_000)
    await eventually(lambda: len(shared) > 10)
    call.cancel()
    await eventually(lambda: server.application.runtime.admission.running == 0)
    await eventually(lambda: server.application.compute.busy == 0)
    at_once = threading.Barrier(2)
    turns = [server.application.compute.run(name, lambda: at_once.wait(60)) for name in ("one", "another")]
    assert sorted(await asyncio.gather(*turns)) == [0, 1]


class Steps:
    """A simulation whose steps take as long as they would on the hands that are there, or on one when all leave."""

    units_per_step = 1
    is_amid_a_step = False
    state = SimpleNamespace(nbytes=1)

    def __init__(self, leaves_at: int) -> None:
        self.step, self.now, self.sharing = 0, 0.0, Sharing()
        self._leaves_at = leaves_at
        self.chunks = list[int]()

    def clock(self) -> float:
        return self.now

    def is_finite(self) -> bool:
        return True

    def advance_towards(self, step: int, units: int) -> int:
        self.now += units / 1000
        self.step += units
        return units

    def advance_in_bands(self, steps: int, bands: int, run: Any) -> None:
        leaving = len(self.chunks) == self._leaves_at
        if leaving:
            self.sharing.send_away(bands - 1)
        self.now += steps / 1000 / (1 if leaving else bands)
        self.chunks.append(steps)
        self.step += steps


@pytest.mark.parametrize("helpers", [1, 3, 7, 31])
@pytest.mark.parametrize("leaves_at", [0, 1, 2, 99])
def test_a_slice_stays_within_its_time_even_when_all_helpers_leave(
    helpers: int, leaves_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    run: Any = Run.__new__(Run)
    steps = Steps(leaves_at)
    steps.sharing.enlist(helpers)
    monkeypatch.setattr("mfn_server.simulation.run.perf_counter", steps.clock)
    run.simulation, run._rate = steps, 1000.0  # steps a second of one thread
    run._runtime = SimpleNamespace(pace=Pace(slice_s=0.04, checkpoint_s=1, upload_idle_s=1))
    done = run._advance_together(10**9, 0.0, steps.sharing)
    assert done == sum(steps.chunks) == steps.step
    assert steps.now <= 0.04
    if leaves_at > len(steps.chunks):
        # A quarter of a slice at least, and more than one thread would have done.
        assert 0.01 <= steps.now <= 0.02
        assert done > 20


def test_a_slice_made_alone_although_threads_would_help_does_not_belittle_the_rate_of_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run: Any = Run.__new__(Run)
    steps = Steps(99)
    steps.sharing.enlist(7)
    monkeypatch.setattr("mfn_server.simulation.run.perf_counter", steps.clock)
    run.simulation, run._rate, run._finite_step, run._framing = steps, 1.0, 0, None  # so low that no step fits
    run._runtime = SimpleNamespace(pace=Pace(slice_s=0.04, checkpoint_s=1, upload_idle_s=1))
    run._slice(10**9, steps.sharing)
    assert run._rate == pytest.approx(1000.0)


class TestWhatIsShared:
    @pytest.mark.parametrize(
        ("cells_are_enough", "left", "expected"), [(True, 5, True), (True, 4, False), (False, 99, False)]
    )
    def test_only_slices_that_take_one_thread_long_enough(
        self, cells_are_enough: bool, left: int, expected: bool
    ) -> None:
        run: Any = Run.__new__(Run)
        run.simulation, run._rate, run._can_be_shared = Steps(0), 1000.0, cells_are_enough  # 5 ms are 5 steps
        assert run._is_shared(left) is expected
