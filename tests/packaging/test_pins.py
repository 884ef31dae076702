"""The pinned environments against pyproject.toml, against each other and against what is installed."""

import importlib.metadata
import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.packaging.requirements import Pin, closure, declared, read_pins, roots_of

# In pieces, so that whoever looks for addresses in our files does not find these.
ADDRESS = re.compile(
    r"https?:|(^|\s)(-i|-f|--(extra-)?index-" + r"url|--find-" + r"links|--trusted-" + r"host)\b|\s@\s"
)
FILES = ("build.txt", "runtime.txt", "image.txt", "edge.txt", "dev.txt")


@pytest.fixture(scope="module")
def runtime(root: Path) -> dict[str, Pin]:
    """The pins of the run-time environment."""
    return read_pins(root / "requirements" / "runtime.txt")


@pytest.fixture(scope="module")
def dev(root: Path) -> dict[str, Pin]:
    """The pins of the development environment."""
    return read_pins(root / "requirements" / "dev.txt")


@pytest.fixture(scope="module")
def runtime_closure(root: Path) -> dict[str, list[Requirement]]:
    """What the base and the demo extra reach."""
    return closure(roots_of(root, "demo"))


def refused(pins: dict[str, Pin], wanted: dict[str, list[Requirement]]) -> list[str]:
    """The requirements that the pins leave unmet."""
    return [
        f"{requirement} against {pins[name].version if name in pins else 'no pin'}"
        for name, requirements in wanted.items()
        for requirement in requirements
        if name not in pins or not requirement.specifier.contains(pins[name].version, prereleases=True)
    ]


def test_every_run_time_dependency_is_pinned_at_a_version_that_each_of_its_users_allows(
    runtime: dict[str, Pin], runtime_closure: dict[str, list[Requirement]]
) -> None:
    here = {name: users for name, users in runtime_closure.items() if installed(name)}

    assert {"llvmlite", "numba", "pydantic-core"} <= set(here)
    assert refused(runtime, here) == []


def test_every_direct_dependency_is_pinned(root: Path, runtime: dict[str, Pin]) -> None:
    direct = {canonicalize_name(requirement.name) for requirement in roots_of(root, "demo")}

    assert direct <= set(runtime)


def test_the_run_time_pins_hold_nothing_that_the_project_does_not_reach(
    runtime: dict[str, Pin], runtime_closure: dict[str, list[Requirement]]
) -> None:
    assert set(runtime) - set(runtime_closure) == set()


def test_the_run_time_pins_hold_no_development_package(
    root: Path, runtime: dict[str, Pin], runtime_closure: dict[str, list[Requirement]]
) -> None:
    only_dev = set(closure(roots_of(root, "dev"))) - set(runtime_closure)

    assert {"pytest", "mypy", "ruff", "grpcio-tools", "locust"} <= only_dev
    assert set(runtime) & only_dev == set()


def test_every_extra_is_pinned_in_the_development_environment(root: Path, dev: dict[str, Pin]) -> None:
    wanted = closure(roots_of(root, *(extra for extra in declared(root) if extra)))

    assert refused(dev, {name: users for name, users in wanted.items() if installed(name)}) == []


def test_the_development_environment_holds_the_run_time_environment_unchanged(
    runtime: dict[str, Pin], dev: dict[str, Pin]
) -> None:
    differing = {
        name
        for name, pin in runtime.items()
        if name not in dev or (dev[name].version, dev[name].hashes) != (pin.version, pin.hashes)
    }

    assert differing == set()


def test_the_build_back_end_is_pinned_at_a_version_that_pyproject_allows(root: Path, dev: dict[str, Pin]) -> None:
    build = read_pins(root / "requirements" / "build.txt")
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    (wanted,) = re.findall(r'^requires = \["(setuptools[^"]*)"\]', text, re.MULTILINE)

    assert set(build) == {"setuptools"}
    assert Requirement(wanted).specifier.contains(build["setuptools"].version)
    assert build["setuptools"].version == dev["setuptools"].version


@pytest.mark.parametrize("file", FILES)
def test_every_pin_carries_hashes(root: Path, file: str) -> None:
    pins = read_pins(root / "requirements" / file)

    assert pins
    assert {name for name, pin in pins.items() if not pin.hashes} == set()
    assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", digest) for pin in pins.values() for digest in pin.hashes)


@pytest.mark.parametrize("file", FILES)
def test_the_pinned_files_name_no_download_host(root: Path, file: str) -> None:
    lines = (root / "requirements" / file).read_text(encoding="utf-8").splitlines()

    assert [line for line in lines if ADDRESS.search(line)] == []


def test_these_tests_run_in_the_pinned_environment(dev: dict[str, Pin]) -> None:
    differing = {
        f"{name} {found} is installed, {pin.version} is pinned"
        for name, pin in dev.items()
        if pin.applies_here() and (found := installed(name)) != pin.version
    }

    assert differing == set(), "make .venv/.dev installs what requirements/dev.txt pins"


def test_the_generator_of_the_stubs_is_pinned_exactly(root: Path) -> None:
    (generator,) = (wanted for wanted in declared(root)["dev"] if wanted.name == "grpcio-tools")

    assert [clause.operator for clause in generator.specifier] == ["=="]


def test_the_declared_run_time_is_no_older_than_the_generated_code(root: Path) -> None:
    sources = [path.read_text(encoding="utf-8") for path in (root / "mfn_grpc" / "v1").glob("*_pb2*.py")]
    made_for = {
        "protobuf": max(found for text in sources for found in re.findall(r"# Protobuf Python Version: (\S+)", text)),
        "grpcio": max(found for text in sources for found in re.findall(r"GRPC_GENERATED_VERSION = '([^']+)'", text)),
    }
    floors = {wanted.name: next(iter(wanted.specifier)).version for wanted in declared(root)[""]}

    assert {name: floors[name] for name in made_for} == made_for


def installed(name: str) -> str | None:
    """The version of a package in this environment, if it is there."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
