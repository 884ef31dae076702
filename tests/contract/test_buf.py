"""buf finds nothing to say about the contract, and finds breaks with an earlier one."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

NERNST = "mfn_grpc/v1/electrochemistry.proto"
Run = subprocess.CompletedProcess[str]


def test_the_contract_is_lint_clean(buf: Path, root: Path) -> None:
    run = subprocess.run([str(buf), "lint"], cwd=root, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_lint_has_one_exception_and_no_dependency(root: Path) -> None:
    settings = (root / "buf.yaml").read_text()
    assert settings.split("except:")[1].split("breaking:")[0].count("\n    - ") == 1
    assert "\n    - PACKAGE_DIRECTORY_MATCH\n" in settings
    assert "deps:" not in settings
    assert not (root / "buf.lock").exists()


class Repository:
    """A repository of its own with a copy of the contract, and the script that compares it."""

    def __init__(self, root: Path, folder: Path, buf: Path) -> None:
        self.folder = folder
        self.nernst = folder / "protos" / NERNST
        shutil.copytree(root / "protos", folder / "protos", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(root / "buf.yaml", folder)
        (folder / "CHANGELOG.md").write_text("# Changelog\n")
        own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        self.environment = {
            **own,
            "PATH": f"{buf.parent}{os.pathsep}{os.environ['PATH']}",
            "GIT_CEILING_DIRECTORIES": str(folder.parent),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
        }

    def git(self, *arguments: str) -> None:
        identity = ("-c", "user.name=tester", "-c", "user.email=tester@localhost")
        subprocess.run(["git", *identity, *arguments], cwd=self.folder, env=self.environment, check=True)

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=change")

    def renumber_a_field(self) -> None:
        text = self.nernst.read_text()
        self.nernst.write_text(text.replace("double potential_mv = 1;", "double potential_mv = 9;"))

    def compare(self) -> Run:
        script = ["bash", "protos/check_breaking.sh"]
        return subprocess.run(
            script, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )


@pytest.fixture
def repository(root: Path, tmp_path: Path, buf: Path, require_tool: Callable[[str, str], Path]) -> Repository:
    for tool in ("git", "bash"):
        require_tool(tool, f"the package {tool} of your system")
    return Repository(root, tmp_path / "repository", buf)


def test_without_an_earlier_contract_there_is_nothing_to_break(repository: Repository) -> None:
    assert repository.compare().returncode == 0
    repository.git("init", "--quiet")
    repository.commit()
    run = repository.compare()
    assert (run.returncode, run.stdout) == (0, "contract: no earlier one to compare with\n")


def test_a_break_with_the_commit_before_is_found_and_named(repository: Repository) -> None:
    repository.git("init", "--quiet")
    repository.commit()
    repository.commit()
    assert repository.compare().stdout.startswith("contract: compatible with ")
    repository.renumber_a_field()
    repository.commit()
    run = repository.compare()
    assert run.returncode == 1
    assert f"{NERNST}:" in run.stdout
    assert '"potential_mv"' in run.stdout


def test_before_the_first_major_version_a_break_may_be_announced_in_the_changelog(repository: Repository) -> None:
    repository.git("init", "--quiet")
    repository.commit()
    repository.git("tag", "v0.9.0")
    repository.renumber_a_field()
    repository.commit()
    repository.commit()
    assert repository.compare().returncode == 1, "the tag counts, not the commit before"
    (repository.folder / "CHANGELOG.md").write_text("# Changelog\n\n- Breaking: potential_mv has another number.\n")
    assert repository.compare().returncode == 0


def test_from_the_first_major_version_on_a_break_is_never_allowed(repository: Repository) -> None:
    repository.git("init", "--quiet")
    repository.commit()
    repository.git("tag", "v1.0.0")
    repository.renumber_a_field()
    (repository.folder / "CHANGELOG.md").write_text("# Changelog\n\n- Breaking: potential_mv has another number.\n")
    assert repository.compare().returncode == 1
