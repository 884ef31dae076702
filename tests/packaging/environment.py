"""An environment that holds a wheel and chosen dependencies, and nothing of the work tree.

The dependencies are links to the files that this environment installed, package by package, so that making one takes
seconds and needs no network, and a package that was not asked for cannot be imported.
"""

import importlib.metadata
import os
import subprocess
import sys
import venv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

from tests.packaging.requirements import closure


@dataclass(frozen=True)
class CleanEnvironment:
    """A virtual environment and an empty folder to run programs in."""

    home: Path
    cwd: Path

    @classmethod
    def make(cls, folder: Path, wheel: Path, roots: Iterable[Requirement]) -> "CleanEnvironment":
        """Install `wheel` into a new environment below `folder`, beside everything that `roots` reach."""
        made = cls(folder / "venv", folder / "cwd")
        made.cwd.mkdir()
        venv.create(made.home, with_pip=False, symlinks=True)
        dependencies = folder / "dependencies"
        for name in closure(roots):
            _link(name, dependencies)
        (made.site_packages / "dependencies.pth").write_text(f"{dependencies}\n", encoding="utf-8")
        pip = [
            sys.executable,
            "-m",
            "pip",
            "--python",
            str(made.home / "bin" / "python"),
            "--disable-pip-version-check",
        ]
        subprocess.run([*pip, "install", "--quiet", "--no-index", "--no-deps", str(wheel)], check=True)
        return made

    @property
    def site_packages(self) -> Path:
        """Where the wheel is installed."""
        return self.home / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment with neither PYTHONPATH nor settings of this process."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "MFN_"))}
        settings = {"MFN_ENV": "dev", "MFN_PORT": "0", "NUMBA_CACHE_DIR": str(self.cwd / "numba"), "NO_COLOR": "1"}
        command = [str(self.home / "bin" / program), *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=self.cwd, env={**kept, **settings}, timeout=60
        )


def _link(name: str, folder: Path) -> None:
    try:
        installed = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return  # for another platform; what is missing by mistake shows when it is imported
    for file in installed.files or ():
        if ".." not in file.parts and file.suffix != ".pyc":
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).symlink_to(str(installed.locate_file(file)))
