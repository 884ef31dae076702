"""Callers that begin to send and never finish: no call waits for its caller for ever."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import grpc
import pytest

from mfn_server.embedded import EmbeddedServer
from mfn_server.interceptors.caps import Caps
from tests.fuzz.calls import TARGETS, VALID
from tests.server.calling import METHODS, PATIENCE_S, Refusal, Wire, path_of, refusal_of

IDLE_S, LONGEST_S = 0.3, 1.0
SETTINGS: dict[str, Any] = {
    "compute_threads": 1,
    "upload_idle_s": IDLE_S,
    "federation_join_timeout_s": IDLE_S,
    "max_unary_s": LONGEST_S,
    "max_stream_s": LONGEST_S,
}
BEGUN = ("UploadArray", "ExtractFeatureStream", "UploadModel", "Federate")
ENDINGS = {grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.ABORTED, grpc.StatusCode.RESOURCE_EXHAUSTED}


@pytest.fixture(scope="module")
def victim() -> Iterator[Wire]:
    """A server that waits for nothing for longer than it must, also where no setting says so."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mfn_server.services.federation.IDLE_S", IDLE_S)
        patch.setattr("mfn_server.app.Caps", partial(Caps, margin_s=IDLE_S))
        yield from serving()


def serving() -> Iterator[Wire]:
    with EmbeddedServer(**SETTINGS) as server:
        wire = Wire(server.target, server.api_key)
        for name in ("CreateFederation", "EnrolParticipant"):
            wire.answer(name, VALID[path_of(METHODS[name])][0])
        yield wire
        wire.close()


@contextmanager
def silent(*messages: bytes) -> Iterator[Iterator[bytes]]:
    """Requests that pause for ever behind these."""
    over = threading.Event()

    def requests() -> Iterator[bytes]:
        yield from messages
        over.wait(2 * PATIENCE_S)

    yield requests()
    over.set()


def ending(wire: Wire, path: str, requests: Iterator[bytes]) -> Refusal:
    """How the server ends the call; not the caller's deadline, which says nothing of the server."""
    with pytest.raises(grpc.RpcError) as caught:
        list(wire.open(path, requests, timeout=PATIENCE_S))
    refusal = refusal_of(caught.value)
    assert refusal.request_id, refusal
    return refusal


@pytest.mark.parametrize("name", BEGUN)
def test_a_stream_that_falls_silent_is_ended_with_a_reason(victim: Wire, name: str) -> None:
    path = path_of(METHODS[name])
    with silent(VALID[path][0].SerializeToString()) as requests:
        assert ending(victim, path, requests).reason


def test_no_method_waits_for_ever_for_a_first_message(victim: Wire) -> None:
    """Every method at once: headers and nothing after them."""
    outcomes: dict[str, Refusal] = {}

    def call(path: str) -> None:
        with silent() as requests:
            outcomes[path] = ending(victim, path, requests)

    threads = [threading.Thread(target=call, args=(path,)) for path in TARGETS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.keys() == TARGETS.keys()
    assert {path: refusal.code for path, refusal in outcomes.items() if refusal.code not in ENDINGS} == {}


def test_a_caller_that_trickles_is_ended_when_its_time_is_over(victim: Wire) -> None:
    path = path_of(METHODS["ExtractFeatureStream"])
    begin, part, *_ = (message.SerializeToString() for message in VALID[path])
    over = threading.Event()

    def trickle() -> Iterator[bytes]:
        yield begin
        while not over.wait(IDLE_S / 3):
            yield part

    try:
        assert ending(victim, path, trickle()).reason
    finally:
        over.set()
