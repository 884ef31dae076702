"""A server's threads share one heap: glibc maps 64 MiB, aligned to as much, for each further one."""

import platform
import re
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from mfn_grpc.v1 import simulation_pb2 as pb
from tests.e2e.conftest import Serve
from tests.e2e.process import PATIENCE_S, until
from tests.e2e.test_workers import Workers
from tests.server.specs import spec

ARENA_BYTES = 64 * 2**20
MAPPED = re.compile(r"(?P<start>\w+)-(?P<end>\w+) (?P<rights>\S+) \S+ \S+ 0\s*$", re.MULTILINE)

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has a heap for each thread")


def further_heaps(pid: int) -> int:
    """Anonymous mappings of 64 MiB, of which the first part is in use and the rest reserved."""
    mapped = [
        (int(each["start"], 16), int(each["end"], 16), each["rights"])
        for each in MAPPED.finditer(Path(f"/proc/{pid}/maps").read_text(encoding="ascii"))
    ]
    return sum(
        first[1] == rest[0]
        and (first[2], rest[2]) == ("rw-p", "---p")
        and rest[1] - first[0] == ARENA_BYTES
        and first[0] % ARENA_BYTES == 0
        for first, rest in pairwise(mapped)
    )


def test_a_server_that_is_alone_has_one(serve: Serve) -> None:
    server = serve()
    frames = server.simulation.Simulate(pb.SimulateRequest(spec=spec(steps=20, shape=(512, 512))), timeout=PATIENCE_S)
    assert sum(response.frame.last for response in frames) == 2
    assert further_heaps(server.pid) == 0


def test_each_of_several_workers_has_one() -> None:
    with closing(Workers(2)) as server:
        server.wait_until_serving()
        until(lambda: len(server.pids) == 2, lambda: server.log)
        assert [further_heaps(pid) for pid in server.pids.values()] == [0, 0]
