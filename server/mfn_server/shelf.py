"""Files kept for principals: one folder each, bounded in bytes and age, written whole or not at all."""

import hashlib
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator
from io import BufferedWriter
from pathlib import Path

FOLDER = re.compile(r"[0-9a-f]{32}")
DRAFT = ".tmp"


class Shelf:
    """A directory that servers may share. Methods block: call them on a thread of their own.

    suffix: of every file. ttl_s: age since the last `touch` at which `sweep` deletes a file.
    """

    def __init__(self, directory: Path, suffix: str, *, ttl_s: float) -> None:
        self._directory, self._suffix, self._ttl_s = directory, suffix, ttl_s
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)

    def path(self, principal: str, key: str) -> Path:
        """Where a principal's file is, or would be; the principal's name never reaches the file system."""
        return self._folder(principal) / f"{key}{self._suffix}"

    def write(self, principal: str, key: str, write: Callable[[BufferedWriter], None]) -> Path:
        """Replace a file by what `write` writes; raises OSError and leaves the old one when it cannot."""
        path = self.path(principal, key)
        draft = path.with_suffix(f".{secrets.token_hex(4)}{DRAFT}")
        path.parent.mkdir(exist_ok=True, mode=0o700)
        try:
            with draft.open("wb") as file:
                write(file)
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        return path

    def used_bytes(self, principal: str | None = None) -> int:
        """Bytes of all files, or of those of one principal."""
        if principal is None:
            return sum(_size(file) for file in self._ours())
        return sum(_size(file) for file in self._folder(principal).glob(f"*{self._suffix}"))

    def make_room(self, principal: str, quota_bytes: int, keep: Path) -> None:
        """Delete a principal's oldest files until the rest fit the quota; never `keep`."""
        files = sorted(self._folder(principal).glob(f"*{self._suffix}"), key=_modified)
        total = sum(_size(file) for file in files)
        for file in files:
            if total <= quota_bytes:
                return
            if file != keep:
                total -= _size(file)
                file.unlink(missing_ok=True)

    def touch(self, path: Path) -> None:
        """Count a file's age from now."""
        os.utime(path)

    def sweep(self) -> None:
        """Delete what is older than the time to live, half-written files included; touch nothing that is not ours."""
        oldest = time.time() - self._ttl_s
        for path in self._ours():
            if _modified(path) < oldest:
                path.unlink(missing_ok=True)

    def _ours(self) -> Iterator[Path]:
        """The files that `write` makes or may leave behind."""
        for folder in self._directory.iterdir():
            if FOLDER.fullmatch(folder.name) and folder.is_dir():
                for ending in (self._suffix, DRAFT):
                    yield from (path for path in folder.glob(f"*{ending}") if path.is_file())

    def _folder(self, principal: str) -> Path:
        return self._directory / hashlib.sha256(principal.encode()).hexdigest()[:32]


def _modified(path: Path) -> float:
    """When a file was last written; now, when another server has just deleted it."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
