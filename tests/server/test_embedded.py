"""A server inside the calling process: as long as the context, and for its owner alone."""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from mfn_grpc.v1 import simulation_pb2
from mfn_server.config.loading import InvalidSettings
from mfn_server.embedded import EmbeddedServer
from mfn_server.lifecycle import Lifecycle
from tests.server.calling import NERNST, Wire


def threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name.startswith("mfn-")}


def ending(stream: Iterator[Any]) -> str:
    """How a stream ends: handed over with a summary, or cut off."""
    try:
        *_, last = stream
    except grpc.RpcError as error:
        code: grpc.StatusCode = error.code()
        return code.name
    assert last.summary.stop_reason == simulation_pb2.STOP_REASON_DRAINING
    return "draining"


def test_it_answers_its_owner_and_nobody_else() -> None:
    with EmbeddedServer() as server:
        owner, stranger = Wire(server.target, server.api_key), Wire(server.target)
        assert owner.answer("ComputeNernst", NERNST).potential_mv == pytest.approx(-89.06, abs=0.005)
        assert stranger.refusal("ComputeNernst", NERNST).reason == "CREDENTIALS_MISSING"
        owner.close()
        stranger.close()


def test_it_offers_everything_whatever_the_servers_of_this_shell_are_to_offer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MFN_SERVICES", "federation")
    with EmbeddedServer() as server:
        owner = Wire(server.target, server.api_key)
        assert owner.answer("ComputeNernst", NERNST).potential_mv == pytest.approx(-89.06, abs=0.005)
        owner.close()


def test_it_is_one_process_whatever_the_servers_of_this_shell_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MFN_WORKERS", "2")
    with EmbeddedServer():
        pass
    with pytest.raises(ValueError, match="inside the calling process"):
        EmbeddedServer(workers=2, services="electrochemistry")


def test_two_of_them_have_different_keys_and_ports() -> None:
    with EmbeddedServer() as one, EmbeddedServer() as other:
        assert one.api_key != other.api_key
        assert one.target != other.target


def test_after_the_context_nothing_listens_and_no_thread_of_its_own_is_left() -> None:
    before = threads()
    with EmbeddedServer() as server:
        assert threads() > before
        host, port = server.target.rsplit(":", 1)
    assert threads() == before
    with socket.socket() as probe:
        assert probe.connect_ex((host, int(port))) != 0


def test_leaving_the_context_ends_a_simulation_that_still_runs() -> None:
    spec = simulation_pb2.SimulationSpec(
        steps=100_000_000, gray_scott=simulation_pb2.GrayScottModel(), grid=simulation_pb2.Grid(shape=[16, 16])
    )
    with EmbeddedServer(compute_threads=1) as server:
        wire = Wire(server.target, server.api_key)
        stream = wire.stream("Simulate", simulation_pb2.SimulateRequest(spec=spec, frame_stride=1000))
        assert next(stream).HasField("started")
    assert ending(stream) in {"draining", "UNAVAILABLE", "CANCELLED"}
    wire.close()


def test_wrong_settings_are_refused_before_anything_starts() -> None:
    with pytest.raises(InvalidSettings, match="MFN_COMPUTE_THREADS"):
        EmbeddedServer(compute_threads=-1)


def test_a_failure_to_start_reaches_the_caller() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = EmbeddedServer(port=taken.getsockname()[1])
        with pytest.raises(OSError, match="cannot listen"):
            server.__enter__()


def test_a_server_that_ends_by_itself_says_so_at_the_end_of_its_context(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def lost(*_: Any) -> None:
        raise OSError("the port is lost")

    monkeypatch.setattr(Lifecycle, "run_until", lost)
    before = threads()
    with pytest.raises(OSError, match="the port is lost"), EmbeddedServer() as server:
        server._thread.join()
    assert threads() == before
    assert "has ended before its context" in caplog.text
