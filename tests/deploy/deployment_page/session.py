"""An operator who types every command of the page, in its order, into one shell."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.conftest import ROOT
from tests.deploy.deployment_page import page
from tests.deploy.k8s.manifests import Manifests

WHOLE_COMMAND = ROOT / "tests" / "deploy" / "whole_command.py"
STAND_IN = Path(__file__).with_name("stand_in.py")
HOST = "mfn.lab.example"
STORED = "federations/digits/models/model-0.raw"
"""A file of the volume."""
PATIENCE_S = 120


@dataclass(frozen=True)
class Said:
    """What a part of the session printed."""

    out: str
    err: str
    code: int


class Session:
    """A shell in a copy of the manifests, with programs that stand in for what is not here."""

    def __init__(self, folder: Path, kustomize: Path, grpcurl: Path) -> None:
        self.checkout, self.cluster, self.home = folder / "checkout", folder / "cluster", folder / "home"
        self.site = self.home / "mfn-prod"
        self._programs = folder / "bin"
        for each in (self.checkout, self.cluster / "volume", self.site, self._programs):
            each.mkdir(parents=True)
        shutil.copytree(ROOT / "k8s", self.checkout / "k8s")
        for block in page.blocks("yaml"):
            self._write(block.file, block.text)
        real = {"mfn": [sys.executable, str(WHOLE_COMMAND)], "grpcurl": [str(grpcurl)]}
        for name in ("kubectl", "docker", *real):
            self._program(name, f'exec {shlex.quote(sys.executable)} {shlex.quote(str(STAND_IN))} {name} "$@"')
        self._program("kustomize", f'exec {shlex.quote(str(kustomize))} "$@"')
        self._variables = {
            "PATH": f"{self._programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "HOME": str(self.home),
            "CLUSTER": str(self.cluster),
            "COLUMNS": "200",
            **{f"REAL_{name.upper()}": json.dumps(command) for name, command in real.items()},
            # What public authorities are elsewhere.
            "SSL_CERT_FILE": str(self.site / "ca.crt"),
            "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(self.site / "ca.crt"),
        }

    def type(self, commands: list[str]) -> Said:
        """Run these in the shell that ran the ones before: its variables are kept."""
        kept = self.cluster.parent / "variables"
        before = f". {shlex.quote(str(kept))}\n" if kept.exists() else ""
        script = f"set -euo pipefail\n{before}{''.join(commands)}\nexport -p > {shlex.quote(str(kept))}\n"
        ran = subprocess.run(
            ["bash", "-c", script],
            cwd=self.checkout,
            env=self._variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        return Said(ran.stdout, ran.stderr, ran.returncode)

    def calls(self, program: str) -> list[list[str]]:
        """The words of each call of a program that was stood in for."""
        lines = (self.cluster / "calls.jsonl").read_text(encoding="utf-8").splitlines()
        return [words for name, *words in map(json.loads, lines) if name == program]

    def secrets(self) -> dict[str, dict[str, str]]:
        """What the secrets hold that were made."""
        return {
            folder.name: {key.name: key.read_text(encoding="utf-8") for key in folder.iterdir()}
            for folder in (self.cluster / "secrets").iterdir()
        }

    def rendered(self) -> Manifests:
        """What was rendered last."""
        text = (self.site / "rendered.yaml").read_text(encoding="utf-8")
        return Manifests([each for each in yaml.safe_load_all(text) if each])

    def _write(self, name: str, content: str) -> None:
        path = self.checkout / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")

    def _program(self, name: str, line: str) -> None:
        path = self._programs / name
        path.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
        path.chmod(0o755)
