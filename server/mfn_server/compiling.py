"""Compiling ahead of the first start: while an image is built, or for a fleet that shares numba's cache."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError  # nosec B403  # the error alone: numba reads its own files
from tempfile import TemporaryFile
from time import perf_counter

from mfn_server.config.offering import Service
from mfn_server.kernels import compile_all
from mfn_server.services.offered import kernels_of

CACHE_VARIABLE = "NUMBA_CACHE_DIR"
MACHINE_CODE = "*.nbc"
"""What numba calls a file with one compiled signature of a function."""


class CannotKeep(Exception):
    """Kernels cannot be kept where they should be; the text says why."""


@dataclass(frozen=True)
class Compiled:
    """What there is after compiling. files: of kernels in the directory; new: those that were not there before."""

    directory: Path
    files: int
    new: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.directory}: {self.files} compiled kernels, {self.new} of them new, {self.seconds:.1f} s"


def compile_into_cache(services: Collection[Service]) -> Compiled:
    """Compile what these services need into the directory of NUMBA_CACHE_DIR; raises CannotKeep.

    numba looks for a place when kernels are defined: the variable must have been set when this process began.
    """
    directory, began = _cache_directory(), perf_counter()
    before = _kernels_in(directory)
    try:
        compile_all(kernels_of(services))
    except OSError as error:
        raise CannotKeep(f"{CACHE_VARIABLE}: {directory} cannot be written: {error.strerror or error}") from None
    except (EOFError, UnpicklingError) as error:
        raise CannotKeep(f"{CACHE_VARIABLE}: {directory} is damaged ({type(error).__name__}): empty it") from None
    after = _kernels_in(directory)
    if kernels_of(services) and not after:
        raise CannotKeep(f"{CACHE_VARIABLE}: no kernel was kept in {directory}; was it made after this process began?")
    return Compiled(directory, len(after), len(after - before), perf_counter() - began)


def _cache_directory() -> Path:
    """The directory, which can be written; numba would quietly take another one."""
    name = os.environ.get(CACHE_VARIABLE)
    if not name:
        raise CannotKeep(f"{CACHE_VARIABLE} is not set: name the directory that is to hold the compiled kernels")
    directory = Path(name)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise CannotKeep(f"{CACHE_VARIABLE}: {directory} cannot be written: {error.strerror}") from None
    return directory


def _kernels_in(directory: Path) -> set[Path]:
    return set(directory.rglob(MACHINE_CODE))
