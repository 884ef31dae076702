"""Start, warm-up and drain of one server: what is told, taken, refused and handed over at each moment."""

import asyncio
import base64
import threading
from pathlib import Path
from typing import Any

import grpc
import pytest

from mfn_grpc.arrays import from_array, to_array
from mfn_grpc.v1 import features_pb2
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_server import app, lifecycle
from mfn_server.app import Application
from mfn_server.config.loading import load_settings
from mfn_server.kernels import WARM_UPS, Group, Kernels
from mfn_server.lifecycle import Lifecycle, serve
from mfn_server.rpc.call import Call
from tests.server.calling import NERNST, refused, rest_of
from tests.server.conftest import Running, Start
from tests.server.fields import field
from tests.server.gates import Gates, eventually
from tests.server.specs import frames, same_bits, spec, states


def run(server: Running, message: pb.SimulationSpec) -> Any:
    return server.simulation.RunSimulation(pb.RunSimulationRequest(spec=message, with_final_state=True))


def stream(server: Running, message: pb.SimulationSpec, token: bytes = b"") -> Any:
    return server.simulation.Simulate(pb.SimulateRequest(spec=message, frame_stride=1, resume_token=token))


class TestWarmUp:
    async def test_a_simulation_waits_for_the_kernels_and_then_runs(
        self, start: Start, compiling: threading.Event
    ) -> None:
        server = await start(ready=False)
        call = run(server, spec())
        assert (await server.electrochemistry.ComputeNernst(NERNST)).potential_mv < 0
        assert not call.done()
        compiling.set()
        assert (await call).summary.steps_done == 6

    async def test_a_call_that_cannot_wait_as_long_is_told_when_to_come_back(
        self, start: Start, compiling: threading.Event, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server = await start(ready=False)
        monkeypatch.setattr(Call, "time_remaining", lambda _: 0.0)
        refusal = await refused(run(server, spec()))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAVAILABLE, "WARMING_UP")
        assert refusal.retry_s is not None
        assert not compiling.is_set()

    async def test_a_call_waits_for_the_kernels_of_its_service_and_for_no_others(
        self, start: Start, compiling_each: dict[Group, threading.Event]
    ) -> None:
        server = await start(ready=False)
        simulation = run(server, spec())
        for group in (Group.FEATURES, Group.FRACTALS, Group.EARLY_WARNING, Group.AGGREGATION):
            compiling_each[group].set()
        request = features_pb2.ExtractFeaturesRequest(array=to_array(field()))
        assert (await server.features.ExtractFeatures(request)).features.v_min < 0
        assert not simulation.done()
        compiling_each[Group.REACTION_DIFFUSION].set()
        assert (await simulation).summary.steps_done == 6
        assert not compiling_each[Group.EXPONENTS].is_set()

    async def test_kernels_that_do_not_compile_refuse_what_needs_them_and_nothing_else(
        self, start: Start, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail() -> None:
            raise RuntimeError("the secret of the compiler")

        monkeypatch.setattr(app, "Kernels", lambda: Kernels(WARM_UPS | {Group.REACTION_DIFFUSION: fail}))
        server = await start()
        refusal = await refused(run(server, spec()))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.INTERNAL, "INTERNAL")
        assert "secret" not in repr(refusal)
        assert "the secret of the compiler" in caplog.text
        assert (await server.electrochemistry.ComputeNernst(NERNST)).potential_mv < 0
        assert (await server.simulation.ListModels(pb.ListModelsRequest())).models
        request = features_pb2.ExtractFeaturesRequest(array=to_array(field()))
        assert (await server.features.ExtractFeatures(request)).features.v_min < 0


class TestDrain:
    async def test_a_running_stream_is_handed_over_and_another_server_goes_on_with_the_same_bits(
        self, start: Start, gates: Gates, tmp_path: Path
    ) -> None:
        server = await start(state_dir=tmp_path, drain_grace_s=600)
        message = spec("mycelium", steps=8)
        gates.allow(3)
        call = stream(server, message)
        seen = [await call.read() for _ in range(4)]  # started and the frames of steps 0, 1 and 2
        await gates.reached(4)
        draining = asyncio.create_task(server.lifecycle.drain())
        await server.application.draining.wait()
        gates.open()
        seen += await rest_of(call)
        summary = seen[-1].summary
        assert (summary.stop_reason, summary.steps_done) == (pb.STOP_REASON_DRAINING, 4)
        await draining
        other = await start(state_dir=tmp_path)
        resumed = await rest_of(stream(other, message, summary.resume_token))
        assert gates.starts == [0, 4]
        assert same_bits(frames(seen) | frames(resumed), states(message))

    async def test_a_unary_run_that_cannot_end_in_time_is_unavailable_and_its_token_continues_elsewhere(
        self, start: Start, gates: Gates, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("mfn_server.simulation.run.FIRST_RATE", 16 * 16 * 51.0)  # one step in the first slice
        key = {"resume_token_key": "r" * 32}
        server = await start(drain_grace_s=600, **key)
        message = spec(steps=8)
        gates.allow(0)
        call = run(server, message)
        await gates.reached(1)
        draining = asyncio.create_task(server.lifecycle.drain())
        await server.application.draining.wait()
        gates.open()
        refusal = await refused(call)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAVAILABLE, "SERVER_DRAINING")
        assert refusal.metadata["steps_done"] == "1"
        await draining
        other = await start(**key)
        request = pb.RunSimulationRequest(spec=message, with_final_state=True)
        request.resume_token = base64.b64decode(refusal.metadata["resume_token"], validate=True)
        answer = await other.simulation.RunSimulation(request)
        assert from_array(answer.final_state).tobytes() == states(message)[8].tobytes()

    async def test_a_call_that_waits_for_the_kernels_is_refused_when_the_server_leaves(
        self, start: Start, compiling: threading.Event
    ) -> None:
        server = await start(ready=False, drain_grace_s=600)
        call = run(server, spec())
        await server.electrochemistry.ComputeNernst(NERNST)  # by now the call before it has arrived
        draining = asyncio.create_task(server.lifecycle.drain())
        refusal = await refused(call)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAVAILABLE, "SERVER_DRAINING")
        await draining
        assert not compiling.is_set()

    async def test_a_call_that_waits_for_its_place_is_handed_over_too(self, start: Start, gates: Gates) -> None:
        server = await start(max_running=1, max_queued=1, drain_grace_s=600)
        gates.allow(0)
        first, second = stream(server, spec(steps=5)), stream(server, spec(steps=5))
        await eventually(lambda: server.application.runtime.admission.queued == 1)
        draining = asyncio.create_task(server.lifecycle.drain())
        await server.application.draining.wait()
        gates.open()
        for call in (first, second):
            summary = (await rest_of(call))[-1].summary
            assert summary.stop_reason == pb.STOP_REASON_DRAINING
            assert summary.resume_token
        await draining

    async def test_an_idle_server_drains_without_waiting_for_its_grace(self, start: Start) -> None:
        server = await start(drain_grace_s=600)
        await asyncio.wait_for(server.lifecycle.drain(), 60)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await server.electrochemistry.ComputeNernst(NERNST)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE

    async def test_a_stream_that_nobody_reads_is_cut_off_when_the_grace_is_over(self, start: Start) -> None:
        server = await start(drain_grace_s=0)
        call = stream(server, spec(steps=100, shape=(512, 512)))
        await call.read()
        await asyncio.wait_for(server.lifecycle.drain(), 60)
        await eventually(lambda: server.application.runtime.admission.running == 0)
        assert not call.done() or await call.code() is not grpc.StatusCode.OK


async def test_what_has_expired_is_swept_and_a_sweep_that_fails_is_logged(
    start: Start, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    swept = threading.Event()

    def fail(_: Any) -> None:
        swept.set()
        raise ValueError("a name that is none")

    monkeypatch.setattr(app.Application, "sweep", fail)
    server = await start()
    await asyncio.to_thread(swept.wait, 60)
    await server.lifecycle.drain()
    assert "could not be deleted" in caplog.text
    assert "work in the background has ended" not in caplog.text


def dev(**settings: Any) -> Any:
    return load_settings(**({"env": "dev", "port": 0, "drain_notice_s": 0, "drain_grace_s": 0} | settings))


def recorded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is recorded of servers and closed of them from now on, in order."""
    seen: list[str] = []
    close = Application.close

    def closing(self: Application) -> None:
        seen.append("closed")
        close(self)

    monkeypatch.setattr(Application, "close", closing)
    monkeypatch.setattr("mfn_server.telemetry.audit.Audit.record", lambda _, event, **fields: seen.append(event))
    return seen


async def test_a_server_that_fails_while_it_runs_is_drained_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    seen, armed = recorded(monkeypatch), list[float]()

    async def lost(_self: Lifecycle, _stop: asyncio.Event) -> None:
        raise OSError("the port is lost")

    monkeypatch.setattr(Lifecycle, "run_until", lost)
    monkeypatch.setattr("faulthandler.dump_traceback_later", lambda after, **_: armed.append(after))
    with pytest.raises(OSError, match="the port is lost"):
        await serve(dev())
    assert seen == ["config.loaded", "server.started", "server.stopped", "closed"]
    assert armed == [lifecycle.LEAVING_S]


async def test_a_start_that_fails_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    seen, other = recorded(monkeypatch), Lifecycle(Application(dev()))
    await other.start(warm_up=False)
    failing = Lifecycle(Application(dev(port=other.port)))
    folder = failing._application.state_directory
    with pytest.raises(OSError, match="cannot listen"):
        await failing.start(warm_up=False)
    assert seen == ["closed"]
    assert not folder.exists()
    await other.drain()


async def test_a_step_of_the_drain_that_fails_keeps_none_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    application = Application(dev())
    lifecycle = Lifecycle(application)
    await lifecycle.start(warm_up=False)
    seen = recorded(monkeypatch)

    async def fail(_grace_s: float) -> None:
        await stop(0)
        raise ConnectionError("the store is gone")

    stop = application.listener.stop
    monkeypatch.setattr(application.listener, "stop", fail)
    with pytest.raises(ConnectionError, match="the store is gone"):
        await lifecycle.drain()
    assert seen == ["server.stopped", "closed"]
    assert not application.state_directory.exists()


async def test_it_says_that_it_leaves_from_the_notice_on() -> None:
    application = Application(dev(drain_notice_s=600))
    lifecycle = Lifecycle(application)
    await lifecycle.start(warm_up=False)
    assert not application.leaving
    draining = asyncio.create_task(lifecycle.drain())
    await eventually(lambda: application.leaving)
    assert not application.draining.is_set()
    draining.cancel()  # which ends the notice; the rest is done
    await asyncio.gather(draining, return_exceptions=True)
    assert application.draining.is_set()


async def test_work_in_the_background_that_fails_is_told(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise ValueError("nobody looks")

    lifecycle = Lifecycle(Application(dev()))
    await lifecycle.start(warm_up=False)
    await asyncio.wait([lifecycle._in_background(fail())])
    await lifecycle.drain()
    assert "work in the background has ended: nobody looks" in caplog.text


async def test_one_that_others_serve_beside_listens_once_its_kernels_are_compiled(compiling: threading.Event) -> None:
    application = Application(load_settings(env="dev", port=0))
    started = Lifecycle(application)
    warming = asyncio.create_task(started.warm_up(asyncio.Event()))
    await asyncio.sleep(0)
    assert not warming.done()
    compiling.set()
    await warming
    assert application.kernels.usable(application.all_needs)
    assert started.port == 0
    application.close()


async def test_a_stop_ends_the_wait_for_the_kernels(compiling: threading.Event) -> None:
    application, stop = Application(load_settings(env="dev", port=0)), asyncio.Event()
    stop.set()
    await Lifecycle(application).warm_up(stop)
    assert not application.kernels.finished(application.all_needs)
    application.close()
