"""The check of the packaging job, as the workflow starts it, on the real wheel and on spoilt ones."""

import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deploy.supply_chain.workflows import commands
from tests.packaging.conftest import Built, built, repository_files

__all__ = ["built", "repository_files"]  # fixtures


@pytest.fixture(scope="module")
def command(root: Path) -> list[str]:
    """The last line of the target that the packaging job makes, in words, with the Python of these tests."""
    (job,) = (words for place, words in commands() if place == "ci.yml:package")
    planned = subprocess.run([*job, "--dry-run"], cwd=root, capture_output=True, text=True, check=True).stdout
    python, *rest = planned.strip().splitlines()[-1].split()
    assert python.endswith("/python")
    return [sys.executable, *rest]


def check(command: list[str], root: Path, dist: Path) -> subprocess.CompletedProcess[str]:
    """The outcome for what lies in `dist`."""
    *start, folder = command
    assert folder == "dist"
    return subprocess.run([*start, str(dist)], cwd=root, capture_output=True, text=True, check=False)


def spoilt(built: Built, dist: Path, spoil: Callable[[list[tuple[str, bytes]]], list[tuple[str, bytes]]]) -> Path:
    """A folder with the sdist and another wheel."""
    (dist / built.sdist.name).write_bytes(built.sdist.read_bytes())
    with zipfile.ZipFile(built.wheel) as good, zipfile.ZipFile(dist / built.wheel.name, "w") as bad:
        for name, content in spoil([(name, good.read(name)) for name in good.namelist()]):
            bad.writestr(name, content)
    return dist


def test_what_we_build_passes(command: list[str], root: Path, built: Built) -> None:
    told = check(command, root, built.wheel.parent)
    assert told.returncode == 0, told.stdout
    assert built.wheel.name in told.stdout


@pytest.mark.parametrize("stray", ["tests/__init__.py", "setup_helper.py", "mfn_other/__init__.py"])
def test_a_stray_package_or_module_fails(
    command: list[str], root: Path, built: Built, tmp_path: Path, stray: str
) -> None:
    told = check(command, root, spoilt(built, tmp_path, lambda files: [*files, (stray, b"")]))
    assert told.returncode == 1
    assert repr(stray.partition("/")[0]) in told.stdout


def test_a_missing_package_fails(command: list[str], root: Path, built: Built, tmp_path: Path) -> None:
    told = check(
        command,
        root,
        spoilt(built, tmp_path, lambda files: [file for file in files if not file[0].startswith("mfn_client/")]),
    )
    assert (told.returncode, "lacks 'mfn_client'" in told.stdout) == (1, True)


def test_a_folder_without_wheel_fails(command: list[str], root: Path, tmp_path: Path) -> None:
    told = check(command, root, tmp_path)
    assert (told.returncode, "holds 0 wheels and 0 sdists" in told.stdout) == (1, True)
