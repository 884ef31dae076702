"""Large initial states, against the real server inside this process."""

from collections.abc import Iterator

import numpy as np
import pytest

from mfn_client import AsyncClient, Client, InvalidArgument, NotFound, UploadedArray
from mfn_client._uploads import upload_requests
from mfn_server.embedded import EmbeddedServer

STATE = np.random.default_rng(5).uniform(0.2, 0.8, (2, 520, 520))


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as running:
        yield running


@pytest.fixture
def client(server: EmbeddedServer) -> Iterator[Client]:
    with Client(server.target, api_key=server.api_key) as open_client:
        yield open_client


def test_a_state_above_the_limit_is_refused_with_the_remedy(client: Client) -> None:
    with pytest.raises(InvalidArgument, match=r"upload\(\)"):
        client.simulate("gray_scott", steps=1, initial_state=STATE)


def test_an_uploaded_state_is_where_the_simulation_starts(client: Client) -> None:
    kept = client.upload(STATE)
    first, last = client.simulate("gray_scott", steps=1, initial_state=kept, initial_step=7)
    assert np.array_equal(np.stack([first.fields["u"], first.fields["v"]]), STATE)
    assert (first.step, last.step) == (7, 8)


def test_the_same_array_has_the_same_reference(client: Client) -> None:
    assert client.upload(STATE) == client.upload(STATE.copy())


async def test_the_asynchronous_client_uploads_as_well(server: EmbeddedServer) -> None:
    async with AsyncClient(server.target, api_key=server.api_key) as client:
        kept = await client.upload(STATE)
        result = await client.run("gray_scott", steps=1, initial_state=kept)
    assert kept.shape == STATE.shape
    assert result.summary.steps_done == 1


def test_a_reference_that_names_nothing_is_not_found(client: Client) -> None:
    nothing = UploadedArray("arrays/" + "0" * 64, (2, 8, 8), 0)
    with pytest.raises(NotFound, match="upload it"):
        list(client.simulate("gray_scott", steps=1, initial_state=nothing))


def test_what_is_no_array_of_numbers_is_refused_before_it_is_sent() -> None:
    with pytest.raises(InvalidArgument):
        upload_requests(np.array(["a", "b"]))


def test_whole_numbers_are_uploaded_as_float64() -> None:
    whole = np.arange(32).reshape(2, 4, 4)
    assert list(upload_requests(whole)) == list(upload_requests(whole.astype(np.float64)))
