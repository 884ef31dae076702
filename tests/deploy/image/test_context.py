"""What a build sends along: nothing but what is copied into an image."""

import re
from collections.abc import Iterator
from fnmatch import translate
from pathlib import Path

import pytest

from tests.deploy.image.dockerfile import stages

SECRETS = re.compile(r"\.(key|pem|env)$|(^|/)\.env$|(^|/)\.(git|venv|tools)(/|$)|^(tests|docs|k8s|benchmarks|demo)/")


def rules(text: str) -> Iterator[tuple[bool, re.Pattern[str]]]:
    """Whether a line of .dockerignore takes back in, and the paths that it speaks of, what lies in them included."""
    for line in text.splitlines():
        if line and not line.startswith("#"):
            pattern = line.removeprefix("!")
            anywhere = pattern.startswith("**/")
            inner = translate(pattern.removeprefix("**/")).replace(".*", "[^/]*").removesuffix(r"\Z")
            yield line.startswith("!"), re.compile(f"{'(.*/)?' if anywhere else ''}{inner}(/.*)?$")


def sent(path: str, text: str) -> bool:
    """Whether a file is part of the context: the last line that speaks of it decides."""
    kept = True
    for takes_in, pattern in rules(text):
        if pattern.match(path):
            kept = takes_in
    return kept


@pytest.fixture(scope="module")
def ignored(root: Path) -> str:
    """The text of .dockerignore."""
    return (root / ".dockerignore").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "path",
    [
        ".git/config",
        ".venv/bin/python",
        ".tools/bin/grpcurl",
        "tests/conftest.py",
        "docs/security.md",
        "k8s/base/kustomization.yaml",
        "clients/node/package.json",
        ".env",
        "server.env",
        "keys.json",
        "secrets/pepper",
        "certs/server.key",
        "server/mfn_server/server.key",
        "image/certs/ca.pem",
        "server/.env",
        "mfn_grpc/core/__pycache__/arrays.cpython-311.pyc",
        "server/mfn_server/__pycache__",
    ],
)
def test_it_stays_out(ignored: str, path: str) -> None:
    assert not sent(path, ignored)


@pytest.mark.parametrize(
    "path", ["pyproject.toml", "mfn_grpc/core/arrays.py", "clients/python/mfn_client/py.typed", ".ci/tools/go.sum"]
)
def test_it_is_sent(ignored: str, path: str) -> None:
    assert sent(path, ignored)


def test_of_all_files_here_none_that_is_sent_is_a_secret_or_has_no_use(root: Path, ignored: str) -> None:
    folders = ("mfn_grpc", "server", "clients", "image", "requirements", ".ci")
    paths = _files(root, folders)
    found = [path for path in paths if sent(path, ignored)]
    assert len(found) > 100
    assert not [path for path in found if SECRETS.search(path)]


def _files(root: Path, folders: tuple[str, ...]) -> list[str]:
    return [path.relative_to(root).as_posix() for top in folders for path in (root / top).rglob("*") if path.is_file()]


def test_all_that_is_copied_is_sent(root: Path, ignored: str) -> None:
    copies = [
        word
        for stage in stages(root / "Dockerfile").values()
        for each in stage.instructions
        if each.name == "COPY" and "--from" not in each.text
        for word in each.text.split()[:-1]
        if not word.startswith("--")
    ]
    assert copies
    assert all((root / path).exists() and sent(path, ignored) for path in copies)
