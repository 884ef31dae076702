"""What the wheel and the sdist hold, compared with the tree that they were built from."""

import tomllib
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from tests.packaging.conftest import PACKAGE_ROOTS, Built, names_in


def shipped_packages(wheel: Path) -> set[str]:
    """The files of a wheel without its metadata folder."""
    return {name for name in names_in(wheel) if not PurePosixPath(name).parts[0].endswith(".dist-info")}


def test_the_wheel_holds_every_file_of_the_three_packages_and_no_other(built: Built, packaged_files: set[str]) -> None:
    assert shipped_packages(built.wheel) == packaged_files


def test_the_top_level_of_the_wheel_is_the_three_packages(built: Built) -> None:
    assert {PurePosixPath(name).parts[0] for name in shipped_packages(built.wheel)} == set(PACKAGE_ROOTS)


def test_every_folder_of_modules_is_a_package(packaged_files: set[str]) -> None:
    folders = {str(PurePosixPath(name).parent) for name in packaged_files if name.endswith(".py")}

    assert {folder for folder in folders if f"{folder}/__init__.py" not in packaged_files} == set()


@pytest.mark.parametrize("package", PACKAGE_ROOTS)
def test_each_package_says_that_it_is_typed(built: Built, package: str) -> None:
    assert f"{package}/py.typed" in names_in(built.wheel)


def test_the_wheel_holds_the_stubs_of_every_generated_module(built: Built) -> None:
    generated = {name for name in names_in(built.wheel) if name.endswith("_pb2.py")}

    assert generated
    assert {f"{name}i" for name in generated} <= names_in(built.wheel)


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_the_wheel_holds_the_settings_of_each_environment(built: Built, environment: str) -> None:
    assert f"mfn_server/configs/{environment}.json" in names_in(built.wheel)


def test_a_wheel_built_from_the_sdist_equals_one_built_from_the_tree(built: Built) -> None:
    assert names_in(built.wheel) == names_in(built.direct_wheel)


def test_the_sdist_holds_every_file_that_the_wheel_needs(built: Built, packaged_files: set[str]) -> None:
    held = names_in(built.sdist)
    needed = {str(PurePosixPath(PACKAGE_ROOTS[PurePosixPath(name).parts[0]], name)) for name in packaged_files}

    assert needed | {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"} <= held


def test_the_sdist_holds_the_contract_that_the_stubs_were_made_from(
    built: Built, repository_files: tuple[str, ...]
) -> None:
    protos = {name for name in repository_files if name.endswith(".proto")}

    assert protos
    assert protos <= names_in(built.sdist)


def test_the_metadata_names_the_licence_and_carries_its_text(built: Built, root: Path) -> None:
    version = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    info = f"mfn_grpc-{version}.dist-info"
    with zipfile.ZipFile(built.wheel) as wheel:
        metadata = wheel.read(f"{info}/METADATA").decode()
        licence = wheel.read(f"{info}/licenses/LICENSE").decode()

    assert "License-Expression: MIT\n" in metadata
    assert "The mfn-grpc authors" in licence
