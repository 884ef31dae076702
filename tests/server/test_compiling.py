"""`mfn-server --compile`: kernels are compiled where a later start finds them, or it says why not."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server.federation.storage.programs import environment

pytestmark = pytest.mark.timeout(300)  # compiles from nothing


def compiling(services: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """What the command does in a process with these variables and no setting but MFN_SERVICES."""
    kept = {name: text for name, text in environment().items() if not name.startswith(("MFN_", "NUMBA_"))}
    command = [sys.executable, "-m", "mfn_server", "--compile"]
    everything = kept | {"MFN_SERVICES": services} | variables
    return subprocess.run(command, env=everything, capture_output=True, text=True, timeout=280, check=False)


def test_what_is_needed_is_compiled_once_and_asks_for_no_other_setting_and_damage_is_told(tmp_path: Path) -> None:
    first = compiling("federation", NUMBA_CACHE_DIR=str(tmp_path))
    assert first.returncode == 0, first.stderr
    found = re.fullmatch(rf"{tmp_path}: (\d+) compiled kernels, (\d+) of them new, [\d.]+ s\n", first.stdout)
    assert found is not None, first.stdout
    assert int(found[1]) == int(found[2]) == len(list(tmp_path.rglob("*.nbc"))) > 0
    again = compiling("federation", NUMBA_CACHE_DIR=str(tmp_path))
    assert f" {found[1]} compiled kernels, 0 of them new" in again.stdout
    for index in tmp_path.rglob("*.nbi"):
        index.write_bytes(b"")
    damaged = compiling("federation", NUMBA_CACHE_DIR=str(tmp_path))
    assert (damaged.returncode, damaged.stderr) == (1, f"NUMBA_CACHE_DIR: {tmp_path} is damaged (EOFError): empty it\n")


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({}, "NUMBA_CACHE_DIR is not set: name the directory"),
        ({"NUMBA_CACHE_DIR": "/proc/nowhere"}, "NUMBA_CACHE_DIR: /proc/nowhere cannot be written"),
    ],
)
def test_where_nothing_can_be_kept_it_fails_and_says_so(variables: dict[str, str], told: str) -> None:
    done = compiling("electrochemistry", **variables)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(told)


def test_an_unknown_service_is_refused(tmp_path: Path) -> None:
    done = compiling("simulations", NUMBA_CACHE_DIR=str(tmp_path))
    assert done.returncode == 2
    assert "MFN_SERVICES: 'simulations': no such service" in done.stderr
