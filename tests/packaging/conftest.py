"""The tree as version control sees it, and what is built from it once a session."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest

from tests.packaging.environment import CleanEnvironment
from tests.packaging.requirements import roots_of

PACKAGE_ROOTS = {"mfn_grpc": ".", "mfn_server": "server", "mfn_client": "clients/python"}


@dataclass(frozen=True)
class Built:
    """The paths of what `python -m build` made; `wheel` comes from the sdist, `direct_wheel` from the tree."""

    sdist: Path
    wheel: Path
    direct_wheel: Path


def names_in(archive: Path) -> set[str]:
    """The files of a wheel, or those of an sdist without its leading folder."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return {name for name in wheel.namelist() if not name.endswith("/")}
    with tarfile.open(archive) as sdist:
        return {str(PurePosixPath(*PurePosixPath(member.name).parts[1:])) for member in sdist if member.isfile()}


@pytest.fixture(scope="session")
def repository_files(root: Path, require_tool: Callable[[str, str], Path]) -> tuple[str, ...]:
    """Every file of the tree that is, or would be, under version control, as a path from the root."""
    git = require_tool("git", "the package manager of the system (package git)")
    listing = [str(git), "-C", str(root), "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(listing, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this is no git work tree, so what belongs to the repository is unknown; clone it to run this test")
    return tuple(sorted(name for name in set(listed.stdout.split("\0")) if name and (root / name).is_file()))


@pytest.fixture(scope="session")
def packaged_files(repository_files: tuple[str, ...]) -> set[str]:
    """Every file of the three packages, as the path that it has once installed."""
    found = set()
    for package, where in PACKAGE_ROOTS.items():
        prefix = PurePosixPath(where)
        found |= {
            str(PurePosixPath(name).relative_to(prefix))
            for name in repository_files
            if PurePosixPath(name).is_relative_to(prefix / package)
        }
    return found


def build(source: Path, out: Path, *what: str) -> Path:
    """Build `source` with the back end of this environment; returns `out`."""
    command = [sys.executable, "-m", "build", "--no-isolation", *what, "--outdir", str(out), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.fixture(scope="session")
def built(root: Path, repository_files: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The sdist and both wheels, built from a copy so that no build folder of the work tree takes part."""
    source = tmp_path_factory.mktemp("source")
    for name in repository_files:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, source / name)
    both = build(source, tmp_path_factory.mktemp("dist"))
    direct = build(source, tmp_path_factory.mktemp("direct"), "--wheel")
    return Built(next(both.glob("*.tar.gz")), next(both.glob("*.whl")), next(direct.glob("*.whl")))


@pytest.fixture(scope="session")
def client_environment(built: Built, root: Path, tmp_path_factory: pytest.TempPathFactory) -> CleanEnvironment:
    """The wheel with the base dependencies only."""
    return CleanEnvironment.make(tmp_path_factory.mktemp("client-env"), built.wheel, roots_of(root))


@pytest.fixture(scope="session")
def server_environment(built: Built, root: Path, tmp_path_factory: pytest.TempPathFactory) -> CleanEnvironment:
    """The wheel with what requirements/runtime.txt holds: the base and the demo extra."""
    wanted = roots_of(root, "demo")
    return CleanEnvironment.make(tmp_path_factory.mktemp("server-env"), built.wheel, wanted)
