import subprocess
from pathlib import Path

import pytest

from benchmarks.records.tree import commit, dirty


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with one commit."""
    (tmp_path / "file").write_text("1", encoding="utf-8")
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for arguments in (["init", "-q"], ["add", "file"], [*identity, "commit", "-q", "-m", "one"]):
        subprocess.run(["git", "-C", tmp_path, *arguments], check=True)
    return tmp_path


def test_a_fresh_commit_is_clean_and_has_a_hash(tree: Path) -> None:
    assert len(commit(tree)) == 40
    assert not dirty(tree)


@pytest.mark.parametrize("name", ["file", "new"])
def test_changed_and_unknown_files_make_it_dirty(tree: Path, name: str) -> None:
    (tree / name).write_text("2", encoding="utf-8")
    assert dirty(tree)


def test_what_measuring_itself_writes_does_not(tree: Path) -> None:
    for name in ("benchmarks/history/run.json", "docs/images/bench-trend.png"):
        (tree / name).parent.mkdir(parents=True)
        (tree / name).write_text("{}", encoding="utf-8")
    assert not dirty(tree)


def test_outside_a_repository_there_is_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert commit(tmp_path) == ""
    assert not dirty(tmp_path)
