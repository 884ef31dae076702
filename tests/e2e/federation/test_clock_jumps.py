"""The wall clock jumps by a day and back: rounds, sessions and deadlines follow a clock that does not."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from itertools import takewhile
from pathlib import Path

import grpc
import numpy as np
import pytest

from mfn_grpc.v1 import federation_pb2 as pb
from tests.e2e.process import PATIENCE_S, SERVING, ServerProcess
from tests.server.federation.scripted import Federation, Operator

DAY_S = 86_400
DEADLINE_S = 8.0
"""Time for an update and a jump, on a busy machine too."""
MODEL = np.zeros(4)
AGGREGATION = pb.AggregationPolicy(f=0, mean=pb.MeanRule())
Jump = Callable[[str], None]


@pytest.fixture
def jump(require_tool: Callable[[str, str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Jump:
    """`jump("+1d")` moves the wall clock of processes started from now on, while they run, that far from the true one.

    Clocks that do not jump by themselves stay as they are.
    """
    require_tool("faketime", "apt-get install faketime")
    (library, *_) = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    offset = tmp_path / "offset"
    offset.write_text("+0\n", encoding="ascii")
    monkeypatch.setenv("LD_PRELOAD", str(library))
    monkeypatch.setenv("FAKETIME_TIMESTAMP_FILE", str(offset))
    monkeypatch.setenv("FAKETIME_CACHE_DURATION", "1")
    monkeypatch.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    monkeypatch.setenv("NO_FAKE_STAT", "1")  # or compiled kernels would seem older than their sources

    def move(by: str) -> None:
        new = offset.with_suffix(".new")
        new.write_text(f"{by}\n", encoding="ascii")
        new.replace(offset)

    return move


@pytest.fixture
async def operator(jump: Jump, tmp_path: Path) -> AsyncIterator[Operator]:
    jump("+0")
    with closing(ServerProcess(state_dir=tmp_path / "state")) as server:
        async with grpc.aio.insecure_channel(server.target) as channel:
            for _ in takewhile(SERVING.__ne__, server.watch("mfn.v1.FederationService")):
                pass
            yield Operator(channel)
        assert "Traceback" not in server.log


async def clock_of(operator: Operator, federation_id: str) -> float:
    """Seconds by which the server's wall clock is ahead, as it dates a new federation."""
    request = pb.CreateFederationRequest(federation_id=federation_id)
    created = (await operator.stub.CreateFederation(request)).federation
    ahead: float = created.create_time.ToNanoseconds() / 1e9 - time.time()
    return ahead


async def jumped(operator: Operator, federation_id: str) -> None:
    """Until the server's clock has jumped."""
    async with asyncio.timeout(PATIENCE_S):
        attempt = 0
        while abs(await clock_of(operator, f"{federation_id}-{attempt}")) < DAY_S / 2:
            attempt += 1


async def ended(federation: Federation) -> pb.Round:
    """The first round, once it is over."""
    request = pb.WatchFederationRequest(name=federation.name, after_sequence=0)
    async with asyncio.timeout(PATIENCE_S):
        async for event in federation.stub.WatchFederation(request):
            if event.HasField("round_ended"):
                found: pb.Round = event.round_ended
                return found
    raise AssertionError("the federation ended without a round")


async def test_a_jump_by_a_day_ends_no_round_and_no_session(operator: Operator, jump: Jump) -> None:
    policy = pb.FederationPolicy(
        aggregation=AGGREGATION, min_participants=2, round_deadline_seconds=600, heartbeat_seconds=60, max_rounds=1
    )
    federation, (one, other) = await operator.gathering("jumps", MODEL, policy, 2)
    await one.train([1, 1, 1, 1])
    for number, by in enumerate(("+1d", "-1d", "+7d")):
        jump(by)
        await jumped(operator, f"after-{number}")
        await one.send(heartbeat=pb.Heartbeat())
        (open_round,) = await federation.rounds()
        assert open_round.state == pb.ROUND_STATE_COLLECTING
    start, _ = await other.task()
    assert 0 < start.seconds_left <= 600
    assert (await other.upload(other.update(start, [3, 3, 3, 3]))).status == pb.UPDATE_ACK_STATUS_COUNTED
    result = await one.until("round_result")  # on the stream that it opened before the first jump
    assert result.state == pb.ROUND_STATE_DONE
    np.testing.assert_array_equal(np.frombuffer(await federation.download(result.model), "<f4"), [2, 2, 2, 2])


async def test_a_deadline_comes_in_its_own_time_though_the_clock_jumps_back(operator: Operator, jump: Jump) -> None:
    policy = pb.FederationPolicy(
        aggregation=AGGREGATION,
        min_participants=1,
        target_participants=2,
        round_deadline_seconds=DEADLINE_S,
        heartbeat_seconds=60,
        max_rounds=1,
    )
    began = time.monotonic()
    federation, (one, _) = await operator.gathering("deadline", MODEL, policy, 2)
    assert (await one.train([1, 1, 1, 1])).status == pb.UPDATE_ACK_STATUS_COUNTED
    jump("-1d")
    over = await ended(federation)
    assert (over.state, over.selected, over.counted) == (pb.ROUND_STATE_DONE, 2, 1)
    assert over.start_time.seconds - over.end_time.seconds > DAY_S / 2  # it jumped while the round was open
    assert time.monotonic() - began >= DEADLINE_S
