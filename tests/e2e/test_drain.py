"""SIGTERM: health first, then streams are handed over with their token, then the process ends."""

import hashlib
import threading
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from mfn_grpc.arrays import split_parts
from mfn_grpc.v1 import features_pb2
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_grpc.v1.features_pb2_grpc import FeatureServiceStub
from tests.e2e.conftest import Serve
from tests.e2e.process import PATIENCE_S, SERVING
from tests.server.calling import refusal_of
from tests.server.specs import decoded, frames, spec, states

SHAPE, STEPS = (256, 256), 40
MESSAGE = spec("mycelium", steps=STEPS, shape=SHAPE)
"""1.5 MiB a frame, 60 in all: far more than a connection holds, so that a reader who stops stops the simulation."""


def simulate(server: Any, token: bytes = b"") -> Any:
    request = pb.SimulateRequest(spec=MESSAGE, frame_stride=1, resume_token=token)
    return server.simulation.Simulate(request, timeout=PATIENCE_S)


def digests(responses: Iterable[pb.SimulateResponse]) -> dict[int, str]:
    """A digest of each whole frame."""
    return {step: hashlib.sha256(state.tobytes()).hexdigest() for step, state in frames(responses).items()}


@pytest.fixture(scope="module")
def unbroken() -> dict[int, str]:
    """The digests of a run by the core alone."""
    assert decoded(MESSAGE).steps == STEPS
    return {step: hashlib.sha256(state.tobytes()).hexdigest() for step, state in states(MESSAGE).items()}


@pytest.mark.parametrize("shared", ["directory", "token key"])
def test_a_stream_is_handed_over_at_sigterm_and_another_server_continues_it_bit_for_bit(
    serve: Serve, tmp_path: Path, unbroken: dict[int, str], shared: str
) -> None:
    settings = {"state_dir": tmp_path} if shared == "directory" else {"resume_token_key": "r" * 32}
    server = serve(drain_notice_s=0, drain_grace_s=600, **settings)
    statuses = server.watch()
    assert next(statuses) == SERVING
    call = simulate(server)
    seen = list(islice(call, 6))
    server.terminate()
    assert next(statuses) != SERVING
    assert list(statuses) == []  # the watch has ended as well
    seen += call  # reading again lets the server come to its end
    summary = seen[-1].summary
    assert summary.stop_reason == pb.STOP_REASON_DRAINING
    assert summary.steps_done < STEPS
    assert server.wait() == 0  # long before the grace is over
    assert "Traceback" not in server.log
    other = serve(**settings)
    resumed = list(simulate(other, summary.resume_token))
    assert resumed[0].started.resumed_from_step == max(digests(seen))
    assert digests(seen) | digests(resumed) == unbroken
    assert not set(digests(seen)) & set(digests(resumed))


def test_health_says_so_while_streams_still_run_and_calls_are_still_taken(serve: Serve) -> None:
    server = serve(drain_notice_s=600)
    statuses = server.watch()
    assert next(statuses) == SERVING
    call = simulate(server)
    assert next(call).HasField("started")
    server.terminate()
    assert next(statuses) != SERVING
    assert server.check("liveness") == SERVING
    assert server.simulation.ListModels(pb.ListModelsRequest(), timeout=PATIENCE_S).models
    *_, last = call
    assert last.summary.stop_reason == pb.STOP_REASON_COMPLETED
    server.kill()


def test_streams_that_wait_for_their_callers_are_refused_at_sigterm_and_do_not_hold_it_up(serve: Serve) -> None:
    server = serve(drain_notice_s=0, drain_grace_s=600)
    (whole,) = split_parts("", np.zeros((4, 4)))
    half = next(split_parts("", np.zeros((300, 300))))
    features, over = FeatureServiceStub(server.channel), threading.Event()

    def paused(*messages: Any) -> Iterator[Any]:
        yield from messages
        over.wait(PATIENCE_S)

    begin = features_pb2.ExtractFeatureStreamRequest(begin=features_pb2.FeatureStreamBegin(shape=[4, 4]))
    frame = features_pb2.ExtractFeatureStreamRequest(part=whole)
    begun = features.ExtractFeatureStream(paused(begin), timeout=PATIENCE_S)
    upload = server.simulation.UploadArray.future(paused(pb.UploadArrayRequest(part=half)), timeout=PATIENCE_S)
    answered = features.ExtractFeatureStream(paused(begin, frame), timeout=PATIENCE_S)
    assert next(answered).frame == 0
    server.terminate()
    for ending in (lambda: next(begun), upload.result, lambda: next(answered)):
        with pytest.raises(grpc.RpcError) as caught:
            ending()
        found = refusal_of(caught.value)
        assert (found.code, found.reason) == (grpc.StatusCode.UNAVAILABLE, "SERVER_DRAINING")
    assert server.wait() == 0  # long before the grace is over
    over.set()
    assert "Traceback" not in server.log


def test_an_idle_server_ends_at_once_with_0(serve: Serve) -> None:
    server = serve(drain_grace_s=600)
    server.terminate()
    assert server.wait() == 0
    assert "stopped" in server.log
    assert "Traceback" not in server.log
