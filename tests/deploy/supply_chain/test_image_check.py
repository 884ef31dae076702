"""The script that judges an image, with an engine that plays images of all kinds."""

import os
import subprocess
from pathlib import Path

import pytest

ENGINE = """#!/usr/bin/env bash
# Plays the engine: what it says of its image is in the variables of this test.
case "$*" in
  *Config.User*) echo "${PLAYED_USER-1000:1000}" ;;
  *Config.Healthcheck*) echo "${PLAYED_HEALTHCHECK-{\\"Test\\":[\\"CMD\\",\\"mfn-healthcheck\\"]\\}}" ;;
  *"--entrypoint id"*) echo "${PLAYED_UID-1000}" ;;
  *"--entrypoint sh"*) [[ "$*" == *"command -v ${PLAYED_COMPILER-none}" ]] ;;
  *State.Health*) echo "${PLAYED_STATE-running healthy}" ;;
  *--detach*) [[ "$*" == *--read-only*MFN_ENV=dev* ]] && echo container ;;
  *"mfn validate") exit "${PLAYED_VALIDATION-0}" ;;
  "run --rm --read-only "*" image") exit "${PLAYED_START-1}" ;;
  "rm --force container") echo removed >>"$PLAYED_LOG" ;;
  "logs container") echo "the words of the server" ;;
  *) echo "unforeseen: $*" >&2; exit 125 ;;
esac
"""


@pytest.fixture
def engine(tmp_path: Path) -> Path:
    path = tmp_path / "engine"
    path.write_text(ENGINE, encoding="utf-8")
    path.chmod(0o755)
    return path


def judged(root: Path, engine: Path, **played: str) -> subprocess.CompletedProcess[str]:
    """The script's verdict on the image that is played."""
    log = engine.with_name("log")
    env = {"PATH": os.environ["PATH"], "ENGINE": str(engine), "CHECK_IMAGE_TRIES": "0", "PLAYED_LOG": str(log)}
    script = root / "releasing" / "check_image.sh"
    told = [str(script), "image"]
    return subprocess.run(told, env=env | played, capture_output=True, text=True, check=False, timeout=60)


def test_an_image_that_is_as_it_should_be_passes_and_leaves_nothing_running(root: Path, engine: Path) -> None:
    told = judged(root, engine)
    assert (told.returncode, told.stderr) == (0, "")
    assert engine.with_name("log").read_text(encoding="utf-8") == "removed\n"


@pytest.mark.parametrize(
    ("played", "words"),
    [
        ({"PLAYED_USER": ""}, "runs as ''"),
        ({"PLAYED_UID": "0"}, "have the uid 0"),
        ({"PLAYED_HEALTHCHECK": "null"}, "HEALTHCHECK is null"),
        ({"PLAYED_COMPILER": "gcc"}, "holds a compiler: gcc"),
        ({"PLAYED_START": "0"}, "starts without certificate"),
        ({"PLAYED_STATE": "exited starting"}, "is exited starting"),
        ({"PLAYED_STATE": "running unhealthy"}, "is running unhealthy"),
        ({"PLAYED_STATE": "running starting"}, "is running starting"),
        ({"PLAYED_VALIDATION": "1"}, "mfn validate fails"),
    ],
    ids=["user", "uid", "healthcheck", "compiler", "open", "ends", "unhealthy", "never-ready", "validate"],
)
def test_an_image_with_a_fault_fails_and_is_told_which(
    root: Path, engine: Path, played: dict[str, str], words: str
) -> None:
    told = judged(root, engine, **played)
    assert (told.returncode, words in told.stderr) == (1, True), told.stderr


def test_what_a_server_said_before_it_failed_is_shown(root: Path, engine: Path) -> None:
    assert "the words of the server" in judged(root, engine, PLAYED_STATE="running unhealthy").stderr
