"""The bare servers, each as a program of its own."""

from typing import Any

import grpc

from benchmarks.servers import bare_echo, bare_stream, trace_sink
from benchmarks.servers.port_program import serving


def test_both_methods_of_the_echo_answer() -> None:
    with serving("benchmarks.servers.bare_echo") as program, grpc.insecure_channel(program.target) as channel:
        parsed: Any = channel.unary_unary(bare_echo.METHOD)
        batch: Any = channel.unary_unary(bare_echo.BATCH_METHOD)
        assert parsed(b"") == bare_echo.ANSWER.SerializeToString()
        assert batch(bytes(5 * 2**20)) == bare_echo.BATCH_ANSWER  # above grpc's own limit of 4 MiB


def test_the_stream_takes_all_messages_and_gives_as_many_as_asked() -> None:
    with serving("benchmarks.servers.bare_stream") as program, grpc.insecure_channel(program.target) as channel:
        take: Any = channel.stream_unary(bare_stream.METHOD)
        give: Any = channel.unary_stream(bare_stream.GIVE)
        assert take(iter([b"abc", b"", b"de"])) == b"5"
        assert list(give(b"3 2")) == [bytes(2)] * 3


def test_the_sink_accepts_spans_without_complaint() -> None:
    with serving("benchmarks.servers.trace_sink") as program, grpc.insecure_channel(program.target) as channel:
        export: Any = channel.unary_unary(trace_sink.METHOD)
        assert export(b"spans") == b""
