"""The files that one simulation writes, chosen by their suffixes."""

import os
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self

from mfn_client._export._writer import OutputRefused, Writer
from mfn_client._results import Frame, Started, Summary

_WRITERS = {
    ".npz": ("_npz", "NpzWriter"),
    ".zarr": ("_zarr", "ZarrWriter"),
    ".png": ("_png", "PngWriter"),
    ".gif": ("_gif", "GifWriter"),
    ".mp4": ("_mp4", "Mp4Writer"),
}
_EXTRA_MODULES = {".zarr": "zarr", ".mp4": "av"}
SUFFIXES = tuple(_WRITERS)
ANIMATED = (".gif", ".mp4")


class Outputs:
    """Writes every frame to all files; a context manager that removes unfinished ones."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """Check all paths.

        Raises:
            OutputRefused: a suffix is unknown, a package missing, a folder missing or closed; all such faults at once.
        """
        faults = [fault for path in paths if (fault := _fault(path))]
        if len({path.absolute() for path in paths}) < len(paths):
            faults.append("the same file is named twice")
        if faults:
            raise OutputRefused("; ".join(faults))
        self._writers = [_writer(path) for path in paths]
        self._open = self._writers
        self.frames = 0

    def add(self, frame: Frame, started: Started) -> None:
        """Take the next frame."""
        if self.frames == 0:
            for writer in self._writers:
                writer.begin(started)
        for writer in self._writers:
            writer.add(frame)
        self.frames += 1

    def finish(self, summary: Summary | None) -> list[Path]:
        """Complete all files; returns their paths."""
        while self._open:
            self._open[0].finish(summary)
            self._open = self._open[1:]
        return [writer.path for writer in self._writers]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for writer in self._open:
            writer.abort()


def _fault(path: Path) -> str | None:
    suffix = path.suffix.lower()
    if suffix not in _WRITERS:
        return f"{path}: unknown kind of file {suffix!r}; known are {', '.join(SUFFIXES)}"
    needed = _EXTRA_MODULES.get(suffix)
    if needed and find_spec(needed) is None:
        return f"{path}: {suffix} files need the package {needed}; install mfn-grpc[analytics]"
    folder = path.absolute().parent
    if not folder.is_dir():
        return f"{path}: the folder {folder} does not exist"
    if not os.access(folder, os.W_OK):
        return f"{path}: the folder {folder} cannot be written to"
    return _occupied(path, suffix)


def _occupied(path: Path, suffix: str) -> str | None:
    """Why what stands at the path must not be replaced; folders are only when they are stores of the same kind."""
    if not path.is_dir():
        return None
    is_store = suffix == ".zarr" and (path / "zarr.json").is_file()
    return None if is_store else f"{path}: is a folder and would be lost"


def _writer(path: Path) -> Writer:
    module, name = _WRITERS[path.suffix.lower()]
    writer: Writer = getattr(import_module(f"mfn_client._export.{module}"), name)(path)
    return writer
