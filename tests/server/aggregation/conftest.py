"""Servers of Aggregate, each with a directory of its own."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.server.aggregation.serving import Serving, serving


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Serving]:
    """A server with room for everything."""
    async with serving(tmp_path) as running:
        yield running


@pytest.fixture
async def serve(tmp_path: Path) -> AsyncIterator[Any]:
    """`await serve(stream_bytes=…)` runs a server with such settings until the test ends."""
    async with AsyncExitStack() as stack:

        async def starting(**settings: Any) -> Serving:
            return await stack.enter_async_context(serving(tmp_path, **settings))

        yield starting
