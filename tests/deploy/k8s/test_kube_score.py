"""kube-score, which nobody here wrote, finds nothing to improve that is not excused with a reason."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deploy.k8s.manifests import Manifests
from tests.deploy.k8s.rendering import FOLDER, VARIANTS, Rendered
from tests.deploy.k8s.schemas import OLDEST
from tests.programs import CI_TOOLS

Score = Callable[[Manifests], dict[str, set[str]]]
ALL_OK = 10
OPTIONAL = (
    "container-seccomp-profile",
    "container-resource-requests-equal-limits",
    "container-memory-requests-equal-limits",
    "container-cpu-requests-equal-limits",
    "container-ephemeral-storage-request-equals-limit",
    "container-ports-check",
)
IGNORED = "kube-score/ignore:"


@pytest.fixture(scope="session")
def score(require_tool: Callable[[str, str], Path]) -> Score:
    """The checks that objects do not pass, by object; advice counts as much as what is critical."""
    program = require_tool("kube-score", CI_TOOLS)
    optional = [f"--enable-optional-test={name}" for name in OPTIONAL]

    def run(found: Manifests) -> dict[str, set[str]]:
        command = [str(program), "score", "-", "--output-format=json", f"--kubernetes-version=v{OLDEST}", *optional]
        ran = subprocess.run(command, input=found.text, capture_output=True, text=True, check=False)
        failed = {
            each["object_name"]: {
                check["check"]["id"] for check in each["checks"] if check["grade"] < ALL_OK and not check["skipped"]
            }
            for each in json.loads(ran.stdout)
        }
        return {name: checks for name, checks in failed.items() if checks}

    return run


@pytest.mark.parametrize("variant", VARIANTS)
def test_there_is_nothing_to_improve(score: Score, rendered: Rendered, variant: str) -> None:
    assert score(rendered(variant)) == {}


def test_what_could_be_better_is_found(score: Score, rendered: Rendered) -> None:
    found = rendered("prod")
    container = found.one("Deployment", "mfn-simulation")["spec"]["template"]["spec"]["containers"][0]
    container["securityContext"]["readOnlyRootFilesystem"] = False
    del container["resources"]
    (failed,) = score(found).values()
    assert {"container-security-context-readonlyrootfilesystem", "container-resources"} <= failed


def test_every_excuse_has_its_reason_above_it() -> None:
    excused = 0
    for path in sorted(FOLDER.rglob("*.yaml")):
        lines = path.read_text(encoding="utf-8").splitlines()
        places = [number for number, line in enumerate(lines) if IGNORED in line]
        assert all(lines[place - 1].strip().startswith("#") for place in places), path
        excused += len(places)
    assert excused == 4
