import ast
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from mfn_server.federation import storage
from mfn_server.federation.storage.crash_points import (
    ACKNOWLEDGEMENT,
    CRASH_POINTS,
    CrashPlanInvalid,
    crash_plan,
    crash_point,
)
from tests.server.federation.storage.programs import run

FOLDER = Path(storage.__file__).parent
PASSES = """
from mfn_server.federation.storage.crash_points import crash_point
for passage in range(1, 4):
    crash_point("before-commit")
    crash_point("after-commit")
    print(passage, flush=True)
"""


@pytest.fixture(autouse=True)
def unread() -> Iterator[None]:
    """The plan of this process is read anew, before and after."""
    crash_plan.cache_clear()
    yield
    crash_plan.cache_clear()


def named_in_the_sources() -> set[str]:
    trees = [ast.parse(path.read_text()) for path in FOLDER.glob("*.py")]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    points = [call.args[0] for call in calls if isinstance(call.func, ast.Name) and call.func.id == "crash_point"]
    return {str(point.value) for point in points if isinstance(point, ast.Constant)}


def test_the_list_holds_every_point_that_storage_passes_and_no_other() -> None:
    assert named_in_the_sources() == set(CRASH_POINTS) - set(ACKNOWLEDGEMENT)
    assert len(set(CRASH_POINTS)) == len(CRASH_POINTS)


def test_a_process_dies_at_the_passage_that_its_environment_names(tmp_path: Path) -> None:
    program = tmp_path / "passes.py"
    program.write_text(PASSES)
    ended = run(program, MFN_CRASH_AT="after-commit:2")
    assert (ended.returncode, ended.stdout) == (-signal.SIGKILL, "1\n")


def test_without_the_variable_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MFN_CRASH_AT", raising=False)
    for point in CRASH_POINTS:
        crash_point(point)
    assert crash_plan() is None


@pytest.mark.parametrize("env", ["prod", "staging", None])
def test_the_variable_is_refused_outside_dev(monkeypatch: pytest.MonkeyPatch, env: str | None) -> None:
    monkeypatch.setenv("MFN_CRASH_AT", "after-commit:1")
    if env is None:
        monkeypatch.delenv("MFN_ENV", raising=False)
    else:
        monkeypatch.setenv("MFN_ENV", env)
    with pytest.raises(CrashPlanInvalid, match="unless MFN_ENV=dev"):
        crash_plan()


@pytest.mark.parametrize(
    "text", ["", "after-commit", "after-commit:", "after-commit:0", "after-commit:-1", "after-commit:²", "nowhere:1"]
)
def test_a_plan_that_cannot_be_followed_names_all_points(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("MFN_ENV", "dev")
    monkeypatch.setenv("MFN_CRASH_AT", text)
    with pytest.raises(CrashPlanInvalid, match=r"<point>:<passage from 1>; points: .*after-acknowledgement"):
        crash_plan()
