"""What every test may use: the settings of the run and the programs of other authors."""

import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools" / "bin"

os.environ.setdefault("MFN_ENV", "dev")
hypothesis.settings.register_profile("mfn", deadline=None)  # no test depends on the speed of the machine
hypothesis.settings.load_profile("mfn")


def _concerns_a_loop_in_use(record: logging.LogRecord) -> bool:
    """False of grpc.aio's poller, one for all loops, that had an event left for the closed loop of an earlier test."""
    return not (record.exc_info and str(record.exc_info[1]) == "Event loop is closed")


logging.getLogger("asyncio").addFilter(_concerns_a_loop_in_use)


def find_tool(name: str) -> Path | None:
    """The program `name`, from .tools/bin, where `.ci/run` puts programs, or from PATH.

    `go install` names grpc_health_probe after its repository, with hyphens, and its releases use underscores.
    """
    folders = f"{TOOLS}{os.pathsep}{os.environ.get('PATH', '')}"
    found = shutil.which(name, path=folders) or shutil.which(name.replace("_", "-"), path=folders)
    return Path(found) if found else None


def required(name: str) -> bool:
    """Whether this run must have the program: MFN_REQUIRE_ALL=1 says so of all but those in MFN_MAY_LACK."""
    return os.environ.get("MFN_REQUIRE_ALL") == "1" and name not in os.environ.get("MFN_MAY_LACK", "").split()


def _require_tool(name: str, how_to_get: str) -> Path:
    if found := find_tool(name):
        return found
    sentence = f"{name} is not on this machine; get it with: {how_to_get}"
    if required(name):
        pytest.fail(sentence)
    pytest.skip(sentence)


@pytest.fixture(scope="session")
def require_tool() -> Callable[[str, str], Path]:
    """`require_tool(name, how_to_get)` is the path of a program; the test is skipped, with the remedy, without it.

    With MFN_REQUIRE_ALL=1 in the environment, as in `.ci/run`, a missing program is a failure instead.
    """
    return _require_tool


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the repository."""
    return ROOT
