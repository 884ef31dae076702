"""Servers with federations."""

from pathlib import Path

import pytest

from tests.server.conftest import Start
from tests.server.federation.hosting import Hosting, hosting_in


@pytest.fixture
def hosting(start: Start, tmp_path: Path) -> Hosting:
    """`await hosting()` is a server that keeps its federations in the test's directory."""
    return hosting_in(start, tmp_path)
