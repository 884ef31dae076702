"""Calls that wait for a worker or a place know their deadline: each ends in time, with all that it has to say."""

import asyncio
import base64
import threading
from functools import partial
from typing import Any

import grpc
import pytest

from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_server.rpc.call import Call
from mfn_server.runtime import Runtime
from tests.server.calling import refused, rest_of
from tests.server.conftest import Start
from tests.server.fields import field, stream_messages
from tests.server.gates import Gates, eventually
from tests.server.specs import frames, same_bits, spec, states
from tests.server.streams import one_step_a_slice, stream

HURRIED_S = 100.0


@pytest.fixture
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls with a timeout below HURRIED_S always find a fifth of a second left; the others all the time they need."""

    def remaining(call: Call) -> float:
        left: float | None = call.context.time_remaining()
        return 1000.0 if left is None or left > HURRIED_S else 0.2

    monkeypatch.setattr(Call, "time_remaining", remaining)


@pytest.mark.usefixtures("_hurried")
async def test_with_every_worker_held_a_call_is_refused_before_its_deadline(start: Start, gates: Gates) -> None:
    server = await start(compute_threads=1)
    gates.allow(0)
    first = stream(server, spec(steps=2))
    await gates.reached(1)
    refusal = await refused(stream(server, spec(steps=2), timeout=HURRIED_S - 10))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_TOO_SHORT")
    assert refusal.metadata == {"steps_done": "0"}
    assert "no worker was free" in refusal.message
    gates.open()
    assert (await rest_of(first))[-1].summary.stop_reason == pb.STOP_REASON_COMPLETED


@pytest.mark.usefixtures("_hurried")
async def test_a_call_that_waits_for_its_place_is_refused_before_its_deadline(start: Start, gates: Gates) -> None:
    server = await start(compute_threads=2, max_running=1, max_queued=4)
    gates.allow(0)
    first = stream(server, spec(steps=2))
    await gates.reached(1)
    timeout = HURRIED_S - 10
    late: Any = (
        lambda: stream(server, spec(steps=2), timeout=timeout),
        lambda: server.simulation.RunSimulation(pb.RunSimulationRequest(spec=spec()), timeout=timeout),
        lambda: server.features.ExtractFeatureStream(stream_messages([field()]), timeout=timeout),
    )
    for begin in late:  # one at a time: the worker that is left is free for each
        refusal = await refused(begin())
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_TOO_SHORT")
        assert "waited in the queue" in refusal.message
    assert server.application.runtime.admission.queued == 0
    gates.open()
    assert (await rest_of(first))[-1].summary.stop_reason == pb.STOP_REASON_COMPLETED


async def test_a_run_that_gets_no_worker_for_its_next_slice_ends_with_its_summary_and_a_token(
    start: Start, gates: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_step_a_slice(monkeypatch)
    server = await start(compute_threads=1, slice_ms=40)
    compute, held = server.application.compute, threading.Event()
    gates.allow(0)
    # A slice is waited for as good as not at all, the answer for as long as it takes.
    monkeypatch.setattr(Runtime, "patience_s", lambda *needed: 1000.0 if len(needed) == 2 else 0.01)
    message = spec(steps=4)
    call = stream(server, message, stride=4)
    await gates.reached(1)
    holder = asyncio.create_task(compute.urgent("holder", partial(held.wait, 60)))
    await eventually(lambda: bool(compute._urgent._waiting))
    gates.open()
    await eventually(lambda: not compute._urgent._waiting)  # the holder has the worker
    await eventually(lambda: bool(compute._urgent._waiting))  # the summary waits for it
    held.set()
    await holder
    answers = await rest_of(call)
    summary = answers[-1].summary
    assert (summary.stop_reason, summary.steps_done) == (pb.STOP_REASON_DEADLINE, 1)
    monkeypatch.undo()
    resumed = await rest_of(stream(server, message, stride=4, token=summary.resume_token))
    assert same_bits(frames(answers) | frames(resumed), {s: a for s, a in states(message).items() if s in (0, 4)})


async def test_a_run_that_gets_no_worker_for_its_summary_is_refused_with_the_steps_done_and_a_token(
    start: Start, gates: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await start(compute_threads=1)
    compute, held = server.application.compute, threading.Event()
    gates.allow(0)
    call = stream(server, spec(steps=2))
    await gates.reached(1)
    holder = asyncio.create_task(compute.urgent("holder", partial(held.wait, 60)))
    await eventually(lambda: bool(compute._urgent._waiting))
    monkeypatch.setattr(Runtime, "patience_s", lambda *_: 0.01)
    gates.open()
    refusal = await refused(call)
    held.set()
    await holder
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_TOO_SHORT")
    assert refusal.metadata["steps_done"] == "1"
    assert base64.b64decode(refusal.metadata["resume_token"], validate=True)
