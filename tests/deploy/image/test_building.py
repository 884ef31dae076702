"""Building without an engine writes into what it has mounted, and never into the machine that it runs on."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from shutil import which

import pytest

from tests.deploy.image.sandbox import find_bubblewrap

RECORDING = """#!/bin/sh
echo "$(basename "$0") $*" >> "{told}"
{then}
"""
FAILING = {
    "a mount fails": 'case "$*" in *" mount "*) exit 1 ;; *" from "*) echo container ;; esac',
    "a mount says nothing": 'case "$*" in *" from "*) echo container ;; esac',
    "a folder cannot be made": "",
}


@pytest.mark.parametrize("case", FAILING)
def test_without_a_base_to_write_into_it_ends_and_cleans_up(
    root: Path, tmp_path: Path, require_tool: Callable[[str, str], Path], case: str
) -> None:
    told, programs, out = tmp_path / "told", tmp_path / "programs", tmp_path / "out"
    programs.mkdir()
    out.mkdir()
    broken = "*/tmp) exit 1 ;;" if case == "a folder cannot be made" else ""
    mkdir = f'case "$*" in {broken} *) exec {which("mkdir")} "$@" ;; esac'
    stands_in = {"buildah": FAILING[case], "debootstrap": "", "python3": "", "go": f"echo {tmp_path}", "apt-get": ""}
    for name, then in {**stands_in, "mkdir": mkdir}.items():
        (programs / name).write_text(RECORDING.format(told=told, then=then), encoding="utf-8")
        (programs / name).chmod(0o755)
    # The machine can only be read, so that a script that is wrong does no harm.
    machine = ["--ro-bind", "/", "/", "--dev", "/dev", "--bind", str(tmp_path), str(tmp_path)]
    command = [str(find_bubblewrap(require_tool)), *machine, str(root / "image/build_without_engine.sh"), str(out)]
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    found = subprocess.run(command, env={"PATH": path}, capture_output=True, text=True, check=False)
    assert found.returncode != 0
    assert not {"debootstrap", "apt-get"} & {line.split()[0] for line in told.read_text("utf-8").splitlines()}
    assert "Read-only" not in found.stderr
    assert list(out.iterdir()) == []
