"""What the workflows may do, and that they do nothing that cannot be tried on any machine."""

import itertools
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks import registry
from tests.deploy.supply_chain.workflows import FILES, Workflow, commands, read, steps
from tests.programs import CI_TOOLS, package

ACTIONS = {
    "actions/attest-build-provenance",
    "actions/checkout",
    "actions/dependency-review-action",
    "actions/download-artifact",
    "actions/setup-go",
    "actions/setup-node",
    "actions/setup-python",
    "actions/upload-artifact",
    "docker/build-push-action",
    "docker/login-action",
    "docker/setup-buildx-action",
    "github/codeql-action/analyze",
    "github/codeql-action/init",
}
"""Of GitHub and Docker, whose programs run the workflows and build the image anyway."""
MAY_WRITE = {
    "security.yml:codeql": {"security-events"},
    "release.yml:publish": {"attestations", "contents", "id-token"},
}
SECRETS_GO_TO = {"docker/login-action"}


@pytest.fixture(params=FILES, ids=lambda path: path.name)
def workflow(request: pytest.FixtureRequest) -> Workflow:
    return read(request.param)


def test_actionlint_finds_nothing(root: Path, require_tool: Callable[[str, str], Path]) -> None:
    actionlint = require_tool("actionlint", CI_TOOLS)
    shellcheck = require_tool("shellcheck", package("shellcheck"))
    told = subprocess.run(
        [actionlint, "-shellcheck", shellcheck, "-pyflakes", ""], cwd=root, capture_output=True, text=True, check=False
    )
    assert (told.returncode, told.stdout) == (0, "")


def test_shellcheck_finds_nothing_in_any_script(root: Path, require_tool: Callable[[str, str], Path]) -> None:
    shellcheck = require_tool("shellcheck", package("shellcheck"))
    folders = [root / name for name in ("image", "protos", "releasing")]
    scripts = [root / ".ci" / "run", *(script for folder in folders for script in sorted(folder.glob("*.sh")))]
    told = subprocess.run([shellcheck, *scripts], capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout) == (0, "")


def test_nothing_is_granted_but_what_a_job_names(workflow: Workflow) -> None:
    assert workflow.content["permissions"] == {}
    for name, job in workflow.jobs.items():
        writing = {what for what, how in job["permissions"].items() if how != "read"}
        assert writing == MAY_WRITE.get(f"{workflow.name}:{name}", set()), name


def test_every_job_ends_in_time_and_gives_way_to_the_next(workflow: Workflow) -> None:
    assert "github.ref" in workflow.content["concurrency"]["group"]
    assert {name for name, job in workflow.jobs.items() if not 0 < job.get("timeout-minutes", 0) <= 90} == set()


def test_no_workflow_runs_strange_code_with_rights_of_ours(workflow: Workflow) -> None:
    assert set(workflow.on) <= {"push", "pull_request", "schedule"}


def test_every_action_is_on_the_list_at_a_major_version() -> None:
    used = {step["uses"] for _, step in steps() if "uses" in step}
    assert used
    assert {use.partition("@")[0] for use in used} == ACTIONS
    assert {use for use in used if not re.fullmatch(r"[a-z/-]+@v\d+", use)} == set()


def test_one_action_has_one_version() -> None:
    used = {step["uses"] for _, step in steps() if "uses" in step}
    assert len(used) == len(ACTIONS)


def test_checkouts_leave_no_credentials_behind() -> None:
    checkouts = [step for _, step in steps() if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_no_expression_becomes_a_part_of_a_command() -> None:
    scripts = [step["run"] for _, step in steps() if "run" in step]
    assert scripts
    assert [script for script in scripts if "${{" in script] == []


def test_secrets_go_to_the_login_alone(workflow: Workflow) -> None:
    fitting = [str(step) for place, step in steps() if step.get("uses", "").partition("@")[0] in SECRETS_GO_TO]
    written = set(re.findall(r"secrets\.\w+", workflow.text))
    assert {secret for secret in written if not any(secret in step for step in fitting)} == set()
    others = [str(step) for _, step in steps() if step.get("uses", "").partition("@")[0] not in SECRETS_GO_TO]
    assert [step for step in others if "secrets." in step] == []


def test_every_supported_python_is_tested(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    promised = re.findall(r"Python :: (3\.\d+)", "\n".join(project["classifiers"]))
    matrix = read(root / ".github" / "workflows" / "ci.yml").jobs["test"]["strategy"]["matrix"]
    assert matrix["python"] == promised
    assert project["requires-python"] == f">={promised[0]}"


def targets_of(words: list[str]) -> list[str]:
    """The targets of the Makefile that a line asks for, through make or .ci/run; ARGS are none."""
    asked = list(itertools.takewhile(lambda word: not word.startswith("ARGS="), words))
    return [] if words[0] not in {"make", ".ci/run"} else [word for word in asked[1:] if re.fullmatch("[a-z-]+", word)]


def test_what_runs_exists_here(root: Path) -> None:
    targets = set(re.findall(r"^\.PHONY: ([a-z-]+)$", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    ran = commands()
    assert {words[0] for _, words in ran} <= {"make", ".ci/run", ".venv/bin/python", "gh"} | {
        str(script.relative_to(root)) for script in (root / "releasing").glob("*.sh")
    }
    for place, words in ran:
        assert set(targets_of(words)) <= targets, place
        if words[0] == ".venv/bin/python":
            assert words[1] == "-m"
            assert find_spec(words[2]), place
        elif "/" in words[0]:
            assert os.access(root / words[0], os.X_OK), place


def test_the_benchmark_measures_subjects_that_there_are() -> None:
    (words,) = (words for place, words in commands() if place == "ci.yml:benchmark" and words[1] == "bench")
    named = " ".join(words).partition('ARGS="')[2].partition(" --")[0].split()
    assert named
    assert set(named) <= set(registry.names())


def test_the_gate_is_held_and_its_results_are_kept_even_when_it_fails() -> None:
    job = [step for place, step in steps() if place == "ci.yml:benchmark"]
    (gate,) = (number for number, step in enumerate(job) if step.get("run", "").startswith("make bench-gate "))
    assert "continue-on-error" not in job[gate]
    plot, upload = job[gate + 1 :]
    assert plot["run"].startswith("make bench-trend ")
    assert plot["if"] == "${{ !cancelled() && hashFiles('build/bench/gate.json') != '' }}"
    assert upload["if"] == "${{ !cancelled() }}"
    written = [word.rstrip('"') for step in (job[gate], plot) for word in step["run"].split() if "build/" in word]
    assert written
    assert all(word.startswith(upload["with"]["path"]) for word in written)


def test_the_workflows_run_all_that_ci_run_runs(root: Path) -> None:
    (default,) = re.findall(r"\|\| set -- ([^#\n]*)", (root / ".ci" / "run").read_text(encoding="utf-8"))
    ran = {target for place, words in commands() if place.startswith("ci.yml") for target in targets_of(words)}
    assert set(default.split()) <= ran


def test_yamllint_finds_nothing(root: Path) -> None:
    command = [sys.executable, "-m", "yamllint", "--strict", ".github", ".pre-commit-config.yaml"]
    told = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout) == (0, "")
