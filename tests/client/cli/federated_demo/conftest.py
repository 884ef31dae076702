"""A lab, and a demo that finds everything."""

import os
import sys
from pathlib import Path

import pytest

from mfn_client.cli.federated_demo.lab import Lab, load_lab
from tests.client.cli.installing import install


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which this process and its children make temporary files."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    return folder


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command finds the server and the simulator; participants' processes find the client."""
    install(monkeypatch)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))


@pytest.fixture
def lab(installed: None) -> Lab:
    return load_lab()
