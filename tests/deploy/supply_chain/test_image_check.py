"""The script that judges an image, with an engine that runs the server as the Dockerfile and the script say."""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex

import pytest

from tests.programs import CI_TOOLS

pytestmark = pytest.mark.timeout(300)  # servers start, and all checks of the numbers run
PLAYED = Path(__file__).with_name("engine.py")
OPEN = f"MFN_TRANSPORT_SECURITY=mesh MFN_API_KEY={token_hex(32)} MFN_RESUME_TOKEN_KEY={token_hex(32)}"
Judged = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def judged(root: Path, tmp_path: Path, require_tool: Callable[[str, str], Path]) -> Judged:
    """`judged(target, dockerfile, VARIABLE=...)` is the script's verdict on an image of this Dockerfile."""
    programs = tmp_path / "bin"
    programs.mkdir()
    engine = programs / "engine"
    engine.write_text(f'#!/bin/sh\nexec {sys.executable} {shlex.quote(str(PLAYED))} "$@"\n', encoding="utf-8")
    engine.chmod(0o755)
    (programs / "grpc_health_probe").symlink_to(require_tool("grpc_health_probe", CI_TOOLS))

    def judge(target: str, dockerfile: str, **played: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "Dockerfile").write_text(dockerfile, encoding="utf-8")
        env = os.environ | {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "ENGINE": str(engine),
            "PLAYED_DOCKERFILE": str(tmp_path / "Dockerfile"),
            "PLAYED_TARGET": target,
            "PLAYED_FOLDER": str(tmp_path),
        }
        words = [str(root / "releasing" / "check_image.sh"), "image"]
        return subprocess.run(words, env=env | played, capture_output=True, text=True, check=False, timeout=240)

    return judge


@pytest.fixture(scope="module")
def dockerfile(root: Path) -> str:
    """The Dockerfile of this tree."""
    return (root / "Dockerfile").read_text(encoding="utf-8")


@pytest.mark.parametrize("target", ["server", "edge"])
def test_the_images_of_this_dockerfile_pass_and_nothing_is_left_running(
    judged: Judged, dockerfile: str, target: str, tmp_path: Path
) -> None:
    told = judged(target, dockerfile)
    assert (told.returncode, told.stderr) == (0, "")
    assert (tmp_path / "removed").exists()


@pytest.mark.parametrize(
    ("right", "wrong", "played", "words"),
    [
        ("USER 1000:1000", "", {}, "runs as ''"),
        ("", "", {"PLAYED_UID": "0"}, "have the uid 0"),
        ("HEALTHCHECK", "LABEL", {}, "HEALTHCHECK is null"),
        ("", "", {"PLAYED_COMPILER": "gcc"}, "holds a compiler: gcc"),
        ("USER", f"ENV {OPEN}\nUSER", {"CHECK_IMAGE_REFUSES_WITHIN_S": "5"}, "ends with code 124, must refuse"),
        ("USER", "ENV MFN_COMPUTE_THREADS=none\nUSER", {}, "is exited starting"),
        ("", "", {"PLAYED_STATE": "running unhealthy"}, "is running unhealthy"),
        ("", "", {"PLAYED_STATE": "running starting", "CHECK_IMAGE_TRIES": "0"}, "is running starting"),
    ],
    ids=["user", "uid", "healthcheck", "compiler", "open", "ends", "unhealthy", "never-ready"],
)
def test_an_image_with_a_fault_fails_and_is_told_which(
    judged: Judged, dockerfile: str, right: str, wrong: str, played: dict[str, str], words: str
) -> None:
    told = judged("server", dockerfile.replace(right, wrong) if right else dockerfile, **played)
    assert (told.returncode, words in told.stderr) == (1, True), told.stderr


def test_an_image_whose_server_computes_nothing_right_fails(judged: Judged, dockerfile: str) -> None:
    told = judged("server", dockerfile, PLAYED_MFN="false")
    assert (told.returncode, "mfn validate fails" in told.stderr) == (1, True), told.stderr


def test_what_a_server_said_before_it_failed_is_shown(judged: Judged, dockerfile: str) -> None:
    assert (
        "MFN_COMPUTE_THREADS"
        in judged("server", dockerfile.replace("USER", "ENV MFN_COMPUTE_THREADS=none\nUSER")).stderr
    )
