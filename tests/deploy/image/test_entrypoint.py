"""The entrypoint brings the image's kernels to where they can be added to, then becomes its command."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from shutil import which

import pytest

FILES = {"kernels_1/f.nbi": "index", "kernels_1/f.1.nbc": "code", "models_2/g.1.nbc": "more code"}
STARTS = 8
PATIENCE_S = 60.0
"""After this long something hangs."""
ALL_AT_ONCE = """#!/bin/sh
# The comparison that finds the folder unseeded ends for no start before it has begun for each.
touch "{arrived}/$$"
while [ "$(ls "{arrived}" | wc -l)" -lt {starts} ]; do :; done
exec {cmp} "$@"
"""
ONLY_ONCE = """#!/bin/sh
# Moves one folder and no second one.
[ ! -e "{moved}" ] || exit 1
touch "{moved}"
exec {mv} "$@"
"""
SHOW = ["sh", "-c", 'echo "${NUMBA_CACHE_DIR:-none}"']


class Image:
    """A copy of the entrypoint whose image lies in `folder`."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.warm, self.cache, self.temporary = folder / "warm", folder / "cache", folder / "tmp"
        self.programs = folder / "programs"
        for path, text in (("made-from", "this"), *FILES.items()):
            (self.warm / path).parent.mkdir(parents=True, exist_ok=True)
            (self.warm / path).write_text(text, encoding="utf-8")
        self.temporary.mkdir()
        self.programs.mkdir()
        text = (root / "image" / "entrypoint.sh").read_text(encoding="utf-8")
        assert "warm=/opt/mfn/share/kernels\n" in text
        self.script = folder / "mfn-entrypoint"
        self.script.write_text(text.replace("warm=/opt/mfn/share/kernels", f"warm={self.warm}"), encoding="utf-8")

    def start(self, command: list[str], **variables: str) -> subprocess.Popen[str]:
        """The command behind the entrypoint, under way."""
        path = f"{self.programs}{os.pathsep}{os.environ['PATH']}"
        stated = {"PATH": path, "TMPDIR": str(self.temporary), "NUMBA_CACHE_DIR": str(self.cache)} | variables
        words = ["sh", str(self.script), *command]
        return subprocess.Popen(words, env=stated, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, command: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
        """The same, at its end."""
        return ended(self.start(command, **variables))

    def replace(self, program: str, text: str) -> Path:
        """Let the entrypoint find this script in place of a program; its path."""
        path = self.programs / program
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
        return path


def ended(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    """What it said until it ended."""
    with process:
        try:
            said, complained = process.communicate(timeout=PATIENCE_S)
        finally:
            process.kill()
    return subprocess.CompletedProcess(process.args, process.returncode, said, complained)


@pytest.fixture
def image(root: Path, tmp_path: Path, require_tool: Callable[[str, str], Path]) -> Image:
    """One with three files of kernels in two folders."""
    require_tool("flock", "apt-get install util-linux")
    return Image(root, tmp_path)


def held(folder: Path) -> dict[str, str]:
    """The files of a folder and what they say."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in files}


def test_an_empty_folder_gets_the_kernels_with_their_times(image: Image) -> None:
    os.utime(image.warm / "kernels_1" / "f.nbi", (1000, 1000))
    assert image.run(SHOW).stdout.strip() == str(image.cache)
    assert held(image.cache) == held(image.warm)
    assert (image.cache / "kernels_1" / "f.nbi").stat().st_mtime == 1000
    assert sorted(path.name for path in image.cache.iterdir()) == ["kernels_1", "made-from", "models_2"]


def test_what_was_compiled_here_since_stays(image: Image) -> None:
    image.run(["true"])
    (image.cache / "kernels_1" / "f.2.nbc").write_text("of this processor", encoding="utf-8")
    image.run(["true"])
    assert held(image.cache)["kernels_1/f.2.nbc"] == "of this processor"


def test_kernels_of_another_image_make_way(image: Image) -> None:
    image.run(["true"])
    (image.warm / "made-from").write_text("other sources", encoding="utf-8")
    (image.cache / "kernels_1" / "f.1.nbc").write_text("old", encoding="utf-8")
    image.run(["true"])
    assert held(image.cache) == held(image.warm)


@pytest.mark.parametrize("left", ["nothing", "other kernels", "a draft"])
def test_starts_at_the_same_time_do_not_disturb_each_other(image: Image, tmp_path: Path, left: str) -> None:
    arrived = tmp_path / "arrived"
    arrived.mkdir()
    place = {"nothing": ".", "other kernels": "kernels_1", "a draft": "seed.killed/new"}[left]
    (image.cache / place).mkdir(parents=True)
    (image.cache / place / "made-from").write_text("other sources", encoding="utf-8")
    image.replace("cmp", ALL_AT_ONCE.format(arrived=arrived, starts=STARTS, cmp=which("cmp")))
    under_way = [image.start(SHOW) for _ in range(STARTS)]
    found = [ended(process) for process in under_way]
    assert {(each.returncode, each.stdout, each.stderr) for each in found} == {(0, f"{image.cache}\n", "")}
    assert held(image.cache) == held(image.warm)
    assert {path.name for path in image.cache.iterdir()} == {path.name for path in image.warm.iterdir()}


def test_a_copy_that_was_not_finished_keeps_no_command_from_running_and_is_made_again(
    image: Image, tmp_path: Path
) -> None:
    mv = image.replace("mv", ONLY_ONCE.format(moved=tmp_path / "moved", mv=which("mv")))
    found = image.run(SHOW)
    assert (found.returncode, found.stdout.strip()) == (0, str(image.cache))
    assert found.stderr == "The image's kernels could not be copied.\n"
    assert [path.name for path in image.cache.iterdir()] == ["kernels_1"]
    mv.unlink()
    image.run(["true"])
    assert held(image.cache) == held(image.warm)


def test_where_the_folder_cannot_be_made_another_takes_its_place(image: Image) -> None:
    image.cache.write_text("no folder", encoding="utf-8")
    place = Path(image.run(SHOW).stdout.strip())
    assert place.parent == image.temporary
    assert held(place) == held(image.warm)


def test_where_nothing_can_be_written_the_command_still_runs(image: Image) -> None:
    image.cache.write_text("no folder", encoding="utf-8")
    found = image.run(SHOW, TMPDIR=str(image.cache))
    assert (found.returncode, found.stdout.strip(), found.stderr) == (0, "none", "")


def test_the_command_takes_the_entrypoints_place_with_its_words_and_its_end(image: Image) -> None:
    found = image.run(["sh", "-c", 'echo "$1" $PPID; exit 3', "sh", "two  words *"])
    assert found.returncode == 3
    assert found.stdout.split(" ")[:-1] == ["two", "", "words", "*"]
    assert int(found.stdout.split()[-1]) == os.getpid()
