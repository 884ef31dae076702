"""The volume of a server that keeps federations, and the two commands that copy it and put it back."""

import shutil
import subprocess
from pathlib import Path

BACK_UP = "tar -C {volume} --exclude=./lost+found -czf - ."
RESTORE = "tar -C {volume} -xzpf -"
"""As docs/deployment.md gives them for /var/lib/mfn."""


class Volume:
    """A directory that stands for the mounted volume."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()

    def backed_up(self) -> bytes:
        """The archive."""
        command = BACK_UP.format(volume=self.path).split()
        return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout

    def destroy(self) -> None:
        """Lose everything; an empty volume takes its place."""
        shutil.rmtree(self.path)
        self.path.mkdir()

    def restore(self, archive: bytes) -> None:
        """Put back what the archive holds."""
        subprocess.run(RESTORE.format(volume=self.path).split(), input=archive, check=True)
