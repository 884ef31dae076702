"""Fixtures of the client's tests."""

from collections.abc import Iterator

import pytest

from mfn_client import AsyncClient, Client
from tests.client.backend import Seen, backend
from tests.client.faces import Face
from tests.client.fakes import Calls
from tests.client.scripted import Run, Starter


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def target(seen: Seen) -> Iterator[str]:
    with backend(seen) as address:
        yield address


@pytest.fixture(params=[Client, AsyncClient], ids=["sync", "asyncio"])
def call(request: pytest.FixtureRequest, target: str) -> Face:
    return Face(request.param, target)


@pytest.fixture(params=["sync", "asyncio"])
def run(request: pytest.FixtureRequest) -> Starter:
    """Makes a simulation over scripted connections, once on each face."""
    return lambda *scripts, **more: Run(request.param, Calls(*scripts), **more)
