"""Imports point one way: import-linter's contracts hold, and each of them bites."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packaging.conftest import PACKAGE_ROOTS

OFFENCES = [
    ("mfn_grpc/core/limits.py", "import grpc"),
    ("mfn_grpc/core/limits.py", "from google.protobuf import message"),
    ("mfn_grpc/core/limits.py", "import asyncio"),
    ("mfn_grpc/core/limits.py", "import logging"),
    ("mfn_grpc/core/limits.py", "import mfn_grpc.v1.types_pb2"),
    ("mfn_grpc/core/limits.py", "import mfn_grpc.core.electrochemistry"),
    ("mfn_grpc/core/fractals/options.py", "import mfn_grpc.core.electrochemistry"),
    ("mfn_grpc/core/fractals/options.py", "import mfn_grpc.core.features"),
    ("mfn_grpc/core/features/thresholds.py", "import mfn_grpc.core.reaction_diffusion"),
    ("mfn_grpc/core/reaction_diffusion/spec.py", "import mfn_grpc.core.dynamics"),
    ("mfn_grpc/core/dynamics/warming.py", "import mfn_grpc.core.learning"),
    ("mfn_grpc/core/learning/metrics.py", "import mfn_grpc.core.validation"),
    ("mfn_grpc/arrays.py", "import mfn_client"),
    ("mfn_grpc/arrays.py", "import mfn_server"),
    ("clients/python/mfn_client/__init__.py", "import mfn_server"),
    ("clients/python/mfn_client/__init__.py", "import mfn_grpc.core.limits"),
    ("server/mfn_server/__init__.py", "import mfn_client"),
]


def lint_imports(tree: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter over the packages below `tree`, wherever else they may be installed."""
    roots = os.pathsep.join(str(tree / where) for where in dict.fromkeys(PACKAGE_ROOTS.values()))
    program = Path(sys.executable).with_name("lint-imports")
    surroundings = {**os.environ, "PYTHONPATH": roots}
    return subprocess.run(
        [program, "--no-cache"], capture_output=True, text=True, check=False, cwd=tree, env=surroundings
    )


@pytest.fixture(scope="module")
def copy(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the packages and of their contracts, to offend in."""
    tree = tmp_path_factory.mktemp("layers")
    shutil.copy2(root / "pyproject.toml", tree)
    for package, where in PACKAGE_ROOTS.items():
        target = tree / where / package
        shutil.copytree(root / where / package, target, ignore=shutil.ignore_patterns("__pycache__"))
    return tree


def test_every_import_respects_the_layers(root: Path) -> None:
    done = lint_imports(root)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("file", "offence"), OFFENCES)
def test_an_import_against_the_layers_is_found(copy: Path, file: str, offence: str) -> None:
    target = copy / file
    kept = target.read_text(encoding="utf-8")
    target.write_text(f"{kept}\n{offence}\n", encoding="utf-8")
    try:
        done = lint_imports(copy)
    finally:
        target.write_text(kept, encoding="utf-8")

    assert done.returncode == 1, done.stdout + done.stderr
    assert "BROKEN" in done.stdout
