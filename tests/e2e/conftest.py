"""Servers in processes of their own; every one is gone when its test is over."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from tests.e2e.process import ServerProcess

Serve = Callable[..., ServerProcess]
API_KEY = "end-to-end-key-of-32-characters-or-more"  # pragma: allowlist secret


@pytest.fixture
def serve() -> Iterator[Serve]:
    """`serve(compute_threads=1)` is a server process that is SERVING; ended with the test."""
    with ExitStack() as stack:

        def start(**settings: Any) -> ServerProcess:
            return stack.enter_context(closing(ServerProcess(**settings))).wait_until_serving()

        yield start


@pytest.fixture(scope="session")
def keyed() -> Iterator[ServerProcess]:
    """A server with an API key that all tests share."""
    with closing(ServerProcess(api_key=API_KEY)) as server:
        yield server.wait_until_serving()
