"""What is wrong with a file that a setting names."""

import os
import stat
from pathlib import Path


def readable(path: Path) -> Path:
    """The path of a file that can be read; raises ValueError, and never waits as opening a pipe would."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {_why(error)}; name a file that this process may read") from None
    kind = os.fstat(descriptor).st_mode
    os.close(descriptor)
    if not stat.S_ISREG(kind):
        raise ValueError(f"{path} is no regular file; name one that can be read again and again")
    return path


def guarded(path: Path) -> Path:
    """The path of a file that can be read and that not everybody can change; raises ValueError."""
    if readable(path).stat().st_mode & stat.S_IWOTH:
        raise ValueError(f"{path} may be changed by everybody on this machine; take that away with: chmod o-w {path}")
    return path


def exposed(path: Path) -> bool:
    """Whether everybody on this machine may read the file."""
    return bool(path.stat().st_mode & stat.S_IROTH)


def writable(path: Path) -> Path:
    """The path of a file that can be appended to, or made; raises ValueError. Makes none."""
    place = path if path.exists() else path.absolute().parent
    needed = os.W_OK if path.exists() else os.W_OK | os.X_OK
    if path.is_dir() or not place.exists() or not os.access(place, needed):
        raise ValueError(f"{path} cannot be written; name a file in a directory that exists and can be written")
    return path


def writable_directory(path: Path) -> Path:
    """The path of a directory that can be written, or made; raises ValueError. Makes none."""
    existing = next(each for each in (path, *path.absolute().parents) if each.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        raise ValueError(f"must be a directory that can be written; {existing} is not")
    return path


def _why(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
