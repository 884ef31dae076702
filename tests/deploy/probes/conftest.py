"""Servers in every state that a probe should tell apart."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.probes.names import GUARDED, Serve
from tests.e2e.process import ServerProcess, environment

COMPILING_S = 280.0


@pytest.fixture(scope="module")
def serve() -> Iterator[Serve]:
    """`serve(compute_threads=1)` is a server process that listens; ended with the module's tests."""
    with ExitStack() as stack:

        def start(**settings: Any) -> ServerProcess:
            return stack.enter_context(closing(ServerProcess(**(GUARDED | settings))))

        yield start


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """numba's cache with the kernels of federation, filled as the building of an image does."""
    folder = tmp_path_factory.mktemp("kernels")
    command = [sys.executable, "-m", "mfn_server", "--compile", "--services", "federation"]
    variables = environment() | {"NUMBA_CACHE_DIR": str(folder)}
    subprocess.run(command, env=variables, check=True, timeout=COMPILING_S, stdout=subprocess.DEVNULL)
    return folder


@pytest.fixture
def damaged(compiled: Path, tmp_path: Path) -> Path:
    """The same, with files cut to nothing: these kernels can neither be loaded nor compiled over them."""
    copy = Path(shutil.copytree(compiled, tmp_path / "damaged"))
    for index in copy.rglob("*.nbi"):
        index.write_bytes(b"")
    return copy
