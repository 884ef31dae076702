"""A path that is no text must not take the server down: grpc.aio decodes it in the task that accepts calls."""

import socket
import time
from contextlib import suppress

import grpc

from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_server.embedded import EmbeddedServer
from tests.fuzz.http2 import headers, request_headers, start
from tests.server.calling import PATIENCE_S, Wire

LIST = "ListModels"


def answers(target: str, key: str) -> bool:
    """Whether the server still takes calls, on a connection that it may have to open anew."""
    wire, deadline = Wire(target, key), time.monotonic() + PATIENCE_S / 6
    try:
        while time.monotonic() < deadline:
            try:
                return bool(wire.answer(LIST, pb.ListModelsRequest()).models)
            except grpc.RpcError:
                time.sleep(0.1)
        return False
    finally:
        wire.close()


def test_a_path_that_is_not_utf_8_leaves_the_server_serving() -> None:
    with EmbeddedServer(compute_threads=1) as server:
        host, port = server.target.split(":")
        with socket.create_connection((host, int(port)), PATIENCE_S) as connection:
            connection.sendall(start() + headers(1, request_headers(path=b"/mfn.v1.\xb8/X"), end=True))
            connection.settimeout(1)
            with suppress(TimeoutError, ConnectionError):
                while connection.recv(65536):
                    pass
        assert answers(server.target, server.api_key)
