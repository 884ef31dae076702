"""The version is the same wherever it stands, and where it is not, the place is named."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from releasing.versions import PLACES, carried, faults, main


def test_every_place_carries_the_version_of_the_project() -> None:
    assert main([]) == 0


@pytest.mark.parametrize("spoilt", [name for name in PLACES if name != "pyproject.toml"])
def test_a_place_that_was_forgotten_is_named(root: Path, tmp_path: Path, spoilt: str) -> None:
    for name in PLACES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, tmp_path / name)
    (_, version), *_ = carried(root)
    path = tmp_path / spoilt
    path.write_text(path.read_text(encoding="utf-8").replace(version, "9.8.7"), encoding="utf-8")
    found = faults(tmp_path)
    assert found
    assert all(re.match(rf"{spoilt}:\d+ says 9\.8\.7, pyproject\.toml {version}$", fault) for fault in found)


def test_a_tag_of_another_version_is_refused(root: Path) -> None:
    (_, version), *_ = carried(root)
    assert faults(root, f"v{version}") == []
    assert faults(root, "v9.8.7") == [f"the tag says 9.8.7, pyproject.toml {version}"]


def test_no_file_that_names_an_image_is_left_out(root: Path) -> None:
    files = [root / "README.md", *(root / "docs").rglob("*.md"), *(root / "k8s").rglob("*.yaml")]
    naming = {
        path.relative_to(root).as_posix()
        for path in files
        if re.search(r"mfn-grpc:\d", path.read_text(encoding="utf-8"))
    }
    assert naming
    assert naming <= set(PLACES)


def test_an_image_is_built_with_the_arguments_that_the_dockerfile_has(root: Path) -> None:
    (_, version), *_ = carried(root)
    told = outputs(root, f"v{version}")
    first, opened, *arguments, closed = told.stdout.splitlines()
    assert (first, opened, closed) == (f"version={version}", "arguments<<END", "END")
    found = dict(line.split("=", 1) for line in arguments)
    dockerfile = (root / "Dockerfile").read_text(encoding="utf-8")
    assert set(found) == set(re.findall(r"^ARG (VERSION|REVISION|CREATED)=", dockerfile, re.MULTILINE))
    assert found["VERSION"] == version
    assert re.fullmatch(r"[0-9a-f]{40}", found["REVISION"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", found["CREATED"])


def test_nothing_is_built_for_a_tag_of_another_version(root: Path) -> None:
    told = outputs(root, "v9.8.7")
    assert (told.returncode, told.stdout) == (1, "")


def outputs(root: Path, tag: str) -> subprocess.CompletedProcess[str]:
    words, env = [str(root / "releasing" / "outputs.sh"), tag], os.environ | {"PYTHON": sys.executable}
    return subprocess.run(words, cwd=root, env=env, capture_output=True, text=True, check=False)
