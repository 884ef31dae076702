"""The entry points of pyproject.toml, found as though the project were installed."""

import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from mfn_client import _embedded
from mfn_client.cli.federated_demo import lab

PROJECT = Path(__file__).parents[3] / "pyproject.toml"


def entry_points(group: str = "", **_: object) -> list[EntryPoint]:
    """Those of a group, as the project file states them."""
    stated = tomllib.loads(PROJECT.read_text())["project"]["entry-points"]
    return [EntryPoint(name, value, group) for name, value in stated[group].items()]


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command find the embedded server and the simulator, inside this process."""
    monkeypatch.setattr(_embedded, "entry_points", entry_points)
    monkeypatch.setattr(lab, "entry_points", entry_points)


def installed_in(folder: Path) -> Path:
    """A folder which on PYTHONPATH lets other processes find them."""
    stated = tomllib.loads(PROJECT.read_text())["project"]["entry-points"]
    metadata = folder / "mfn_grpc-0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: mfn-grpc\nVersion: 0\n")
    groups = [f"[{group}]\n" + "".join(f"{n} = {v}\n" for n, v in points.items()) for group, points in stated.items()]
    (metadata / "entry_points.txt").write_text("\n".join(groups))
    return folder
