"""What every format has in common: frames go in one by one, and the file appears whole or not at all."""

import os
import shutil
from abc import ABC, abstractmethod
from pathlib import Path

from mfn_client._results import Frame, Started, Summary


class OutputRefused(ValueError):
    """A file that cannot be written as asked, told before anything is computed."""


class Writer(ABC):
    """Writes one file. `begin`, then `add` for each frame, then `finish`; `abort` instead leaves nothing behind.

    Everything goes to `temporary` beside the target first, on the same file system, so that the last step is a rename.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.temporary = path.with_name(f".{path.name}.{os.getpid()}.part")

    @abstractmethod
    def begin(self, started: Started) -> None:
        """Prepare for the frames of this simulation."""

    @abstractmethod
    def add(self, frame: Frame) -> None:
        """Take one frame."""

    @abstractmethod
    def write(self, summary: Summary | None) -> None:
        """Complete `temporary` after the last frame."""

    def close(self) -> None:  # noqa: B027  # a writer that holds nothing open has nothing to do
        """Give open files back; called once, whatever happened."""

    def finish(self, summary: Summary | None) -> None:
        """Complete the file and put it in its place, over an older one."""
        self.write(summary)
        self.close()
        if self.path.is_dir() and not self.path.is_symlink():
            shutil.rmtree(self.path)
        self.temporary.replace(self.path)

    def abort(self) -> None:
        """Remove what has been written."""
        self.close()
        if self.temporary.is_dir():
            shutil.rmtree(self.temporary)
        else:
            self.temporary.unlink(missing_ok=True)
