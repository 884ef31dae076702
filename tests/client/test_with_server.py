"""The client against the real server, inside this process."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from mfn_client import (
    AsyncClient,
    AsyncSimulation,
    Client,
    DeadlineExceeded,
    Frame,
    InvalidArgument,
    Simulation,
    UnstableSpec,
)
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_server.embedded import EmbeddedServer

RUN: dict[str, Any] = {"steps": 60, "stride": 20, "rows": 32, "cols": 48, "seed": 3}
GAS, FARADAY = 8.31446261815324, 96485.33212331  # CODATA 2018, J/(mol K) and C/mol


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as running:
        yield running


@pytest.fixture
def client(server: EmbeddedServer) -> Iterator[Client]:
    with Client(server.target, api_key=server.api_key) as open_client:
        yield open_client


def same(left: list[Frame], right: list[Frame]) -> bool:
    """Whether two lists of frames agree in every bit."""
    return [frame.step for frame in left] == [frame.step for frame in right] and all(
        np.array_equal(a.fields[name], b.fields[name]) for a, b in zip(left, right, strict=True) for name in a.fields
    )


def test_potentials_agree_with_the_formula(client: Client) -> None:
    outside = np.geomspace(1e-4, 1.0, 7)
    expected = 1000 * GAS * 310.15 / (2 * FARADAY) * np.log(outside / 0.1)
    # Only the order of a handful of roundings differs.
    np.testing.assert_allclose(client.nernst_batch(2, outside, 0.1), expected, rtol=1e-14)
    assert client.nernst(2, float(outside[3]), 0.1) == pytest.approx(expected[3], rel=1e-14)


def test_every_model_streams_and_analyses(client: Client) -> None:
    for model in client.models():
        frames = list(client.simulate(model.name, steps=4, stride=2, rows=16, cols=16))
        assert [frame.step for frame in frames] == [0, 2, 4]
        assert list(frames[0].fields) == [species.name for species in model.species]
        assert client.analyze(model.name).dt == model.default_dt


def test_a_run_without_frames_ends_where_the_stream_ends(client: Client) -> None:
    last = list(client.simulate("gray_scott", **RUN))[-1]
    spec = {name: value for name, value in RUN.items() if name != "stride"}
    result = client.run("gray_scott", with_final_state=True, **spec)
    assert result.final_state is not None
    np.testing.assert_array_equal(result.final_state, np.stack([last.fields["u"], last.fields["v"]]))


def test_a_token_continues_with_the_same_bits(client: Client) -> None:
    unbroken = list(client.simulate("mycelium", **RUN))
    with client.simulate("mycelium", **RUN) as first:
        begun = [next(first), next(first)]
        token = first.resume_token
    rest = list(client.simulate("mycelium", resume_token=token, **RUN))
    assert same(begun + rest, unbroken)


# Frames of 1.5 MiB: a connection holds a few of them, so that the twelfth comes from the second server.
LARGE: dict[str, Any] = {
    "steps": 10_000,
    "stride": 20,
    "seed": 3,
    "species": ["potential_mv", "activator", "inhibitor"],
}
BEFORE, AFTER = 2, 12


def counted(simulation: Simulation | AsyncSimulation) -> list[bytes]:
    """The resume tokens with which a simulation connects, as it does."""
    tokens: list[bytes] = []
    connect = simulation._open_call

    def noting(request: pb.SimulateRequest, timeout: float | None) -> Any:
        tokens.append(request.resume_token)
        return connect(request, timeout)

    simulation._open_call = noting
    return tokens


def unbroken_frames(server: EmbeddedServer) -> list[Frame]:
    with Client(server.target, api_key=server.api_key) as client:
        return list(client.simulate("mycelium", **LARGE | {"steps": 20 * (BEFORE + AFTER - 1)}))


def check_replay(tokens: list[bytes]) -> None:
    """The second server was offered the first one's token, refused it, and was asked again without."""
    assert tokens[0] == b""
    assert tokens[1] != b""
    assert tokens[-1] == b""


def test_a_server_that_restarts_without_its_key_is_followed_with_the_same_bits(server: EmbeddedServer) -> None:
    with EmbeddedServer() as first:
        client = Client(first.target, api_key=first.api_key)
        simulation = client.simulate("mycelium", **LARGE)
        tokens = counted(simulation)
        frames = [next(simulation) for _ in range(BEFORE)]
    with EmbeddedServer(port=port_of(first), api_key=first.api_key), client:
        frames += [next(simulation) for _ in range(AFTER)]
        simulation.close()
    check_replay(tokens)
    assert same(frames, unbroken_frames(server))


async def test_the_asynchronous_client_follows_it_as_well(server: EmbeddedServer) -> None:
    with EmbeddedServer() as first:
        client = AsyncClient(first.target, api_key=first.api_key)
        simulation = client.simulate("mycelium", **LARGE)
        tokens = counted(simulation)
        frames = [await anext(simulation) for _ in range(BEFORE)]
    with EmbeddedServer(port=port_of(first), api_key=first.api_key):
        frames += [await anext(simulation) for _ in range(AFTER)]
        await simulation.aclose()
        await client.close()
    check_replay(tokens)
    assert same(frames, unbroken_frames(server))


def port_of(server: EmbeddedServer) -> int:
    return int(server.target.rpartition(":")[2])


def test_quantised_and_reduced_frames_are_close_to_the_whole_ones(client: Client) -> None:
    whole = list(client.simulate("gray_scott", **RUN))[-1].fields["v"]
    small = list(client.simulate("gray_scott", species=["v"], element_type="uint8", **RUN))[-1].fields
    assert list(small) == ["v"]
    # Half a step of 255 over the range of the frame, and float32's rounding.
    assert np.abs(small["v"] - whole).max() <= 0.5001 * np.ptp(whole) / 255
    reduced = list(client.simulate("gray_scott", max_edge=24, **RUN))[-1].fields["v"]
    np.testing.assert_allclose(reduced, whole.reshape(16, 2, 24, 2).mean(axis=(1, 3)), rtol=1e-12)


def test_a_dataset_has_units_and_lengths(client: Client) -> None:
    found = client.simulate("mycelium", **RUN).to_xarray()
    assert found["potential_mv"].attrs["units"] == "mV"
    assert dict(found.sizes) == {"step": 4, "row": 32, "col": 48}
    assert found["col"].values[-1] == 47.0


def test_every_fault_of_a_request_is_named(client: Client) -> None:
    with pytest.raises(InvalidArgument) as caught:
        next(client.simulate("gray_scott", steps=0, rows=1, feed=-1.0))
    named = {each.field for each in caught.value.violations}
    assert {"spec.steps", "spec.gray_scott.feed"} <= named
    assert len(named) == 3
    assert caught.value.request_id


def test_an_unstable_step_names_the_largest_that_is_stable(client: Client) -> None:
    with pytest.raises(UnstableSpec, match="must be at most"):
        next(client.simulate("gray_scott", steps=10, dt=50.0))


def test_a_timeout_gives_a_token_to_go_on_with(client: Client) -> None:
    running = client.simulate("gray_scott", steps=10**8, stride=100, rows=256, cols=256, timeout=1.0)
    with pytest.raises(DeadlineExceeded) as caught:
        list(running)
    assert caught.value.resume_token
    assert caught.value.steps_done is not None
    assert caught.value.steps_done % 100 == 0
