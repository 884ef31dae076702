"""Streams continued on the same server or another, from a checkpoint or from the spec, with the same bits."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mfn_grpc.v1 import simulation_pb2 as pb
from tests.server.calling import refused, rest_of
from tests.server.conftest import Running, Start
from tests.server.gates import Gates
from tests.server.specs import frames, same_bits, spec, states
from tests.server.streams import stream

KEY = "r" * 32


def forget_nothing(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Checkpoints of runs that are complete stay, so that a test can use them again."""
    monkeypatch.setattr(server.application.checkpoints, "delete", lambda *_: None)


class TestCheckpoints:
    async def stopped_at_4(
        self, server: Running, message: pb.SimulationSpec, out_of_time_at: Callable[[float], None]
    ) -> list[Any]:
        out_of_time_at(4)
        answers = await rest_of(stream(server, message))
        assert answers[-1].summary.stop_reason == pb.STOP_REASON_DEADLINE
        out_of_time_at(10**9)
        return answers

    async def test_two_servers_that_share_a_directory_continue_each_others_streams(
        self, start: Start, gates: Gates, out_of_time_at: Callable[[float], None], tmp_path: Path
    ) -> None:
        one, other = await start(state_dir=tmp_path), await start(state_dir=tmp_path)
        message = spec("mycelium", steps=10)
        answers = await self.stopped_at_4(one, message, out_of_time_at)
        resumed = await rest_of(stream(other, message, token=answers[-1].summary.resume_token))
        assert gates.starts == [0, 4]
        assert same_bits(frames(answers) | frames(resumed), states(message))
        whole = (await rest_of(stream(one, message)))[-1].summary
        assert resumed[-1].summary.mycelium == whole.mycelium

    async def test_servers_that_share_only_the_token_key_compute_the_beginning_again(
        self, start: Start, gates: Gates, out_of_time_at: Callable[[float], None]
    ) -> None:
        one, other = await start(resume_token_key=KEY), await start(resume_token_key=KEY)
        message = spec("mycelium", steps=10)
        answers = await self.stopped_at_4(one, message, out_of_time_at)
        resumed = await rest_of(stream(other, message, token=answers[-1].summary.resume_token))
        assert gates.starts == [0, 0]
        assert same_bits(frames(answers) | frames(resumed), states(message))

    async def test_servers_that_share_nothing_refuse_each_others_tokens(
        self, start: Start, out_of_time_at: Callable[[float], None]
    ) -> None:
        one, other = await start(), await start()
        answers = await self.stopped_at_4(one, spec(steps=10), out_of_time_at)
        refusal = await refused(stream(other, spec(steps=10), token=answers[-1].summary.resume_token))
        assert refusal.reason == "RESUME_TOKEN_INVALID"

    @pytest.mark.parametrize("content", [b"", b"garbage", None], ids=["empty", "garbage", "half"])
    async def test_a_corrupt_checkpoint_is_computed_again(
        self,
        start: Start,
        gates: Gates,
        out_of_time_at: Callable[[float], None],
        tmp_path: Path,
        content: bytes | None,
    ) -> None:
        server = await start(state_dir=tmp_path)
        message = spec(steps=10)
        answers = await self.stopped_at_4(server, message, out_of_time_at)
        (path,) = (tmp_path / "checkpoints").glob("*/*.npz")
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2] if content is None else content)
        resumed = await rest_of(stream(server, message, token=answers[-1].summary.resume_token))
        assert gates.starts == [0, 0]
        assert same_bits(frames(answers) | frames(resumed), states(message))

    async def test_a_checkpoint_beyond_an_older_token_is_not_used(
        self, start: Start, gates: Gates, out_of_time_at: Callable[[float], None], tmp_path: Path
    ) -> None:
        server = await start(state_dir=tmp_path)
        message = spec(steps=10)
        answers = await self.stopped_at_4(server, message, out_of_time_at)
        older = next(answer.frame.resume_token for answer in answers if answer.frame.step == 1)
        resumed = await rest_of(stream(server, message, token=older))
        assert gates.starts == [0, 0]
        assert same_bits(frames(resumed), {step: state for step, state in states(message).items() if step > 1})

    async def test_a_run_that_is_complete_leaves_no_checkpoint(
        self, start: Start, out_of_time_at: Callable[[float], None], tmp_path: Path
    ) -> None:
        server = await start(state_dir=tmp_path)
        message = spec(steps=10)
        answers = await self.stopped_at_4(server, message, out_of_time_at)
        assert len(list((tmp_path / "checkpoints").glob("*/*.npz"))) == 1
        await rest_of(stream(server, message, token=answers[-1].summary.resume_token))
        assert list((tmp_path / "checkpoints").glob("*/*.npz")) == []

    async def test_long_runs_are_saved_while_they_go_on(
        self, start: Start, gates: Gates, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        server = await start(state_dir=tmp_path)
        forget_nothing(server, monkeypatch)
        object.__setattr__(server.application.runtime.pace, "checkpoint_s", 0.0)  # after every slice
        message = spec("mycelium", steps=6)
        answers = await rest_of(stream(server, message))
        token = next(answer.frame.resume_token for answer in answers if answer.frame.step == 5)
        (path,) = (tmp_path / "checkpoints").glob("*/*.npz")
        with np.load(path) as stored:
            assert int(stored["step"]) == 6
            assert stored["state"].tobytes() == states(message)[6].tobytes()
        resumed = await rest_of(stream(server, message, token=token))
        assert gates.starts == [0, 6]
        assert resumed[-1].summary.mycelium == answers[-1].summary.mycelium

    async def test_a_directory_that_fails_costs_no_run(
        self, start: Start, out_of_time_at: Callable[[float], None], tmp_path: Path
    ) -> None:
        server = await start(state_dir=tmp_path)
        message = spec(steps=10)
        answers = await self.stopped_at_4(server, message, out_of_time_at)
        (path,) = (tmp_path / "checkpoints").glob("*/*.npz")
        path.unlink()
        path.parent.rmdir()
        path.parent.write_text("not a folder any more")
        token = answers[-1].summary.resume_token
        object.__setattr__(server.application.runtime.pace, "checkpoint_s", 0.0)
        resumed = await rest_of(stream(server, message, token=token))
        assert resumed[-1].summary.stop_reason == pb.STOP_REASON_COMPLETED
        assert same_bits(frames(answers) | frames(resumed), states(message))
