"""What must hold for every file under version control."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

HOSTS = re.compile(
    r"(?:pypi|pythonhosted|crates|npmjs|debian|maven|goproxy|proxy\.golang)\.(?:org|io|com)"
    r"|https?://[^\s/\"']*(?:mirror|artifactory|nexus)[^\s/\"']*"
    r"|--(?:extra-)?index-" + r"url[= ]|--find-" + r"links[= ]|GOPROXY=[h]",  # in pieces, for this file is read as well
)
MACHINE_PATHS = re.compile(r"(?<![\w.$~-])/(?:work|farm|opt/wheels|home/[a-z]+|Users/[A-Za-z]+|root/\.)(?:/|\b)")

PROMISED = [
    ".ci/run",
    ".github/CODEOWNERS",
    ".github/dependabot.yml",
    ".github/workflows/ci.yml",
    ".github/workflows/release.yml",
    ".github/workflows/security.yml",
    ".gitignore",
    ".pre-commit-config.yaml",
    ".secrets.baseline",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "SECURITY.md",
    "buf.yaml",
    "docs/releasing.md",
    "requirements/dev.txt",
    "requirements/runtime.txt",
]


def found(pattern: re.Pattern[str], root: Path, files: tuple[str, ...]) -> list[str]:
    """Each line of a text file that matches, with its place."""
    return [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in texts(root, files)
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def texts(root: Path, files: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Name and content of each file that is text."""
    for name in files:
        content = (root / name).read_bytes()
        if b"\0" not in content:
            yield name, content.decode(encoding="utf-8")


def test_no_file_names_a_package_registry_or_a_mirror(root: Path, repository_files: tuple[str, ...]) -> None:
    assert found(HOSTS, root, repository_files) == []


def test_no_file_names_a_path_of_one_machine(root: Path, repository_files: tuple[str, ...]) -> None:
    assert found(MACHINE_PATHS, root, repository_files) == []


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (HOSTS, "url = https://files.python" + "hosted.org/packages/x.whl"),
        (HOSTS, "--index-" + "url=https://example.invalid/simple"),
        (HOSTS, "see https://" + "mirror.example.invalid/debian"),
        (MACHINE_PATHS, "sources are in /" + "work/main"),
        (MACHINE_PATHS, "cd /" + "home/someone/mfn"),
    ],
)
def test_the_patterns_find_what_they_look_for(pattern: re.Pattern[str], line: str) -> None:
    assert pattern.search(line)


@pytest.mark.parametrize("name", PROMISED)
def test_the_repository_holds_what_it_promises(repository_files: tuple[str, ...], name: str) -> None:
    assert name in repository_files


def test_the_critical_paths_have_an_owner(root: Path) -> None:
    lines = (root / ".github" / "CODEOWNERS").read_text(encoding="utf-8").splitlines()
    claims = [line.split() for line in lines if line.strip() and not line.startswith("#")]

    assert {claim[1] for claim in claims} == {"@neuron7x"}
    for critical in ("protos", "mfn_grpc/core", "server", ".ci", "requirements"):
        assert any(path.strip("/") == critical for path, _ in claims), f"nobody owns {critical}"


def test_help_lists_every_target_of_the_makefile(root: Path) -> None:
    targets = set(re.findall(r"^\.PHONY: ([a-z-]+)$", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))

    shown = subprocess.run(["make", "-s", "help"], cwd=root, capture_output=True, text=True, check=True).stdout

    assert {"demo", "test", "lint", "bench", "protos", "serve"} <= targets
    assert {line.split()[1] for line in shown.splitlines()} == targets
