"""What can be told of the image without building it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.image.dockerfile import Instruction, inherited, last, stages

TARGETS = ("server", "edge")


@pytest.fixture(scope="module", params=TARGETS)
def target(request: pytest.FixtureRequest, root: Path) -> list[Instruction]:
    """All instructions of one target."""
    return inherited(stages(root / "Dockerfile"), request.param)


def test_hadolint_finds_nothing(root: Path) -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    found = subprocess.run([hadolint, "Dockerfile"], cwd=root, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


def test_no_rule_of_hadolint_is_switched_off(root: Path) -> None:
    assert "hadolint" not in (root / "Dockerfile").read_text(encoding="utf-8")
    assert not list(root.glob(".hadolint*"))


def test_server_is_what_is_built_unless_another_target_is_named(root: Path) -> None:
    assert list(stages(root / "Dockerfile"))[-1] == "server"


def test_it_ends_as_an_ordinary_user(target: list[Instruction]) -> None:
    user = last(target, "USER")
    assert user is not None
    assert user.text == "1000:1000"


def test_what_runs_is_run_without_a_shell_around_it(target: list[Instruction]) -> None:
    listed = {name: found.listed for name in ("ENTRYPOINT", "CMD") if (found := last(target, name))}
    assert listed == {"ENTRYPOINT": ["mfn-entrypoint"], "CMD": ["mfn-server"]}


def test_its_health_is_asked_for_and_never_computed(target: list[Instruction]) -> None:
    check = last(target, "HEALTHCHECK")
    assert check is not None
    assert check.listed == ["mfn-healthcheck"]
    start = re.search(r"--start-period=(\d+)s", check.text)
    assert start is not None
    assert int(start[1]) >= 300  # a cold compile on one slow core


def test_ports_and_the_signal_to_stop_are_told(target: list[Instruction]) -> None:
    assert {name: found.text for name in ("EXPOSE", "STOPSIGNAL") if (found := last(target, name))} == {
        "EXPOSE": "50051 9464",
        "STOPSIGNAL": "SIGTERM",
    }


def test_its_labels_say_what_it_is(target: list[Instruction]) -> None:
    text = " ".join(each.text for each in target if each.name == "LABEL")
    labels = set(re.findall(r"org\.opencontainers\.image\.(\w+)=", text))
    assert labels >= {"title", "description", "version", "revision", "created", "licenses"}


def test_no_secret_is_set_and_the_environment_stays_prod(target: list[Instruction]) -> None:
    text = " ".join(each.text for each in target if each.name in {"ENV", "ARG"})
    names = set(re.findall(r"([A-Z_]+)=", text))
    assert names
    assert not {name for name in names if re.search(r"SECRET|TOKEN|PASSWORD|KEY|PEPPER|MFN_ENV", name)}


def test_no_base_is_named_by_its_registry(root: Path) -> None:
    text = (root / "Dockerfile").read_text(encoding="utf-8")
    bases = re.findall(r"^ARG \w+_IMAGE=(\S+)$", text, re.MULTILINE)
    assert bases == ["python:3.11-slim-bookworm", "golang:1.26-bookworm"]
    known = {"${PYTHON_IMAGE}", "${GO_IMAGE}"}
    for stage in stages(root / "Dockerfile").values():
        assert stage.base in known, stage.name
        known.add(stage.name)
    assert "--platform" not in text  # the same steps for each processor


def test_what_is_installed_is_bound_by_digests(root: Path) -> None:
    installs = (root / "image" / "install.sh").read_text(encoding="utf-8") + (root / "Dockerfile").read_text("utf-8")
    commands = [line for line in installs.replace("\\\n", " ").splitlines() if "--requirement" in line]
    assert len(commands) == 2
    assert all("--require-hashes" in line and "--only-binary :all:" in line for line in commands)


def test_the_version_is_the_packages(root: Path, target: list[Instruction]) -> None:
    project = re.search(r'^version = "(.+)"$', (root / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert project is not None
    assert Instruction("ARG", f"VERSION={project[1]}") in target
