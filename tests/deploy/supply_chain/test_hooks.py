"""What runs before a commit is what `make lint` runs, with the same programs and settings."""

import re
from pathlib import Path

import pytest
import yaml


@pytest.fixture(scope="module")
def hooks(root: Path) -> list[str]:
    """The command of each hook."""
    read = yaml.safe_load((root / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repository["repo"] for repository in read["repos"]] == ["local"]
    return [hook["entry"] for hook in read["repos"][0]["hooks"]]


@pytest.fixture(scope="module")
def recipe(root: Path) -> str:
    """The targets lint and security, with their variables written out."""
    text = (root / "Makefile").read_text(encoding="utf-8")
    (code,) = (line.partition(":= ")[2] for line in text.splitlines() if line.startswith("CODE :="))
    found = "".join(re.findall(r"^(?:lint|security):.*\n((?:\t.*\n)+)", text, re.MULTILINE))
    return found.replace("$(BIN)", ".venv/bin").replace("$(CODE)", code)


def test_each_program_of_make_lint_is_a_hook_and_the_other_way_round(hooks: list[str], recipe: str) -> None:
    programs = {word for word in recipe.replace("(", " ").split() if word.startswith(".venv/bin/")}
    of_the_hooks = {word for entry in hooks for word in entry.split() if word.startswith(".venv/bin/")}
    assert {".venv/bin/ruff", ".venv/bin/mypy", ".venv/bin/detect-secrets-hook"} <= of_the_hooks
    assert of_the_hooks == programs


@pytest.mark.parametrize("program", ["mypy", "yamllint", "pymarkdown", "detect-secrets-hook", "lint-imports"])
def test_a_hook_has_the_settings_of_make_lint(hooks: list[str], recipe: str, program: str) -> None:
    (entry,) = (entry for entry in hooks if f"/{program}" in entry)
    assert entry in recipe
