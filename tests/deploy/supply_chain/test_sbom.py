"""The list of what the images hold, against the locks and against the schema."""

import json
import venv
from pathlib import Path
from typing import Any

import pytest

from releasing import licences, sbom
from releasing.pins import pins
from tests.packaging.environment import _link
from tests.packaging.requirements import read_pins

LOCKS = ["image", "edge"]


@pytest.fixture(scope="module", params=LOCKS)
def lock(request: pytest.FixtureRequest, root: Path) -> Path:
    return root / "requirements" / f"{request.param}.txt"


@pytest.fixture(scope="module")
def environment(lock: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the lock pins and nothing else, by links to what this environment installed."""
    home = tmp_path_factory.mktemp(lock.stem)
    venv.create(home, with_pip=False, symlinks=True)
    (site,) = home.glob("lib/python*/site-packages")
    for name in pins(lock):
        _link(name, home / "linked")
    (site / "linked.pth").write_text(f"{home / 'linked'}\n", encoding="utf-8")
    return home


@pytest.fixture(scope="module")
def written(environment: Path, lock: Path) -> dict[str, Any]:
    out = environment / "sbom.json"
    assert sbom.main([str(environment), str(lock), str(out)]) == 0
    document: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return document


def test_the_document_holds_every_pin_that_applies_here(written: dict[str, Any], lock: Path) -> None:
    expected = {(name, pin.version) for name, pin in read_pins(lock).items() if pin.applies_here()}
    held = {(part["name"].lower().replace("_", "-"), part["version"]) for part in written["components"]}
    assert {("grpcio", dict(expected)["grpcio"]), ("numba", dict(expected)["numba"])} <= held
    assert held == expected


def test_every_component_has_a_licence_and_an_address(written: dict[str, Any]) -> None:
    lacking = [part["name"] for part in written["components"] if not part["licenses"][0]["expression"]]
    assert lacking == []
    assert all(part["purl"].startswith("pkg:pypi/") for part in written["components"])


def test_the_document_is_about_this_project(written: dict[str, Any]) -> None:
    about = written["metadata"]["component"]
    assert (about["name"], about["licenses"][0]["license"]["id"]) == ("mfn-grpc", "MIT")


def test_the_licences_of_what_is_shipped_are_allowed(environment: Path, tmp_path: Path) -> None:
    out = tmp_path / "licences.json"
    assert licences.main([str(environment), str(out)]) == 0
    assert {row["name"] for row in json.loads(out.read_text(encoding="utf-8"))} >= {"grpcio", "numpy", "scipy"}


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda part: part.update(version="0.0.1"), "numpy is 0.0.1, pinned is"),
        (lambda part: part.update(licenses=[]), "numpy has no licence"),
        (lambda part: part.update(name="nump"), "nump is not pinned"),
    ],
    ids=["version", "licence", "name"],
)
def test_a_document_that_departs_from_the_lock_is_refused(
    written: dict[str, Any], lock: Path, damage: Any, sentence: str
) -> None:
    document = json.loads(json.dumps(written))
    damage(next(part for part in document["components"] if part["name"] == "numpy"))
    assert [fault for fault in sbom.faults_of_content(document, pins(lock)) if fault.startswith(sentence)]


def test_a_document_that_departs_from_the_schema_is_refused() -> None:
    form: dict[str, Any] = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1}
    assert sbom.faults_of_form({**form, "components": [{"type": "library", "name": "numpy"}]}) == []
    (fault,) = sbom.faults_of_form({**form, "components": [{"type": "parcel", "name": "numpy"}]})
    assert "parcel" in fault
