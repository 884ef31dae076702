"""A server killed mid-stream: the client goes on by itself, with the bytes of an unbroken run."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mfn_client import Client
from mfn_grpc.core.reaction_diffusion import GrayScott, Simulation, SimulationSpec
from tests.e2e.conftest import Serve

EDGE, STEPS, STRIDE = 256, 20_000, 1_000
"""1 MiB a frame, 21 frames: more than a connection holds, and enough compute between frames for checkpoints."""


def digest(fields: Any) -> str:
    return hashlib.sha256(np.stack(list(fields)).tobytes()).hexdigest()


@pytest.fixture(scope="module")
def unbroken() -> dict[int, str]:
    """The digest of every frame, computed by the core alone."""
    simulation = Simulation(SimulationSpec(GrayScott(), steps=STEPS, shape=(EDGE, EDGE), seed=11))
    found = {0: digest(simulation.state)}
    while simulation.step < STEPS:
        simulation.advance(STRIDE)
        found[simulation.step] = digest(simulation.state)
    return found


def simulate(client: Client) -> Any:
    return client.simulate("gray_scott", steps=STEPS, stride=STRIDE, rows=EDGE, cols=EDGE, seed=11)


def taken(frames: Iterator[Any], seen: dict[int, str]) -> Iterator[int]:
    """Put the digest of every frame into `seen` as it comes; a step that comes twice is a fault."""
    for frame in frames:
        assert frame.step not in seen
        seen[frame.step] = digest(frame.fields.values())
        yield frame.step


@pytest.mark.parametrize("shared", ["directory", "token key", "nothing"])
def test_killed_and_restarted_mid_stream_the_client_gets_the_bytes_of_an_unbroken_run(
    serve: Serve, tmp_path: Path, unbroken: dict[int, str], shared: str
) -> None:
    by_name: dict[str, dict[str, Any]] = {
        "directory": {"state_dir": tmp_path, "checkpoint_s": 0.1},
        "token key": {"resume_token_key": "r" * 32},
        "nothing": {},
    }
    settings = by_name[shared]
    server = serve(**settings)
    seen: dict[int, str] = {}
    with Client(server.target) as client:
        simulation = simulate(client)
        steps = taken(simulation, seen)
        while next(steps) < 2 * STRIDE or (shared == "directory" and not list(tmp_path.glob("checkpoints/*/*.npz"))):
            assert simulation.summary is None
        server.kill()
        serve(port=server.port, **settings)
        list(steps)
        assert simulation.summary is not None
        assert simulation.summary.stop_reason == "completed"
        assert simulation.summary.steps_done == STEPS
    assert seen == unbroken
    assert list(tmp_path.glob("checkpoints/*/*.npz")) == []


def test_two_servers_that_share_a_directory_take_turns_on_one_simulation(
    serve: Serve, tmp_path: Path, unbroken: dict[int, str]
) -> None:
    one, other = (serve(state_dir=tmp_path, checkpoint_s=0.1) for _ in range(2))
    seen: dict[int, str] = {}
    token = b""
    for server, until in ((one, 3), (other, 6), (one, 9), (other, 99)):
        with (
            Client(server.target) as client,
            client.simulate(
                "gray_scott", steps=STEPS, stride=STRIDE, rows=EDGE, cols=EDGE, seed=11, resume_token=token
            ) as simulation,
        ):
            for step in taken(simulation, seen):
                if step >= until * STRIDE:
                    break
            token = simulation.resume_token
    assert seen == unbroken
