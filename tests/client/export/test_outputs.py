"""Choosing formats, refusing early, and leaving no broken file."""

import sys
from pathlib import Path

import pytest

from mfn_client._export import SUFFIXES, OutputRefused, Outputs
from tests.client.export.runs import frames, started, written


def test_every_suffix_gives_a_file_and_nothing_else(tmp_path: Path) -> None:
    paths = [tmp_path / f"run{suffix}" for suffix in SUFFIXES]
    written(*paths)
    assert sorted(tmp_path.iterdir()) == sorted(paths)


def test_an_upper_case_suffix_is_known(tmp_path: Path) -> None:
    written(tmp_path / "RUN.PNG")
    assert (tmp_path / "RUN.PNG").read_bytes().startswith(b"\x89PNG")


def test_an_unknown_suffix_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(
        OutputRefused, match=r"unknown kind of file '\.tiff'; known are \.npz, \.zarr, \.png, \.gif, \.mp4"
    ):
        Outputs([tmp_path / "a.tiff"])


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "full.zarr").mkdir()
    with pytest.raises(OutputRefused) as caught:
        Outputs([tmp_path / "a", tmp_path / "no" / "b.png", tmp_path / "full.zarr", tmp_path / "a"])
    text = str(caught.value)
    for word in ("unknown kind of file ''", "does not exist", "is a folder and would be lost", "named twice"):
        assert word in text


@pytest.mark.parametrize(("suffix", "module"), [(".zarr", "zarr"), (".mp4", "av")])
def test_a_missing_package_is_told_with_its_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, module: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(OutputRefused, match=rf"need the package {module}; install mfn-grpc\[analytics\]"):
        Outputs([tmp_path / f"run{suffix}"])


def broken(path: Path) -> None:
    with Outputs([path]) as outputs:
        outputs.add(frames()[0], started())
        raise ZeroDivisionError


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_run_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"run{suffix}"
    written(path)
    before = [(each, each.stat().st_mtime_ns) for each in sorted(tmp_path.rglob("*"))]
    with pytest.raises(ZeroDivisionError):
        broken(path)
    assert [(each, each.stat().st_mtime_ns) for each in sorted(tmp_path.rglob("*"))] == before


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_second_run_replaces_the_first(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"run{suffix}"
    written(path)
    first = path.stat().st_ino
    written(path)
    assert path.stat().st_ino != first
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_while_one_file_is_completed_removes_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mfn_client._export._png.picture", lambda *_: 1 / 0)
    good, bad, later = tmp_path / "a.npz", tmp_path / "b.png", tmp_path / "c.gif"
    with pytest.raises(ZeroDivisionError):
        written(good, bad, later)
    assert list(tmp_path.iterdir()) == [good]


def test_no_paths_write_nothing() -> None:
    with Outputs([]) as outputs:
        outputs.add(frames()[0], started())
        assert outputs.finish(None) == []
    assert outputs.frames == 1
