"""`python whole_command.py WORD...` is `mfn` with all its commands, also where the packages are not installed."""

import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

from mfn_client import _embedded
from mfn_client.cli import app

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def entry_points(*, group: str, name: str = "") -> list[EntryPoint]:
    """Those of pyproject.toml."""
    found = PROJECT["entry-points"][group]
    return [EntryPoint(each, value, group) for each, value in found.items() if name in {"", each}]


if __name__ == "__main__":
    for module in (app, _embedded):
        vars(module)["entry_points"] = entry_points
    app.main()
