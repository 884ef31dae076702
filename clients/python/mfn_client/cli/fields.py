"""Fields and histories read from files: numpy's arrays and archives, and pictures."""

# ruff: noqa: PLC0415  # numpy and Pillow are loaded when a command runs, not for --help

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mfn_client.cli.failures import UsageError

if TYPE_CHECKING:
    from numpy.lib.npyio import NpzFile
    from numpy.typing import NDArray

AXES = (2, 3)
"""Of a field [rows, columns] and of a history [steps, rows, columns]."""


TABLE, TABLE_NAMES = "features", "feature_names"
"""Where the archives that `mfn simulate` writes keep features: a table is no field."""
STEPS = "steps"
"""Where they keep the step of each frame."""


@dataclass(frozen=True)
class LoadedField:
    """What a file holds; `name` is the array's name in an archive, else empty.

    steps_apart: how many steps lie between two frames, at most, where an archive's `steps` tell.
    """

    values: "NDArray[Any]"
    name: str = ""
    steps_apart: int | None = None

    @property
    def is_history(self) -> bool:
        """Whether there are steps."""
        return self.values.ndim == 3

    @property
    def last(self) -> "NDArray[Any]":
        """The field, or the last one of the history."""
        return self.values[-1] if self.is_history and len(self.values) else self.values


def load(path: Path, key: str | None) -> LoadedField:
    """The field or history in a file; `key` names an array of an archive.

    Raises:
        UsageError: the file is of no known kind, cannot be read as what its suffix says, or holds something else.
    """
    suffix = path.suffix.lower()
    if suffix not in _READERS:
        raise UsageError(f"{path}: unknown kind of file {suffix!r}; known are {', '.join(_READERS)}")
    if key is not None and suffix != ".npz":
        raise UsageError(f"{path}: --key chooses an array of an .npz archive; a {suffix} file holds one")
    found = _READERS[suffix](path, key)
    if found.values.ndim not in AXES:
        shape = " x ".join(map(str, found.values.shape)) or "a single number"
        raise UsageError(f"{path}: is {shape}; must be [rows, columns], or [steps, rows, columns] for a history")
    return found


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """What numpy and zipfile say of a damaged file, in one sentence."""
    import zipfile

    try:
        yield
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise UsageError(f"{path}: cannot be read as numpy's {path.suffix} of plain numbers: {error}") from error


def _read_npy(path: Path, _key: str | None) -> LoadedField:
    import numpy as np

    with _readable(path), path.open("rb") as opened:
        return LoadedField(np.lib.format.read_array(opened, allow_pickle=False))


def _read_npz(path: Path, key: str | None) -> LoadedField:
    import numpy as np

    with _readable(path), path.open("rb") as opened, np.lib.npyio.NpzFile(opened, allow_pickle=False) as archive:
        if key is not None and key not in archive.files:
            raise UsageError(f"{path}: holds no {key!r}; it holds {', '.join(archive.files)}")
        tables = {TABLE} if TABLE_NAMES in archive.files else set()
        candidates = (name for name in archive.files if name not in tables and archive[name].ndim in AXES)
        names = [key] if key else list(candidates)
        if len(names) != 1:
            raise UsageError(f"{path}: choose one of its arrays with --key: {', '.join(names or archive.files)}")
        values = archive[names[0]]
        return LoadedField(values, names[0], _steps_apart(archive, values))


def _steps_apart(archive: "NpzFile", values: "NDArray[Any]") -> int | None:
    """The largest distance between the frames of a history that `mfn simulate` wrote; None where nothing tells."""
    import numpy as np

    steps = archive[STEPS] if STEPS in archive.files else np.empty(0)
    if values.ndim != max(AXES) or steps.dtype.kind not in "iu" or steps.shape != values.shape[:1] or len(steps) < 2:
        return None
    return int(np.diff(steps.astype(np.int64)).max())


def _read_png(path: Path, _key: str | None) -> LoadedField:
    """Grey levels as they are stored; colours become their luminance (ITU-R 601-2)."""
    import numpy as np
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path, formats=["PNG"]) as picture:
            deep = picture.mode.startswith("I")
            return LoadedField(np.asarray(picture if deep else picture.convert("L")).astype(np.float32))
    except (UnidentifiedImageError, Image.DecompressionBombError, SyntaxError) as error:
        raise UsageError(f"{path}: cannot be read as a picture: {error}") from error


_READERS: dict[str, Callable[[Path, str | None], LoadedField]] = {
    ".npy": _read_npy,
    ".npz": _read_npz,
    ".png": _read_png,
}
