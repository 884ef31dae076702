"""An image's file system run as its containers are: uid 1000, no capabilities, read-only root, a network of its own."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import required

PATIENCE_S = 300.0
"""After this long something hangs; far beyond what anything here takes."""
ORDINARY = ("setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "--no-new-privs", "--inh-caps=-all")
SEPARATE = ("--unshare-net", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--die-with-parent", "--clearenv")


def find_bubblewrap(require_tool: Callable[[str, str], Path]) -> Path:
    """The program that separates; without root's right to mount, a test that needs it is skipped or fails."""
    found = require_tool("bwrap", "apt-get install bubblewrap")
    command = [str(found), "--ro-bind", "/", "/", "--unshare-net", "--unshare-pid", "--tmpfs", "/tmp", "true"]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        sentence = "building without an engine needs root and the right to mount; run it with both"
        pytest.fail(sentence) if required("mount") else pytest.skip(sentence)
    return found


@dataclass(frozen=True)
class Sandbox:
    """One unpacked image. writable: which places are mounted that can be written."""

    bubblewrap: Path
    folder: Path
    writable: tuple[str, ...] = ("/tmp", "/var/cache/mfn")

    @property
    def config(self) -> dict[str, Any]:
        """What the image says of how it is run."""
        text = (self.folder / "image.json").read_text(encoding="utf-8")
        config: dict[str, Any] = json.loads(text)["Docker"]["config"]
        return config

    def command(self, words: list[str], variables: Mapping[str, str]) -> list[str]:
        """What runs these words in it."""
        stated = dict(each.split("=", 1) for each in self.config["Env"]) | dict(variables)
        mounts = [word for place in self.writable for word in ("--tmpfs", place, "--chmod", "1777", place)]
        settings = [word for name, value in stated.items() for word in ("--setenv", name, value)]
        root = ["--ro-bind", str(self.folder / "rootfs"), "/", "--proc", "/proc", "--dev", "/dev"]
        limits = [*SEPARATE, *settings, "--chdir", self.config["WorkingDir"], *ORDINARY, "--bounding-set=-all"]
        return [str(self.bubblewrap), *root, *mounts, *limits, *words]

    def run(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """The entrypoint with this command, as `docker run IMAGE words`."""
        command = self.command([*self.config["Entrypoint"], *words], variables)
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)

    @contextmanager
    def running(self, script: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
        """A shell that obeys the script while the context is entered, its first process."""
        command = self.command(["sh", "-c", script], variables)
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            try:
                yield process
            finally:
                process.kill()
